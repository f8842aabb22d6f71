package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/** Minutes of retransmissions and delays on a {@link TestClock}; the limit of each test is less than these take. */
@Timeout(20)
class TestClockTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final TestClock clock = TestClock.stopped();

    private final List<WireMessage> wire = new CopyOnWriteArrayList<>(); // with retransmissions, unlike the ladder

    @RegisterExtension
    final SipProxyExtension sip =
            SipProxyExtension.builder().clock(clock).wireListener(wire::add).build();

    private Phone phone(String user, NetworkFaults faults) {
        return sip.phone(user, phone -> phone.faults(faults).patience(PATIENCE));
    }

    private Duration since(Instant start) {
        return Duration.between(start, clock.now());
    }

    @Test
    void callToASilentPhoneFailsAfterTimerB() {
        NetworkFaults faults = NetworkFaults.builder(1).build();
        phone("bob", faults).register();
        Phone alice = sip.phone("alice", phone -> phone.patience(PATIENCE));
        Instant start = clock.now();

        faults.silence();
        int status = alice.call("bob").awaitFinal().statusCode();

        assertThat(status).isEqualTo(408);
        assertThat(since(start)).isBetween(Duration.ofSeconds(32), Duration.ofMillis(32_050));
        assertThat(timesOf("INVITE", false, start)).containsExactly(0, 500, 1_500, 3_500, 7_500, 15_500, 31_500);
    }

    /** Returns when the proxy received or sent requests, in milliseconds, rounded to the 50 ms below. */
    private List<Integer> timesOf(String method, boolean received, Instant start) {
        List<Integer> times = new ArrayList<>();
        for (WireMessage message : wire) {
            if (message.isReceived() == received && line(message).startsWith(method + " ")) {
                times.add((int) Duration.between(start, message.time()).toMillis() / 50 * 50);
            }
        }
        return times;
    }

    private static String line(WireMessage message) {
        return new String(message.toBytes(), StandardCharsets.UTF_8).split("\r\n", 2)[0];
    }

    @Test
    void phoneRetransmitsWhileTheNetworkIsSlow() {
        Duration delay = Duration.ofSeconds(10);
        Phone alice = phone("alice", NetworkFaults.builder(1).delay(delay).build());
        Instant start = clock.now();

        alice.register();

        assertThat(since(start)).isEqualTo(delay.multipliedBy(2));
        assertThat(timesOf("REGISTER", true, start)).containsExactly(10_000, 10_500, 11_500, 13_500, 17_500);
        clock.advance(Duration.ofMinutes(1)); // for those sent until 19.5 s, before the response came
        assertThat(timesOf("REGISTER", true, start)).hasSize(8).endsWith(21_500, 25_500, 29_500);
    }

    @Test
    void calleeRetransmitsItsAnswerUntilTheNetworkIsBack() {
        NetworkFaults faults = NetworkFaults.builder(1).build();
        Phone bob = phone("bob", faults);
        bob.register();
        OutgoingCall call =
                sip.phone("alice", phone -> phone.patience(PATIENCE)).call("bob");
        IncomingCall called = bob.awaitCall().ring();
        call.awaitRinging();
        Instant start = clock.now();

        faults.silence();
        called.answer();
        clock.advance(Duration.ofSeconds(10));
        faults.resume();
        call.awaitAnswer();
        called.awaitAck();

        assertThat(since(start)).isEqualTo(Duration.ofMillis(11_500)); // 0.5 + 1 + 2 + 4 + 4
        call.hangUp();
    }

    @Test
    void sameSeedGivesTheSameMessagesAtTheSameTimes() {
        List<String> first = messagesOfALossyCall(4711);
        List<String> again = messagesOfALossyCall(4711);
        List<String> other = messagesOfALossyCall(1);

        assertThat(again).isEqualTo(first).isNotEqualTo(other);
    }

    private static List<String> messagesOfALossyCall(long seed) {
        TestClock clock = TestClock.stopped();
        Instant start = clock.now();
        NetworkFaults faults = NetworkFaults.builder(seed)
                .loss(0.3)
                .duplicates(0.1)
                .delay(Duration.ofMillis(100), Duration.ofSeconds(2))
                .build();
        List<Phone> phones = new ArrayList<>();
        List<String> messages = new CopyOnWriteArrayList<>();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .clock(clock)
                .wireListener(message -> messages.add(Duration.between(start, message.time())
                        + (message.isReceived() ? " received " : " sent ")
                        + line(message).replaceAll("127.0.0.1:\\d+", "phone")))
                .build()) {
            proxy.start();
            for (String user : List.of("alice", "bob")) {
                Phone phone = Phone.builder(user)
                        .proxy(proxy)
                        .clock(clock)
                        .faults(faults)
                        .patience(PATIENCE)
                        .open();
                phones.add(phone);
                phone.register();
            }
            OutgoingCall call = phones.get(0).call("bob");
            phones.get(1).awaitCall().answer();
            call.awaitAnswer().hangUp();
        } finally {
            phones.forEach(Phone::close);
        }
        return messages;
    }

    @Test
    void waitForExpiryMovesTheClock() {
        sip.phone("bob").register(Duration.ofSeconds(60));
        Instant start = clock.now();

        sip.registrations().awaitUnregistered("bob", Duration.ofSeconds(90));

        assertThat(since(start)).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(61));
    }

    @Test
    void failedWaitEndsWhenThePatienceHasPassedOnTheClock() {
        Phone bob = sip.phone("bob", phone -> phone.patience(Duration.ofMinutes(1)));
        Instant start = clock.now();

        assertThatThrownBy(bob::awaitCall)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("did not come within PT1M");

        assertThat(since(start)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void stoppedClockStandsStillWhileNothingWaits() throws InterruptedException {
        sip.registeredPhone("bob");
        Instant start = clock.now();

        Thread.sleep(50); // the timer thread of the proxy looks at the clock meanwhile

        assertThat(clock.now()).isEqualTo(start);
    }

    @Test
    void mappingsOfANatExpireOnTheClock() {
        NatRouter router = sip.closing(NatRouter.builder(NatKind.FULL_CONE)
                .lifetime(Duration.ofSeconds(30))
                .clock(clock)
                .build());
        sip.phone("alice", phone -> phone.behind(router)).register();
        assertThat(router.mappings()).isEqualTo(1);

        clock.advance(Duration.ofSeconds(31));

        assertThat(router.mappings()).isZero();
    }

    @Test
    void advancedClockThatRunsFiresTheTimersOfAPhone() throws Exception {
        TestClock running = new TestClock();
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Phone alice = Phone.builder("alice")
                        .proxy((InetSocketAddress) silent.getLocalSocketAddress())
                        .clock(running)
                        .t1(Duration.ofHours(1))
                        .open()) {
            silent.setSoTimeout(15_000);
            alice.call("bob");
            String invite = receive(silent);

            running.advance(Duration.ofHours(1));

            assertThat(receive(silent)).isEqualTo(invite);
        }
    }

    private static String receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[4_096], 4_096);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }
}
