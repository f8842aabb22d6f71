package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.SipTimers;

@Timeout(60)
class NetworkFaultsTest {

    private static final Duration T1 = Duration.ofMillis(50);

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.listen(Endpoint.ws("127.0.0.1", 0))
                    .timers(SipTimers.builder().t1(T1).t2(T1.multipliedBy(4)).build()))
            .build();

    private Phone phone(String user, NetworkFaults faults) {
        return sip.phone(user, options -> options.faults(faults).t1(T1));
    }

    // ---- decisions, without a network

    /** Returns what passes of 200 messages, which are different numbers from 1000. */
    private static List<String> passed(NetworkFaults faults) {
        List<String> passed = new ArrayList<>();
        try (FaultyLink link = faults.link(null)) {
            for (int i = 0; i < 200; i++) {
                byte[] message = String.valueOf(1_000 + i).getBytes(StandardCharsets.ISO_8859_1);
                link.sendDatagram(message, bytes -> passed.add(new String(bytes, StandardCharsets.ISO_8859_1)));
            }
        }
        return passed;
    }

    private static NetworkFaults mixed(long seed) {
        return NetworkFaults.builder(seed)
                .loss(0.3)
                .duplicates(0.2)
                .garbage(0.1)
                .build();
    }

    @Test
    void theSameSeedGivesTheSameFaults() {
        assertThat(passed(mixed(1))).isEqualTo(passed(mixed(1))).isNotEqualTo(passed(mixed(2)));
        assertThat(passed(mixed(1)).stream().distinct()).hasSizeBetween(110, 170);
        assertThat(passed(mixed(1)))
                .hasSizeGreaterThan((int) passed(mixed(1)).stream().distinct().count());
        assertThat(passed(mixed(1))).anyMatch(text -> !text.matches("1\\d{3}"));
    }

    @Test
    void phonesOfTheSameFaultsDiffer() {
        NetworkFaults shared = mixed(1);

        assertThat(passed(shared)).isNotEqualTo(passed(shared));
    }

    @Test
    void anEmptyDatagramHasNoBytesToCorrupt() {
        List<byte[]> passed = new ArrayList<>();
        try (FaultyLink link = NetworkFaults.builder(1).garbage(1).build().link(null)) {
            link.sendDatagram(new byte[0], passed::add);
        }

        assertThat(passed).containsExactly(new byte[0]);
    }

    @Test
    void afterCloseNothingIsDelivered() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        try (FaultyLink link =
                NetworkFaults.builder(1).delay(Duration.ofMillis(1)).build().link(null)) {
            link.sendDatagram(new byte[1], bytes -> {
                begun.countDown();
                LockSupport.parkNanos(50_000_000);
                Thread.interrupted();
                LockSupport.parkNanos(50_000_000);
                ended.set(true);
            });
            begun.await();
        }

        assertThat(ended).isTrue();
    }

    @Test
    void oneFaultDoesNotChangeTheOthers() {
        List<String> lossOnly = passed(NetworkFaults.builder(1).loss(0.3).build());

        assertThat(passed(NetworkFaults.builder(1).loss(0.3).duplicates(0.2).build()).stream()
                        .distinct())
                .isEqualTo(lossOnly);
    }

    @Test
    void heldBackDatagramIsOvertaken() throws Exception {
        NetworkFaults faults = NetworkFaults.builder(3).reordering(0.5).build();
        BlockingQueue<Integer> passed = new LinkedBlockingQueue<>();
        try (FaultyLink link = faults.link(null)) {
            for (int i = 0; i < 20; i++) {
                link.receiveDatagram(new byte[] {(byte) i}, bytes -> passed.add((int) bytes[0]));
            }
            List<Integer> order = new ArrayList<>();
            while (order.size() < 20) {
                order.add(passed.poll(30, TimeUnit.SECONDS));
            }

            assertThat(order).isNotEqualTo(order.stream().sorted().toList());
        }
    }

    @Test
    void lateMessagesOfAStreamStayInOrder() throws Exception {
        NetworkFaults faults = NetworkFaults.builder(5)
                .delay(Duration.ZERO, Duration.ofMillis(20))
                .loss(1)
                .duplicates(1)
                .build();
        BlockingQueue<Integer> passed = new LinkedBlockingQueue<>();
        try (FaultyLink link = faults.link(null)) {
            for (int i = 0; i < 20; i++) {
                link.receiveOnStream(new byte[] {(byte) i}, bytes -> passed.add((int) bytes[0]));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(passed.poll(30, TimeUnit.SECONDS)).isEqualTo(i);
            }
        }
    }

    // ---- phones

    @Test
    void callsSucceedOverALossyNetwork() {
        NetworkFaults lossy = NetworkFaults.builder(20)
                .loss(0.15)
                .duplicates(0.25)
                .reordering(0.1)
                .build();
        Phone alice = phone("alice", lossy);
        Phone bob = phone("bob", lossy);
        alice.register();
        bob.register();

        for (int i = 0; i < 5; i++) {
            OutgoingCall call = alice.call("bob");
            IncomingCall called = bob.awaitCall().ring().answer();
            call.awaitAnswer().hangUp();
            called.awaitHangUp();
        }
    }

    @Test
    void garbageDoesNotStopTheProxy() {
        Phone noisy = phone("alice", NetworkFaults.builder(7).garbage(0.5).build());
        sip.registeredPhone("bob");

        for (int i = 0; i < 20; i++) {
            noisy.sendBytes(
                    "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(sip.phone("carol").options("bob").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "UDP"})
    void silentNetworkDropsMessagesUntilItResumes(TransportKind kind) {
        NetworkFaults faults = NetworkFaults.builder(1).build();
        Phone alice = sip.phone(
                "alice",
                options -> options.transport(kind).faults(faults).t1(T1).patience(Duration.ofMillis(100)));

        faults.silence();
        assertThatThrownBy(() -> alice.options("sip:sip.test"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("(NetworkFaults[seed 1])");
        assertThat(sip.ladder().arrows()).isEmpty();
        faults.resume();
        Phone patient = sip.phone("bob", options -> options.transport(kind).faults(faults));
        assertThat(patient.options("sip:sip.test").statusCode()).isEqualTo(200);
    }

    @Test
    void latePhoneGetsItsCallAfterTheDelay() {
        Duration delay = Duration.ofMillis(60);
        Phone bob = sip.phone(
                "bob",
                phone -> phone.faults(NetworkFaults.builder(1).delay(delay).build()));
        bob.register();
        long start = System.nanoTime();

        assertThat(sip.phone("alice").options("bob").statusCode()).isEqualTo(200);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(delay.multipliedBy(2));
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WS"})
    void connectionIsCutWithinAMessage(TransportKind kind) {
        Phone alice = sip.phone(
                "alice",
                phone -> phone.transport(kind)
                        .faults(NetworkFaults.builder(1).cutAfter(1).build()));
        alice.register();

        alice.sendBytes("MESSAGE sip:bob@sip.test SIP/2.0\r\n".repeat(20).getBytes(StandardCharsets.US_ASCII));

        await().untilAsserted(
                        () -> assertThat(sip.proxy().statistics().connections()).isZero());
        assertThat(sip.ladder().arrows()).hasSize(2).first().asString().endsWith(" -> proxy: REGISTER");
    }

    @Test
    void datagramsThroughANatAreLostAndDelayed() {
        NatRouter lossy = sip.closing(NatRouter.builder(NatKind.FULL_CONE)
                .faults(NetworkFaults.builder(2)
                        .loss(0.3)
                        .delay(Duration.ofMillis(1), Duration.ofMillis(5))
                        .build())
                .build());
        Phone alice = sip.phone("alice", phone -> phone.behind(lossy).t1(T1));

        for (int i = 0; i < 5; i++) {
            assertThat(alice.options("sip:sip.test").statusCode()).isEqualTo(200);
        }

        assertThat(lossy.faults())
                .hasValueSatisfying(
                        faults -> assertThat(faults).hasToString("NetworkFaults[seed 2, loss 0.3, delay 1 to 5 ms]"));
        assertThat(alice.ladder().toString()).contains(" (again)");
    }

    @Test
    void optionsOutsideTheirRangeAreRefused() {
        NetworkFaults.Builder builder = NetworkFaults.builder();

        assertThatThrownBy(() -> builder.loss(1.1)).hasMessage("loss: 1.1 (expected 0 to 1)");
        assertThatThrownBy(() -> builder.garbage(Double.NaN)).hasMessage("garbage: NaN (expected 0 to 1)");
        assertThatThrownBy(() -> builder.cutAfter(0)).hasMessage("cutAfter: 0 (expected 1 or more)");
        assertThatThrownBy(() -> builder.delay(Duration.ofMillis(2), Duration.ofMillis(1)))
                .hasMessageStartingWith("delay: PT0.002S to PT0.001S (expected");
    }
}
