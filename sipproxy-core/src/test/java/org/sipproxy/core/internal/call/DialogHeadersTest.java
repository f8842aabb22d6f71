package org.sipproxy.core.internal.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;
import org.sipproxy.message.SipUri;

class DialogHeadersTest {

    private static final String OWN = "<sip:10.0.0.1;lr;rs=1>";

    private static SipResponse ok(String... lines) {
        return SipText.response("""
                SIP/2.0 200 OK
                Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
                From: <sip:alice@example.org>;tag=a
                To: <sip:bob@example.org>;tag=b
                Call-ID: c1
                CSeq: 1 INVITE
                """ + String.join("\n", lines) + "\nContent-Length: 0\n\n");
    }

    private static boolean isMyself(SipUri uri) {
        return uri.hostIs("10.0.0.1");
    }

    private static String route(boolean toCallee, String... recorded) throws SipParseException {
        SipResponse response = ok("Record-Route: " + String.join(", ", recorded));
        return new String(
                DialogHeaders.route(DialogHeaders.recordRoute(response), toCallee, DialogHeadersTest::isMyself), UTF_8);
    }

    @Test
    void routeStartsAtThisProxyAndLeadsToEachSide() throws SipParseException {
        String[] recorded = {"<sip:core;lr>", OWN, "<sip:edge;lr>"};

        assertThat(route(true, recorded)).isEqualTo(OWN + ", <sip:core;lr>");
        assertThat(route(false, recorded)).isEqualTo(OWN + ", <sip:edge;lr>");
    }

    @Test
    void nearestOfSeveralPassesCounts() throws SipParseException {
        String outer = "<sip:10.0.0.1;lr;rs=2>";

        assertThat(route(true, OWN, "<sip:app;lr>", outer)).isEqualTo(OWN);
        assertThat(route(false, OWN, "<sip:app;lr>", outer)).isEqualTo(outer);
    }

    @Test
    void unsignedRouteOfThisProxyIsNotItsOwn() throws SipParseException {
        assertThat(route(false, OWN, "<sip:10.0.0.1;lr>")).isEqualTo(OWN + ", <sip:10.0.0.1;lr>");
    }

    @Test
    void malformedRecordRouteAndContactCountAsMissing() {
        SipResponse response = ok("Record-Route: <sip:broken", "Contact: <sip:a b@h>");

        assertThat(DialogHeaders.recordRoute(response)).isEmpty();
        assertThat(DialogHeaders.contact(response)).isEmpty();
        assertThat(DialogHeaders.contact(ok())).isEmpty();
    }

    @Test
    void contactIsValidAsARequestUri() {
        assertThat(new String(DialogHeaders.contact(ok("Contact: \"B\" <sip:b@h;method=INVITE;x=1?a=b>;q=1")), UTF_8))
                .isEqualTo("sip:b@h;x=1");
    }

    @ParameterizedTest
    @CsvSource({"1800, 1800", "'90;refresher=uas', 90", "x, 0", "99999999999999999999, 1000000"})
    void sessionIntervalIsReadAndBounded(String value, long least) {
        assertThat(DialogHeaders.sessionSeconds(ok("Session-Expires: " + value)))
                .isBetween(least, 10_000_000L);
    }

    @Test
    void reasonIsAQuotedString() {
        assertThat(DialogHeaders.reason(16, "a \"b\" \\")).isEqualTo("Q.850;cause=16;text=\"a \\\"b\\\" \\\\\"");
        assertThat(DialogHeaders.reason(16, "")).isEqualTo("Q.850;cause=16");
    }

    @Test
    void requestHasTheHeadersOfTheDialog() throws SipParseException {
        Side caller = new Side();
        caller.address = "<sip:alice@example.org>;tag=a".getBytes(UTF_8);
        Side callee = new Side();
        callee.address = "<sip:bob@example.org>;tag=b".getBytes(UTF_8);
        callee.route = OWN.getBytes(UTF_8);

        SipRequest bye = DialogHeaders.request(
                Method.BYE, caller, callee, 7, "c1", "sip:fallback@h".getBytes(UTF_8), null, ParseLimits.DEFAULT);

        assertThat(bye.requestUri()).hasToString("sip:fallback@h");
        assertThat(bye.fromTag()).isEqualTo("a");
        assertThat(bye.toTag()).isEqualTo("b");
        assertThat(bye.cseq().number()).isEqualTo(7);
        assertThat(bye.toString()).contains("Route: " + OWN).doesNotContain("Reason");
    }
}
