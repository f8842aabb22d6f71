package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.nat.LoopbackNat.Kind;

/** Phones behind NATs of every kind, over real sockets. */
@Timeout(60)
class NatCallTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    private final NatScene scene = new NatScene(NatTraversal.builder()
            .ping(PingMethod.OPTIONS, Duration.ofSeconds(1))
            .removeAfter(3)
            .build());

    @AfterEach
    void close() {
        scene.close();
    }

    private LoopbackNat nat(Kind kind, Duration lifetime) {
        return scene.closing(new LoopbackNat(kind, lifetime));
    }

    /** Both have the same private address, as it is with home routers of one make. */
    private TestPhone behind(LoopbackNat nat, String user) {
        TestPhone phone = scene.phone(user, nat.towards(scene.udp()), "192.168.1.10:5060");
        phone.registerIfMappingChanged();
        return phone;
    }

    private static void callAndHangUpFromBothSides(TestPhone alice, String alicesName, TestPhone bob, String bobsName) {
        TestPhone.Call calling = alice.call(bobsName);
        TestPhone.Call called = bob.awaitCall();
        calling.reinvite();
        called.reinvite();
        calling.update();
        called.update();
        calling.hangUp();
        called.await("BYE");

        TestPhone.Call back = bob.call(alicesName);
        TestPhone.Call atAlice = alice.awaitCall();
        atAlice.reinvite();
        back.reinvite();
        TestPhone.Call again = bob.call(alicesName);
        TestPhone.Call againAtAlice = alice.awaitCall();
        atAlice.hangUp(); // the called one hangs up
        back.await("BYE");
        again.hangUp();
        againAtAlice.await("BYE");
        assertThat(alice.complaints).isEmpty();
        assertThat(bob.complaints).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void phonesBehindTwoNatsCallEachOtherAndHangUpFromBothSides(Kind kind) {
        TestPhone alice = behind(nat(kind, LONG), "alice");
        TestPhone bob = behind(nat(kind, LONG), "bob");

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
    }

    @Test
    void phoneBehindANatAndOneInTheOpenCallEachOther() {
        TestPhone alice = behind(nat(Kind.SYMMETRIC, LONG), "alice");
        TestPhone bob = openPhone("bob");

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
    }

    private TestPhone openPhone(String user) {
        InetSocketAddress local = new InetSocketAddress("127.0.0.1", freePort());
        TestPhone phone = scene.closing(TestPhone.udp(user, local, scene.udp(), "127.0.0.1:" + local.getPort()));
        phone.register(300);
        return phone;
    }

    private static int freePort() {
        try (DatagramSocket free = new DatagramSocket()) {
            return free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void phonesBehindOneNatCallEachOther() {
        LoopbackNat nat = nat(Kind.SYMMETRIC, LONG);

        callAndHangUpFromBothSides(behind(nat, "alice"), "alice", behind(nat, "bob"), "bob");
    }

    @Test
    void phoneBehindTwoNatsInARowIsReached() {
        LoopbackNat carrier = nat(Kind.SYMMETRIC, LONG);
        LoopbackNat home = nat(Kind.PORT_RESTRICTED, LONG);
        TestPhone alice = scene.phone("alice", home.towards(carrier.towards(scene.udp())), "192.168.1.10:5060");
        alice.register(300);
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void phoneIsCalledLongAfterItsMappingWouldHaveEnded(Kind kind) {
        LoopbackNat nat = nat(kind, Duration.ofMillis(2_500));
        TestPhone alice = behind(nat, "alice");
        TestPhone bob = behind(nat(kind, LONG), "bob");

        await().atMost(Duration.ofSeconds(20)).until(() -> alice.pinged.get() >= 4);

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
        assertThat(alice.registrations).hasValue(1);
    }

    @Test
    void routerThatRebootsInACallLosesNothingOnceThePhoneHasNoticed() {
        LoopbackNat nat = nat(Kind.SYMMETRIC, LONG);
        TestPhone alice = behind(nat, "alice");
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");
        TestPhone.Call calling = alice.call("bob");
        TestPhone.Call called = bob.awaitCall();

        nat.reboot();
        assertThat(alice.registerIfMappingChanged()).as("registered again").isTrue();

        called.reinvite(); // its alias is the old one: the registered flow wins
        called.hangUp();
        calling.await("BYE");
        assertThat(scene.nat.statistics().registeredFlowsUsed()).isPositive();
    }

    @Test
    void requestFromTheNewMappingIsEnoughForTheOtherSideToFindTheWay() {
        LoopbackNat nat = nat(Kind.SYMMETRIC, LONG);
        TestPhone alice = behind(nat, "alice");
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");
        TestPhone.Call calling = alice.call("bob");
        TestPhone.Call called = bob.awaitCall();

        nat.reboot();
        calling.reinvite(); // no REGISTER: the location store knows the old mapping alone
        called.hangUp();

        calling.await("BYE");
        assertThat(alice.registrations).hasValue(1);
    }

    @Test
    void phoneThatIsNotRegisteredIsReachedByItsAlias() {
        TestPhone alice = scene.phone("alice", nat(Kind.SYMMETRIC, LONG).towards(scene.udp()), "10.9.9.9:5060");
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");
        TestPhone.Call calling = alice.call("bob");
        TestPhone.Call called = bob.awaitCall();

        called.reinvite(); // answered by alice, whose Contact needs its alias in this response too
        called.reinvite();
        called.hangUp();

        calling.await("BYE");
        assertThat(alice.complaints).isEmpty();
    }

    @Test
    void phonesOverTcpAreReachedOverTheirConnections() {
        TestPhone alice = scene.tcpPhone("alice", "192.168.1.10:5060");
        TestPhone bob = scene.tcpPhone("bob", "10.1.1.1:5060");
        alice.register(300);
        bob.register(300);

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
    }

    @Test
    void phonesOverTcpAndUdpCallEachOther() {
        TestPhone alice = scene.tcpPhone("alice", "192.168.1.10:5060");
        alice.register(300);
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");

        callAndHangUpFromBothSides(alice, "alice", bob, "bob");
    }

    @Test
    void phoneWhoseConnectionIsGoneIsUnavailableAtOnce() {
        TestPhone alice = scene.tcpPhone("alice", "192.168.1.10:5060");
        alice.register(300);
        alice.close();
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");
        long start = System.nanoTime();

        await().until(() -> bob.tryCall("alice") == 480);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void phoneThatNoLongerAnswersPingsIsRemovedAsUnreachable() {
        TestPhone alice = behind(nat(Kind.SYMMETRIC, LONG), "alice");
        TestPhone bob = behind(nat(Kind.SYMMETRIC, LONG), "bob");

        alice.deaf();

        await().atMost(Duration.ofSeconds(20))
                .until(() -> scene.bindings("alice").isEmpty());
        assertThat(scene.bindings("bob")).hasSize(1);
        assertThat(bob.tryCall("alice")).isEqualTo(404);
        NatStatistics statistics = scene.nat.statistics();
        assertThat(statistics.removed()).isEqualTo(1);
        assertThat(statistics.unanswered()).isGreaterThanOrEqualTo(3);
        assertThat(statistics.answers()).isPositive();
        assertThat(statistics.meanRoundTrip()).isPositive();
    }

    @Test
    void phoneThatKeepsItsMappingOpenItselfIsSpared() {
        TestPhone alice = behind(nat(Kind.SYMMETRIC, LONG), "alice");

        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    alice.keepAliveByCrlf();
                    return scene.nat.statistics().spared() >= 3;
                });

        assertThat(scene.nat.statistics().pings()).isZero();
    }

    @Test
    void requestsOfADialogLeaveByTheListeningPointThatTheClientWasSeenAt() {
        try (NatScene two =
                new NatScene(NatTraversal.builder().build(), builder -> builder.listen(Endpoint.udp("127.0.0.1", 0)))) {
            List<InetSocketAddress> points = two.proxy.boundEndpoints().stream()
                    .filter(e -> e.kind() == TransportKind.UDP)
                    .map(e -> new InetSocketAddress("127.0.0.1", e.port()))
                    .toList();
            LoopbackNat alices = two.closing(new LoopbackNat(Kind.SYMMETRIC, LONG));
            LoopbackNat bobs = two.closing(new LoopbackNat(Kind.SYMMETRIC, LONG));
            TestPhone alice = two.phone("alice", alices.towards(points.get(0)), "192.168.1.10:5060");
            TestPhone bob = two.phone("bob", bobs.towards(points.get(1)), "192.168.1.10:5060");
            bob.register(300);

            TestPhone.Call calling = alice.call("bob"); // alice is not registered: there is her alias alone
            TestPhone.Call called = bob.awaitCall();
            called.reinvite();
            calling.reinvite();
            called.hangUp();

            calling.await("BYE");
        }
    }
}
