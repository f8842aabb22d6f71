package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.testkit.Call;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** Calls between phones behind NATs of all kinds, over real sockets. */
@Timeout(60)
class NatCallTest {

    private static final TestCertificate CERTIFICATE = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");

    private final NatTraversal nat = NatTraversal.builder()
            .ping(PingMethod.OPTIONS, Duration.ofSeconds(1))
            .removeAfter(3)
            .build();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.component(nat).udpReceivers(1))
            .build();

    /** With a second listening point and no pings. */
    @RegisterExtension
    final SipProxyExtension twoPoints = SipProxyExtension.builder()
            .configure(proxy -> proxy.listen(Endpoint.udp("127.0.0.1", 0))
                    .component(NatTraversal.builder().build()))
            .build();

    /** With all transports. */
    @RegisterExtension
    final SipProxyExtension streams = SipProxyExtension.builder()
            .configure(proxy -> proxy.listen(Endpoint.tls("127.0.0.1", 0))
                    .listen(Endpoint.ws("127.0.0.1", 0))
                    .listen(Endpoint.wss("127.0.0.1", 0))
                    .tls(TlsSettings.builder()
                            .certificate(CERTIFICATE.chain(), CERTIFICATE.key())
                            .build())
                    .component(NatTraversal.builder().build()))
            .build();

    private NatRouter router(NatKind kind) {
        return sip.closing(NatRouter.of(kind));
    }

    /** All claim the same private address, as phones behind home routers of one model do. */
    private Phone behind(NatRouter router, String user) {
        Phone phone = sip.phone(user, options -> options.behind(router).answering());
        phone.registerIfMappingChanged();
        return phone;
    }

    private Phone behind(NatRouter home, NatRouter carrier, String user) {
        return sip.registeredPhone(
                user, options -> options.behind(home, carrier).answering());
    }

    private Phone over(TransportKind kind, String user, String claimed) {
        return streams.registeredPhone(user, options -> {
            options.transport(kind)
                    .tls(TestCertificate.contextWithout(CERTIFICATE))
                    .answering();
            if (kind == TransportKind.TCP || kind == TransportKind.TLS) {
                options.claiming(claimed);
            }
        });
    }

    private static void callAndHangUpFromBothSides(Phone alice, Phone bob) {
        Call calling = alice.call("bob").awaitAnswer();
        Call called = bob.awaitCall().awaitAck();
        calling.reinvite();
        called.reinvite();
        calling.update();
        called.update();
        calling.hangUp();
        called.awaitHangUp();

        Call back = bob.call("alice").awaitAnswer();
        Call atAlice = alice.awaitCall().awaitAck();
        atAlice.reinvite();
        back.reinvite();
        Call again = bob.call("alice").awaitAnswer();
        IncomingCall againAtAlice = alice.awaitCall();
        atAlice.hangUp(); // the callee hangs up
        back.awaitHangUp();
        again.hangUp();
        againAtAlice.awaitHangUp();
    }

    @ParameterizedTest
    @EnumSource
    void phonesBehindTwoNatsCallEachOtherAndHangUpFromBothSides(NatKind kind) {
        callAndHangUpFromBothSides(behind(router(kind), "alice"), behind(router(kind), "bob"));
    }

    @ParameterizedTest
    @EnumSource
    void phoneBehindANatAndOneWithAPublicAddressCallEachOther(NatKind kind) {
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);

        callAndHangUpFromBothSides(behind(router(kind), "alice"), bob);
    }

    /** Through the proxy the phones never send to each other's mapped ports, so hairpinning is not needed. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void phonesBehindOneNatCallEachOther(boolean hairpin) {
        for (NatKind kind : NatKind.values()) {
            NatRouter.Builder options = NatRouter.builder(kind);
            NatRouter router = sip.closing((hairpin ? options : options.withoutHairpin()).build());

            callAndHangUpFromBothSides(behind(router, "alice"), behind(router, "bob"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void phoneBehindAHomeRouterAndACarriersNatIsReached(NatKind carrier) {
        Phone alice = behind(router(NatKind.PORT_RESTRICTED), router(carrier), "alice");
        Phone bob = behind(router(NatKind.SYMMETRIC), "bob");

        callAndHangUpFromBothSides(alice, bob);
    }

    @ParameterizedTest
    @EnumSource
    void phonesOfTwoHomesBehindOneCarriersNatCallEachOther(NatKind home) {
        NatRouter carrier = sip.closing(
                NatRouter.builder(NatKind.SYMMETRIC).withoutHairpin().build());
        Phone alice = behind(router(home), carrier, "alice");
        Phone bob = behind(router(home), carrier, "bob");

        callAndHangUpFromBothSides(alice, bob);
    }

    @ParameterizedTest
    @EnumSource
    void phoneIsCalledLongAfterItsMappingWouldHaveExpired(NatKind kind) {
        NatRouter shortLived = sip.closing(
                NatRouter.builder(kind).lifetime(Duration.ofMillis(2_500)).build());
        Phone alice = behind(shortLived, "alice");
        Phone bob = behind(router(kind), "bob");

        await().atMost(Duration.ofSeconds(20)).until(() -> alice.pings() >= 4);

        callAndHangUpFromBothSides(alice, bob);
        assertThat(alice.registrations()).isOne();
    }

    @Test
    void callSurvivesARouterRebootOnceThePhoneRegistersAgain() {
        NatRouter router = router(NatKind.SYMMETRIC);
        Phone alice = behind(router, "alice");
        Phone bob = behind(router(NatKind.SYMMETRIC), "bob");
        Call calling = alice.call("bob").awaitAnswer();
        Call called = bob.awaitCall().awaitAck();

        router.reboot();
        assertThat(alice.registerIfMappingChanged()).as("registered again").isTrue();

        called.reinvite(); // its alias is the old one: the registered flow wins
        called.hangUp();
        calling.awaitHangUp();
        assertThat(nat.statistics().registeredFlowsUsed()).isPositive();
    }

    @Test
    void requestFromTheNewMappingIsEnoughToRouteBackToIt() {
        NatRouter router = router(NatKind.SYMMETRIC);
        Phone alice = behind(router, "alice");
        Phone bob = behind(router(NatKind.SYMMETRIC), "bob");
        Call calling = alice.call("bob").awaitAnswer();
        Call called = bob.awaitCall().awaitAck();

        router.reboot();
        calling.reinvite(); // without a REGISTER: the location store has only the old mapping
        called.hangUp();

        calling.awaitHangUp();
        assertThat(alice.registrations()).isOne();
    }

    @Test
    void phoneWhoseRouterLostItsMappingIsReachedOnceItHasSentAgain() {
        NatRouter router = router(NatKind.PORT_RESTRICTED);
        Phone alice = behind(router, "alice");
        Phone bob = behind(router(NatKind.PORT_RESTRICTED), "bob");

        router.flush();
        alice.keepAlive(); // the same port again, so no new registration is needed
        callAndHangUpFromBothSides(alice, bob);

        assertThat(alice.registrations()).isOne();
    }

    @Test
    void phoneThatIsNotRegisteredIsReachedByItsAlias() {
        NatRouter router = router(NatKind.SYMMETRIC);
        Phone alice = sip.phone(
                "alice",
                options -> options.behind(router).claiming("10.9.9.9:5060").answering());
        Phone bob = behind(router(NatKind.SYMMETRIC), "bob");
        Call calling = alice.call("bob").awaitAnswer();
        Call called = bob.awaitCall().awaitAck();

        called.reinvite(); // alice responds, and her Contact needs its alias in this response too
        called.reinvite();
        called.hangUp();

        calling.awaitHangUp();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UDP")
    void phonesOverStreamsAreReachedOverTheirConnections(TransportKind kind) {
        Phone alice = over(kind, "alice", "192.168.1.10:5060");
        Phone bob = over(kind, "bob", "10.1.1.1:5060");

        callAndHangUpFromBothSides(alice, bob);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UDP")
    void phonesOverStreamsAndUdpCallEachOther(TransportKind kind) {
        Phone alice = over(kind, "alice", "192.168.1.10:5060");
        Phone bob = streams.registeredPhone(
                "bob", options -> options.behind(router(NatKind.SYMMETRIC)).answering());

        callAndHangUpFromBothSides(alice, bob);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UDP")
    void phoneWithAClosedConnectionIsUnavailableAtOnce(TransportKind kind) {
        Phone alice = over(kind, "alice", "192.168.1.10:5060");
        alice.close();
        Phone bob = streams.registeredPhone(
                "bob", options -> options.behind(router(NatKind.SYMMETRIC)).answering());
        long start = System.nanoTime();

        await().until(() -> statusOfCall(bob, "alice") == 480);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }

    private static int statusOfCall(Phone caller, String called) {
        return caller.call(called).awaitFinal().statusCode();
    }

    @ParameterizedTest
    @EnumSource(
            value = TransportKind.class,
            names = {"TCP", "TLS"})
    void reconnectedPhoneWithAnotherContactPortIsReachedInItsCall(TransportKind kind) {
        Phone alice = over(TransportKind.UDP, "alice", "");
        Phone bob = over(kind, "bob", "10.0.0.7:40001");
        Call calling = alice.call("bob").awaitAnswer();
        bob.awaitCall().awaitAck();
        bob.close();

        Phone again = streams.registeredPhone(
                "bob",
                options -> options.transport(kind)
                        .tls(TestCertificate.contextWithout(CERTIFICATE))
                        .claiming("10.0.0.7:40002")
                        .lenient());

        assertThat(calling.send("BYE").statusCode()).isEqualTo(481); // from a phone that does not know the call
        assertThat(again.complaints()).isEmpty();
    }

    @Test
    void phoneThatNoLongerRespondsToPingsIsRemovedAsUnreachable() {
        Phone alice = behind(router(NatKind.SYMMETRIC), "alice");
        Phone bob = behind(router(NatKind.SYMMETRIC), "bob");

        alice.stopResponding();

        await().atMost(Duration.ofSeconds(20)).until(() -> sip.bindings("alice").isEmpty());
        assertThat(sip.bindings("bob")).hasSize(1);
        assertThat(statusOfCall(bob, "alice")).isEqualTo(404);
        NatStatistics statistics = nat.statistics();
        assertThat(statistics.removed()).isEqualTo(1);
        assertThat(statistics.unanswered()).isGreaterThanOrEqualTo(3);
        assertThat(statistics.answers()).isPositive();
        assertThat(statistics.meanRoundTrip()).isPositive();
    }

    @Test
    void phoneThatKeepsItsMappingOpenItselfIsNotPinged() {
        Phone alice = behind(router(NatKind.SYMMETRIC), "alice");

        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    alice.keepAlive();
                    return nat.statistics().spared() >= 3;
                });

        assertThat(nat.statistics().pings()).isZero();
    }

    @Test
    void inDialogRequestsAreSentFromTheListeningPointThatTheClientUses() {
        List<InetSocketAddress> points = twoPoints.addresses(TransportKind.UDP).toList();
        NatRouter alices = router(NatKind.SYMMETRIC);
        NatRouter bobs = router(NatKind.SYMMETRIC);
        Phone alice = twoPoints.phone(
                "alice", options -> options.proxy(points.get(0)).behind(alices).answering());
        Phone bob = twoPoints.registeredPhone(
                "bob", options -> options.proxy(points.get(1)).behind(bobs).answering());

        Call calling = alice.call("bob").awaitAnswer(); // alice is not registered: only her alias leads to her
        Call called = bob.awaitCall().awaitAck();
        called.reinvite();
        calling.reinvite();
        called.hangUp();

        calling.awaitHangUp();
    }
}
