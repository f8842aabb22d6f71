package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** The proxy connects phones that it reaches only through NATs or over their own connections. */
@Timeout(60)
class NatConnectTest {

    private static final TestCertificate CERTIFICATE = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.listen(Endpoint.tls("127.0.0.1", 0))
                    .listen(Endpoint.ws("127.0.0.1", 0))
                    .listen(Endpoint.wss("127.0.0.1", 0))
                    .tls(TlsSettings.builder()
                            .certificate(CERTIFICATE.chain(), CERTIFICATE.key())
                            .build())
                    .component(NatTraversal.builder().build()))
            .build();

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    private Participant user(String name) {
        return Participant.of(SipUri.of("sip:" + name + "@" + sip.domain()));
    }

    private void connectAndHangUpFromAllSides(Phone alice, Phone bob) {
        for (CallEnd.Side side : new CallEnd.Side[] {CallEnd.Side.CALLER, CallEnd.Side.CALLEE, CallEnd.Side.PROXY}) {
            ThirdPartyCall call = sip.proxy().requests().connect(CallSetup.of(user("alice"), user("bob")));
            IncomingCall first = alice.awaitCall().answer(parts -> parts.body("application/sdp", "v=0\r\n"));
            IncomingCall second = bob.awaitCall().answer(parts -> parts.body("application/sdp", "v=0\r\n"));
            second.awaitAck();
            first.awaitAck();
            assertThat(get(call.connected())).isTrue();
            assertThat(first.reinvite(parts -> parts.body("application/sdp", "v=0\r\n"))
                            .statusCode())
                    .isEqualTo(200);
            second.awaitAck();
            assertThat(second.reinvite().statusCode()).isEqualTo(200);
            first.awaitAck();
            assertThat(first.update().statusCode()).isEqualTo(200);
            assertThat(second.update().statusCode()).isEqualTo(200);
            switch (side) {
                case CALLER -> first.hangUp();
                case CALLEE -> second.hangUp();
                default -> get(call.hangUp("test"));
            }
            if (side != CallEnd.Side.CALLER) {
                first.awaitHangUp();
            }
            if (side != CallEnd.Side.CALLEE) {
                second.awaitHangUp();
            }
            assertThat(get(call.ended()).side()).isEqualTo(side);
        }
    }

    @ParameterizedTest
    @EnumSource(NatKind.class)
    void phonesBehindNats(NatKind kind) {
        connectAndHangUpFromAllSides(behind(kind, "alice"), behind(kind, "bob"));
    }

    private Phone behind(NatKind kind, String user) {
        NatRouter router = sip.closing(NatRouter.of(kind));
        Phone phone = sip.phone(user, options -> options.behind(router));
        phone.registerIfMappingChanged();
        return phone;
    }

    @ParameterizedTest
    @EnumSource(
            value = TransportKind.class,
            names = {"TCP", "TLS", "WS", "WSS"})
    void phonesThatAreReachedOverTheirOwnConnections(TransportKind kind) {
        Phone alice = sip.registeredPhone("alice", options -> {
            options.transport(kind).tls(TestCertificate.contextWithout(CERTIFICATE));
            if (kind == TransportKind.TCP || kind == TransportKind.TLS) {
                options.claiming("192.168.7.4:5060");
            }
        });

        connectAndHangUpFromAllSides(alice, behind(NatKind.FULL_CONE, "bob"));
    }
}
