package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.SipProxyExtension;

/** A phone with a password dials {@code tel:} URIs (RFC 3966). */
@Timeout(60)
class TelephoneCallTest {

    private static final String PASSWORD = "pw1002";

    /** Where {@code tel:} URIs go; set by each test. */
    private static volatile Target exit = Target.of(SipUri.of("sip:unset.invalid"));

    @RegisterExtension
    static final SipProxyExtension SIP = SipProxyExtension.builder()
            .domain("sip.test")
            .user("1002", PASSWORD)
            .user("+49301234", "pw1234")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(builder -> builder.calls(CallSettings.DEFAULT)
                    .beforeRouting(RequestStage.onInvite(
                            context -> context.authenticatedUser().isPresent()
                                            && !context.request().requestUri().isSip()
                                    ? Verdict.relay(exit)
                                    : Verdict.proceed())))
            .build();

    private final RawPeer phone = SIP.closing(new RawPeer("127.0.0.2", SIP.udp()));
    private final RawPeer gateway = SIP.closing(new RawPeer("127.0.0.4", SIP.udp()));
    private final String callId = "call-" + phone.hostPort();
    private String from = "<sip:1002@sip.test>";

    private void send(String method, int cseq, String uri, String to, String... lines) {
        List<String> all = new ArrayList<>(List.of(
                method + " " + uri + " SIP/2.0",
                phone.via("p" + cseq + method),
                "From: " + from + ";tag=phone",
                "To: " + to,
                "Call-ID: " + callId,
                "CSeq: " + cseq + " " + method,
                "Contact: <sip:1002@" + phone.hostPort() + ">",
                "Max-Forwards: 70"));
        all.addAll(List.of(lines));
        phone.send(all.toArray(String[]::new));
    }

    private static String proof(String user, String password, String nonce, String method, String uri) {
        return "Proxy-Authorization: "
                + DigestCredentials.of(user, "sip.test", password, nonce)
                        .request(method, uri)
                        .value();
    }

    private String challenged(String uri, String... lines) {
        send("INVITE", 1, uri, "<" + uri + ">", lines);
        String challenge = phone.await("SIP/2.0 407", "1 INVITE");
        send("ACK", 1, uri, RawPeer.header(challenge, "To"), lines);
        return RawPeer.nonceOf(challenge);
    }

    @ParameterizedTest
    @CsvSource({
        "tel:+49301234567, tel:+49301234567",
        "tel:+49-30-1234567, tel:+49-30-1234567",
        "tel:+49-30-1234567, tel:+49301234567",
        "tel:7042;phone-context=sip.test, tel:7042;phone-context=sip.test",
        "tel:+4930;ext=22, tel:+4930;ext=22",
        "tel:7042;phone-context=sip.test;x=1, tel:70-42;phone-context=SIP.test",
        "tel:+49301234567, sip:+49301234567@sip.test;user=phone",
        "tel:+49301234567, sip:sip.test"
    })
    void callIsSetUpAndEnded(String uri, String digestUri) {
        exit = Target.of(SipUri.of("sip:out@" + gateway.hostPort()));
        String proof = proof("1002", PASSWORD, challenged(uri), "INVITE", digestUri);

        send("INVITE", 2, uri, "<" + uri + ">", proof);
        String invite = gateway.await("INVITE sip:out@");
        gateway.respond(invite, "200 OK", "Contact: <sip:gw@" + gateway.hostPort() + ">");
        String ok = phone.await("SIP/2.0 200", "2 INVITE");
        assertThat(invite).doesNotContain("Authorization");
        assertThat(RawPeer.header(invite, "To")).isEqualTo("<" + uri + ">");
        String route = "Route: " + RawPeer.header(invite, "Record-Route");
        send("ACK", 2, "sip:gw@" + gateway.hostPort(), RawPeer.header(ok, "To"), route, proof);
        gateway.await("ACK sip:gw@");
        send("BYE", 3, "sip:gw@" + gateway.hostPort(), RawPeer.header(ok, "To"), route);
        String bye = gateway.await("BYE sip:gw@");
        gateway.respond(bye, "200 OK");
        phone.await("SIP/2.0 200", "3 BYE");
    }

    /** The gateway gets the number as it was dialled, through a Route. */
    @Test
    void telUriIsForwardedToAnOutboundProxy() {
        String uri = "tel:+49301234567";
        exit = new Target(
                SipUri.of(uri), 1f, List.of(SipUri.of("sip:" + gateway.hostPort() + ";lr")), null, null, null);
        String proof = proof("1002", PASSWORD, challenged(uri), "INVITE", uri);

        send("INVITE", 2, uri, "<" + uri + ">", proof);

        String invite = gateway.await("INVITE tel:+49301234567 SIP/2.0");
        assertThat(RawPeer.header(invite, "Route")).isEqualTo("<sip:" + gateway.hostPort() + ";lr>");
        gateway.respond(invite, "486 Busy Here");
        phone.await("SIP/2.0 486", "2 INVITE");
    }

    /** The Route of a phone with an outbound proxy. */
    @Test
    void routeToThisProxyIsRemoved() {
        String uri = "tel:+49301234567";
        exit = Target.of(SipUri.of("sip:out@" + gateway.hostPort()));
        String route = "Route: <sip:127.0.0.1:" + SIP.udp().getPort() + ";lr>";
        String proof = proof("1002", PASSWORD, challenged(uri, route), "INVITE", uri);

        send("INVITE", 2, uri, "<" + uri + ">", route, proof);

        String invite = gateway.await("INVITE sip:out@");
        assertThat(invite).doesNotContain("\r\nRoute:");
        gateway.respond(invite, "486 Busy Here");
        phone.await("SIP/2.0 486", "2 INVITE");
    }

    /** The phone of a subscriber whose user name is the number. */
    @Test
    void fromMayBeATelUriToo() {
        String uri = "tel:+49301234567";
        exit = Target.of(SipUri.of("sip:out@" + gateway.hostPort()));
        from = "<tel:+49-30-1234>";
        String proof = proof("+49301234", "pw1234", challenged(uri), "INVITE", uri);

        send("INVITE", 2, uri, "<" + uri + ">", proof);

        String invite = gateway.await("INVITE sip:out@");
        gateway.respond(invite, "486 Busy Here");
        phone.await("SIP/2.0 486", "2 INVITE");
    }

    @ParameterizedTest
    @CsvSource({
        "tel:+49301234567, tel:+49301234568",
        "tel:+49301234567, sip:+49301234567@elsewhere.test",
        "tel:7042;phone-context=sip.test, tel:7042;phone-context=elsewhere.test",
        "tel:7042;phone-context=sip.test, tel:7042",
        "tel:7042;phone-context=sip.test, urn:x;phone-context=sip.test"
    })
    void credentialsForAnotherNumberDoNotCount(String uri, String digestUri) {
        exit = Target.of(SipUri.of("sip:out@" + gateway.hostPort()));
        String proof = proof("1002", PASSWORD, challenged(uri), "INVITE", digestUri);

        send("INVITE", 2, uri, "<" + uri + ">", proof);

        phone.await("SIP/2.0 40", "2 INVITE"); // challenged again, or refused
        assertThat(gateway.pending()).isEmpty();
    }
}
