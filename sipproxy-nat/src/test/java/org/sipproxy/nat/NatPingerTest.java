package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore.Blocking;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.testkit.fakes.FakeFlow;
import org.sipproxy.testkit.fakes.FakeRuntime;

class NatPingerTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final FakeFlow FLOW = FakeFlow.udp("203.0.113.9", 40_001);

    private final FakeProxy proxy = new FakeProxy();

    private NatTraversal started(PingMethod method) {
        NatTraversal nat = NatTraversal.builder().ping(method, INTERVAL).build();
        proxy.start(nat);
        return nat;
    }

    private NatTraversal startedWithRemoval(int pings) {
        NatTraversal nat = NatTraversal.builder()
                .ping(PingMethod.OPTIONS, INTERVAL)
                .removeAfter(pings)
                .build();
        proxy.start(nat);
        return nat;
    }

    private void register(String user, FakeFlow flow) {
        proxy.add(user, proxy.binding(user, flow).build());
    }

    /** Lets rounds pass without a message from the clients, so that each round pings. */
    private void passRounds(int rounds) {
        proxy.advance(INTERVAL.multipliedBy(rounds));
    }

    @Test
    void thousandFlowsArePingedOncePerRoundAndEvenly() {
        started(PingMethod.OPTIONS);
        for (int i = 0; i < 1_000; i++) {
            register("u" + i, FakeFlow.udp("203.0.113.9", 10_000 + i));
        }
        passRounds(1); // flows seen in the first seconds are not pinged in it
        proxy.sent.clear();

        passRounds(1);

        assertThat(proxy.sent).hasSize(1_000);
        assertThat(proxy.sent.stream().map(FakeRuntime.Sent::flow).distinct()).hasSize(1_000);
        Map<Long, Long> perTenth =
                proxy.sent.stream().collect(Collectors.groupingBy(s -> s.atMillis() / 100, Collectors.counting()));
        assertThat(perTenth.values()).hasSizeGreaterThanOrEqualTo(100).allMatch(count -> count <= 11);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void pingsContinueWhenTheWallClockIsSet(Duration step) {
        NatTraversal nat = started(PingMethod.CRLF);
        register("alice", FLOW);
        passRounds(3);
        int before = proxy.sent.size();
        List<FlowHealth> health = new ArrayList<>();

        proxy.stepWallClock(step);
        passRounds(3);
        nat.forEachFlow(health::add);

        assertThat(proxy.sent).hasSize(before + 3);
        assertThat(health)
                .singleElement()
                .extracting(FlowHealth::heardAt)
                .isEqualTo(proxy.now().plus(step).minus(INTERVAL.multipliedBy(6)));
    }

    @Test
    void optionsPingIsAWellFormedRequestToTheContactOnTheFlowItRegisteredOver() {
        started(PingMethod.OPTIONS);
        register("alice", FLOW);

        passRounds(2);

        FakeRuntime.Sent ping = proxy.sent.get(0);
        assertThat(ping.flow()).isSameAs(FLOW);
        assertThat(ping.text().lines().map(line -> line.replaceAll("[0-9a-f]{24}", "NUMBER")))
                .containsExactly(
                        "OPTIONS sip:alice@10.0.0.1:5060 SIP/2.0",
                        "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKkeepNUMBER",
                        "Max-Forwards: 70",
                        "From: <sip:ping@example.org>;tag=NUMBER",
                        "To: <sip:alice@10.0.0.1:5060>",
                        "Call-ID: NUMBER@example.org",
                        "CSeq: 1 OPTIONS",
                        "Content-Length: 0",
                        "");
        assertThat(ping.text()).endsWith("\r\n\r\n");
    }

    @Test
    void lineEndsAndZerosAreSentForTheOtherMethods() {
        started(PingMethod.EMPTY);
        register("alice", FLOW);
        passRounds(2);
        FakeProxy other = new FakeProxy();
        other.start(NatTraversal.builder().ping(PingMethod.CRLF, INTERVAL).build());
        other.add("alice", other.binding("alice", FLOW).build());
        other.advance(INTERVAL.multipliedBy(2));

        assertThat(proxy.sent.get(0).bytes()).containsExactly(0, 0, 0, 0);
        assertThat(other.sent.get(0).bytes()).containsExactly('\r', '\n', '\r', '\n');
    }

    @Test
    void onlyAFinalResponseWithTheNonceFromTheFlowCounts() {
        NatTraversal nat = started(PingMethod.OPTIONS);
        register("alice", FLOW);
        passRounds(2);
        FakeRuntime.Sent ping = proxy.sent.get(proxy.sent.size() - 1);

        proxy.answer(ping, FakeFlow.udp("203.0.113.66", 40_001));
        String forged = ping.text().replaceAll("keep(.{8}).{16}", "keep$10123456789abcdef");
        proxy.answer(new FakeRuntime.Sent(FLOW, forged.getBytes(StandardCharsets.US_ASCII), 0), FLOW);
        assertThat(nat.statistics().answers()).isZero();

        assertThat(proxy.answer(ping, FLOW)).isTrue();
        assertThat(proxy.answer(ping, FLOW)).as("again").isTrue();
        assertThat(nat.statistics().answers()).isEqualTo(1);
        assertThat(proxy.response("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKother\r\n\r\n", FLOW))
                .as("another component's response")
                .isFalse();
    }

    @Test
    void silentClientIsRemovedAfterItsPingsOnTheStoreThread() {
        proxy.blocking = Blocking.ALWAYS;
        NatTraversal nat = startedWithRemoval(3);
        await().until(() -> !proxy.storeThreads.isEmpty()); // the store has been read
        register("alice", FLOW);

        passRounds(4); // three pings, and the round that finds the last one without a response

        await().until(() -> !proxy.removals.isEmpty());
        assertThat(proxy.removals.element().removal()).contains(RemovalReason.UNREACHABLE);
        assertThat(proxy.storeThreads).isNotEmpty().allMatch(name -> name.equals("sipproxy-nat-store"));
        await().until(() -> nat.statistics().clients() == 0);
        passRounds(1);
        assertThat(proxy.sent).hasSize(3);
    }

    @Test
    void clientRefreshedDuringItsRemovalIsKept() {
        startedWithRemoval(1);
        register("alice", FLOW);
        passRounds(1);
        Binding refreshed = proxy.binding("alice", FLOW).cseq(2).build();
        // in the store, but its event has not arrived yet
        proxy.bindings.put(new Aor("alice", "example.org"), List.of(refreshed));

        passRounds(2);

        await().until(() -> !proxy.storeThreads.isEmpty());
        assertThat(proxy.removals).isEmpty();
    }

    @Test
    void clientThatRespondsOccasionallyIsKept() {
        startedWithRemoval(3);
        register("alice", FLOW);

        for (int i = 0; i < 10; i++) {
            passRounds(2);
            proxy.answer(proxy.sent.get(proxy.sent.size() - 1), FLOW);
        }

        assertThat(proxy.removals).isEmpty();
    }

    @Test
    void usersOfOneFlowArePingedOnceAndRemovedTogether() {
        startedWithRemoval(2);
        register("alice", FLOW);
        register("bob", FLOW);
        register("carol", FakeFlow.udp("203.0.113.9", 40_002));

        passRounds(2);
        assertThat(proxy.sent.stream().filter(s -> s.flow().equals(FLOW))).hasSizeLessThanOrEqualTo(2);
        passRounds(3);

        await().until(() -> proxy.removals.size() == 3);
    }

    @Test
    void clientThatSendsKeepalivesIsNotPinged() {
        NatTraversal nat = started(PingMethod.OPTIONS);
        register("alice", FLOW);

        for (int second = 0; second < 60; second += 6) {
            proxy.arrives(FLOW, new byte[] {'\r', '\n', '\r', '\n'});
            proxy.advance(Duration.ofSeconds(6));
        }

        assertThat(proxy.sent).isEmpty();
        assertThat(nat.statistics().spared()).isGreaterThanOrEqualTo(5);
    }

    @Test
    void clientThatStopsItsKeepalivesIsPingedAgain() {
        started(PingMethod.OPTIONS);
        register("alice", FLOW);
        for (int second = 0; second < 30; second += 6) {
            proxy.arrives(FLOW, new byte[] {'\r', '\n', '\r', '\n'});
            proxy.advance(Duration.ofSeconds(6));
        }

        passRounds(2);

        assertThat(proxy.sent).isNotEmpty();
    }

    @Test
    void onlyUdpClientsBehindANatArePinged() {
        started(PingMethod.OPTIONS);
        register("stream", FakeFlow.of(TransportKind.TCP, "203.0.113.9", 40_003));
        proxy.add("open", proxy.binding("open", FLOW).received(null).build());
        proxy.add(
                "edge",
                proxy.binding("edge", FakeFlow.udp("203.0.113.9", 40_004))
                        .path(List.of(FakeProxy.uri("sip:edge.example.net;lr")))
                        .build());

        passRounds(3);

        assertThat(proxy.sent).isEmpty();
    }

    @Test
    void clientsWithoutNatArePingedOnlyIfEnabled() {
        proxy.start(NatTraversal.builder()
                .ping(PingMethod.OPTIONS, INTERVAL)
                .pingAll()
                .build());
        proxy.add("open", proxy.binding("open", FLOW).received(null).build());

        passRounds(2);

        assertThat(proxy.sent).isNotEmpty();
    }

    @Test
    void storedBindingsOfThisServerAreLoadedAtTheStart() {
        proxy.blocking = Blocking.ALWAYS;
        proxy.bindings.put(
                new Aor("ours", "example.org"),
                List.of(proxy.binding("ours", FLOW)
                        .flow(null)
                        .socket(Endpoint.udp("192.0.2.1", 5060))
                        .build()));
        proxy.bindings.put(
                new Aor("theirs", "example.org"),
                List.of(proxy.binding("theirs", FakeFlow.udp("203.0.113.9", 40_005))
                        .flow(null)
                        .socket(Endpoint.udp("192.0.2.99", 5060))
                        .build()));
        NatTraversal nat = started(PingMethod.OPTIONS);
        await().until(() -> nat.statistics().clients() == 1);

        passRounds(2);

        assertThat(proxy.sent).isNotEmpty().allMatch(s -> s.text().startsWith("OPTIONS sip:ours@"));
        assertThat(proxy.storeThreads).allMatch(name -> name.equals("sipproxy-nat-store"));
    }

    @Test
    void bindingThatExpiresWithoutAnEventIsRemoved() {
        NatTraversal nat = started(PingMethod.OPTIONS);
        register("alice", FLOW);

        proxy.advance(Duration.ofHours(1).plus(INTERVAL.multipliedBy(2)));

        assertThat(nat.statistics().clients()).isZero();
        assertThat(nat.statistics().flows()).isZero();
    }

    @Test
    void slotsOfRemovedFlowsAreReused() {
        NatTraversal nat = started(PingMethod.OPTIONS);
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 300; i++) {
                register("u" + i, FakeFlow.udp("203.0.113.9", 10_000 + round * 1_000 + i));
            }
        }
        assertThat(nat.statistics().clients()).isEqualTo(300);
        assertThat(nat.statistics().flows()).isEqualTo(300);
        passRounds(1);
        proxy.sent.clear();

        passRounds(1);

        assertThat(proxy.sent).hasSize(300);
    }

    @Test
    void healthOfAFlowIsReported() {
        NatTraversal nat = started(PingMethod.OPTIONS);
        register("alice", FLOW);
        passRounds(2);
        proxy.answer(proxy.sent.get(proxy.sent.size() - 1), FLOW);

        nat.forEachFlow(health -> {
            assertThat(health.remote()).isEqualTo(FLOW.remoteAddress());
            assertThat(health.users()).containsExactly(new Aor("alice", "example.org"));
            assertThat(health.roundTrip()).isPresent();
            assertThat(health.unanswered()).isZero();
            assertThat(health.heardAt()).isEqualTo(proxy.now());
        });
        assertThat(nat.statistics().longestRoundTrip()).isPositive();
    }
}
