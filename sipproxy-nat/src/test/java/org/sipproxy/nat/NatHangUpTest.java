package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.testkit.Call;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** The proxy hangs up calls of phones that it reaches only through NATs or over their own connections. */
@Timeout(60)
class NatHangUpTest {

    private static final TestCertificate CERTIFICATE = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.listen(Endpoint.tls("127.0.0.1", 0))
                    .listen(Endpoint.ws("127.0.0.1", 0))
                    .listen(Endpoint.wss("127.0.0.1", 0))
                    .tls(TlsSettings.builder()
                            .certificate(CERTIFICATE.chain(), CERTIFICATE.key())
                            .build())
                    .calls(CallSettings.DEFAULT)
                    .component(NatTraversal.builder().build()))
            .build();

    /** Hangs up as the proxy, and checks that both phones accept the BYE. */
    private void hangUp(Call one, Call other) {
        org.sipproxy.api.call.Call call =
                sip.proxy().calls().withCallId(one.id()).get(0);

        CallEnd end = sip.proxy()
                .calls()
                .hangUp(call, "test")
                .orTimeout(10, TimeUnit.SECONDS)
                .join()
                .end()
                .orElseThrow();

        one.awaitHangUp();
        other.awaitHangUp();
        assertThat(end.reason()).isEqualTo(CallEnd.Reason.HUNG_UP);
        assertThat(sip.proxy().calls().count()).isZero();
    }

    private void callAndHangUp(Phone alice, Phone bob) {
        Call calling = alice.call("bob").awaitAnswer();
        Call called = bob.awaitCall().awaitAck();
        hangUp(calling, called);

        Call back = bob.call("alice").awaitAnswer();
        Call atAlice = alice.awaitCall().awaitAck();
        back.reinvite();
        atAlice.update();
        hangUp(back, atAlice);
    }

    @ParameterizedTest
    @EnumSource(NatKind.class)
    void phonesBehindNats(NatKind kind) {
        List<Phone> phones = List.of(behind(kind, "alice"), behind(kind, "bob"));

        callAndHangUp(phones.get(0), phones.get(1));
    }

    private Phone behind(NatKind kind, String user) {
        NatRouter router = sip.closing(NatRouter.of(kind));
        Phone phone = sip.phone(user, options -> options.behind(router).answering());
        phone.registerIfMappingChanged();
        return phone;
    }

    @ParameterizedTest
    @EnumSource(
            value = TransportKind.class,
            names = {"TCP", "TLS", "WS", "WSS"})
    void phonesThatAreReachedOverTheirOwnConnections(TransportKind kind) {
        Phone alice = sip.registeredPhone("alice", options -> {
            options.transport(kind)
                    .tls(TestCertificate.contextWithout(CERTIFICATE))
                    .answering();
            if (kind == TransportKind.TCP || kind == TransportKind.TLS) {
                options.claiming("192.168.7.4:5060");
            }
        });

        callAndHangUp(alice, behind(NatKind.FULL_CONE, "bob"));
    }
}
