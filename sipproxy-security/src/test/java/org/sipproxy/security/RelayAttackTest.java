package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.SipProxyExtension;

/**
 * The RFC 3261 authentication relay (draft-state-sip-relay-attack-00): an outsider makes a user authenticate a call of
 * the outsider. The proxy removes challenges for its realm from responses and credentials for its realm from requests;
 * either is sufficient.
 */
@Timeout(60)
class RelayAttackTest {

    private static final String PASSWORD = "pw1002";

    @RegisterExtension
    static final SipProxyExtension SIP = SipProxyExtension.builder()
            .domain("sip.test")
            .user("1002", PASSWORD)
            .user("1003", "pw1003")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .withoutLeakCheck()
            .build();

    private final RawPeer victim = SIP.closing(new RawPeer("127.0.0.2", SIP.udp()));
    private final RawPeer mallory = SIP.closing(new RawPeer("127.0.0.3", SIP.udp()));
    private final RawPeer gateway = SIP.closing(new RawPeer("127.0.0.4", SIP.udp()));
    private final String callId = "call-" + victim.hostPort();
    private final String tollCall = "sip:+1900123@" + gateway.hostPort();

    private void victimSends(String method, int cseq, String uri, String to, String... lines) {
        String[] head = {
            method + " " + uri + " SIP/2.0",
            victim.via("v" + cseq + method),
            "From: <sip:1002@sip.test>;tag=victim",
            "To: " + to,
            "Call-ID: " + callId,
            "CSeq: " + cseq + " " + method,
            "Contact: <sip:1002@" + victim.hostPort() + ">",
            "Max-Forwards: 70"
        };
        String[] all = java.util.Arrays.copyOf(head, head.length + lines.length);
        System.arraycopy(lines, 0, all, head.length, lines.length);
        victim.send(all);
    }

    private String credentials(String nonce, String method, String uri) {
        return DigestCredentials.of("1002", "sip.test", PASSWORD, nonce)
                .request(method, uri)
                .value();
    }

    /** Step 1: the victim calls Mallory, who answers with the toll number as Contact and its own Record-Route. */
    private String[] routesOfTheCall() {
        String uri = "sip:mallory@" + mallory.hostPort();
        String to = "<" + uri + ">";
        victimSends("INVITE", 1, uri, to);
        String nonce = RawPeer.nonceOf(victim.await("SIP/2.0 407", "1 INVITE"));
        String proof = "Proxy-Authorization: " + credentials(nonce, "INVITE", uri);
        victimSends("INVITE", 2, uri, to, proof);
        String invite = mallory.await("INVITE " + uri);
        assertThat(invite).doesNotContain("Authorization");
        mallory.respond(
                invite, "200 OK", "Record-Route: <sip:" + mallory.hostPort() + ";lr>", "Contact: <" + tollCall + ">");
        String ok = victim.await("SIP/2.0 200", "2 INVITE");
        String[] routes = {
            "Route: " + RawPeer.header(invite, "Record-Route"), "Route: <sip:" + mallory.hostPort() + ";lr>"
        };
        // RFC 3261 §13.2.2.4: the ACK has the credentials of the INVITE
        victimSends("ACK", 2, tollCall, RawPeer.header(ok, "To"), routes[0], routes[1], proof);
        String ack = mallory.await("ACK " + tollCall);
        assertThat(ack).doesNotContain("Authorization").doesNotContain("response=");
        return routes;
    }

    /** Step 2: Mallory starts the toll call in the victim's name, and is challenged. */
    private void malloryCallsTheGateway(String branch, String... lines) {
        String[] head = {
            "INVITE " + tollCall + " SIP/2.0",
            mallory.via(branch),
            "From: <sip:1002@sip.test>;tag=mallory",
            "To: <" + tollCall + ">",
            "Call-ID: " + branch + mallory.hostPort(),
            "CSeq: 1 INVITE",
            "Contact: <sip:1002@" + mallory.hostPort() + ">",
            "Max-Forwards: 70"
        };
        String[] all = java.util.Arrays.copyOf(head, head.length + lines.length);
        System.arraycopy(lines, 0, all, head.length, lines.length);
        mallory.send(all);
    }

    @Test
    void attackFailsAtTwoPlaces() {
        String[] routes = routesOfTheCall();
        malloryCallsTheGateway("m1");
        String challenge = mallory.await("SIP/2.0 407", "m1");
        String nonce = RawPeer.nonceOf(challenge);

        // step 3: the victim changes its call (hold, session timer), and Mallory forwards the challenge
        String to = "<sip:mallory@" + mallory.hostPort() + ">;tag=callee";
        victimSends("INVITE", 3, tollCall, to, routes[0], routes[1]);
        String reinvite = mallory.await("INVITE " + tollCall, "3 INVITE");
        mallory.respond(
                reinvite,
                "407 Proxy Authentication Required",
                "Proxy-Authenticate: " + RawPeer.header(challenge, "Proxy-Authenticate"));

        // first place: the challenge does not reach the victim
        String refused = victim.await("SIP/2.0 4", "3 INVITE");
        assertThat(refused)
                .startsWith("SIP/2.0 403 Forbidden\r\n")
                .doesNotContain(nonce)
                .doesNotContain("Authenticate");

        // step 4, second place: if the victim responded to it nevertheless, Mallory would not get the credentials
        String proof = credentials(nonce, "INVITE", tollCall);
        victimSends("INVITE", 4, tollCall, to, routes[0], routes[1], "Proxy-Authorization: " + proof);
        String leaked = mallory.await("INVITE " + tollCall, "4 INVITE");
        assertThat(leaked).doesNotContain(nonce).doesNotContain("response=").doesNotContain("Authorization");

        // step 5: without credentials, Mallory's toll call is challenged as before
        malloryCallsTheGateway("m2");
        mallory.await("SIP/2.0 407", "m2");
        assertThat(gateway.pending()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Proxy-Authorization: Digest username=\"1002\", realm=\"sip.test\", nonce=\"n\", response=\"secret\"",
                "Authorization: Digest username=\"1002\", realm=\"sip.test\", nonce=\"n\", response=\"secret\"",
                "proxy-authorization :\tDIGEST REALM = \"SIP.TEST.\" , response=\"secret\"",
                "Proxy-Authorization: Digest username=\"1002\",\r\n realm=\r\n\t\"sip.test\", response=\"secret\"",
                "Proxy-Authorization: Digest realm=sip.test, response=\"secret\"",
                "Proxy-Authorization: Digest realm=\"sip\\.test\", response=\"secret\"",
                "Proxy-Authorization: Digest realm=\"elsewhere.test\", realm=\"sip.test\", response=\"secret\"",
                "Proxy-Authorization: Digest response=\"secret\", nonce=\"realm, realm=\"sip.test\"",
                "Proxy-Authorization: Digest response=\"secret\"; realm=\"sip.test\"",
                "Authorization: Digest realm=\"elsewhere.test\", Digest realm=\"sip.test\", response=\"secret\"",
            })
    void noRequestInADialogCarriesCredentialsForOurRealmOut(String line) {
        String[] routes = routesOfTheCall();
        String to = "<sip:mallory@" + mallory.hostPort() + ">;tag=callee";
        String foreign = "Authorization: Digest username=\"1002@sip.test\", realm=\"elsewhere.test\","
                + " uri=\"sip:x@sip.test\", nonce=\"realm=\\\"sip.test\\\"\", response=\"theirs\"";

        victimSends("BYE", 5, tollCall, to, routes[0], routes[1], foreign, line, "X-Last: 1");

        String bye = mallory.await("BYE " + tollCall, "5 BYE");
        assertThat(bye).doesNotContain("secret").contains(foreign + "\r\n").contains("X-Last: 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Proxy-Authenticate: Digest realm=\"sip.test\", nonce=\"attackernonce\"",
                "WWW-Authenticate: Digest realm=\"SIP.test\", nonce=\"attackernonce\"",
                "Proxy-Authenticate: Digest nonce=\"attackernonce\",\r\n realm = \"sip.test.\"",
                "WWW-Authenticate: Digest realm=\"elsewhere.test\", Digest realm=\"sip.test\", nonce=\"attackernonce\"",
                "Proxy-Authenticate: Basic realm=\"sip.test\", x=\"attackernonce\"",
                "Proxy-Authenticate: Digest nonce=\"attackernonce\" realm=\"sip.test",
            })
    void challengesForOurRealmDoNotComeIn(String line) {
        String[] routes = routesOfTheCall();
        String to = "<sip:mallory@" + mallory.hostPort() + ">;tag=callee";
        String foreign = "Proxy-Authenticate: Digest realm=\"elsewhere.test\", nonce=\"theirs\", opaque=\"sip.test\"";

        victimSends("INFO", 3, tollCall, to, routes[0], routes[1]);
        mallory.respond(mallory.await("INFO " + tollCall, "3 INFO"), "407 Proxy Authentication Required", line);
        assertThat(victim.await("SIP/2.0 ", "3 INFO"))
                .startsWith("SIP/2.0 403 Forbidden\r\n")
                .doesNotContain("attackernonce");

        // the challenge of another server still passes, also beside a removed one
        victimSends("INFO", 4, tollCall, to, routes[0], routes[1]);
        mallory.respond(
                mallory.await("INFO " + tollCall, "4 INFO"), "407 Proxy Authentication Required", line, foreign);
        assertThat(victim.await("SIP/2.0 ", "4 INFO"))
                .startsWith("SIP/2.0 407 ")
                .contains(foreign + "\r\n")
                .doesNotContain("attackernonce");

        // also removed from a response that is not a failure
        victimSends("INFO", 5, tollCall, to, routes[0], routes[1]);
        mallory.respond(mallory.await("INFO " + tollCall, "5 INFO"), "200 OK", line, "X-Last: 1");
        assertThat(victim.await("SIP/2.0 ", "5 INFO"))
                .startsWith("SIP/2.0 200 ")
                .contains("X-Last: 1\r\n")
                .doesNotContain("attackernonce");
    }

    @Test
    void challengesOfForkedBranchesAreRemovedBeforeTheBestIsChosen() {
        RawPeer other = SIP.closing(new RawPeer("127.0.0.5", SIP.udp()));
        mallory.register("1003", "pw1003", "sip.test");
        other.register("1003", "pw1003", "sip.test");
        victimSends("MESSAGE", 1, "sip:1003@sip.test", "<sip:1003@sip.test>");
        String nonce = RawPeer.nonceOf(victim.await("SIP/2.0 407", "1 MESSAGE"));
        String proof = "Proxy-Authorization: " + credentials(nonce, "MESSAGE", "sip:1003@sip.test");
        victimSends("MESSAGE", 2, "sip:1003@sip.test", "<sip:1003@sip.test>", proof);
        String theirs = "WWW-Authenticate: Digest realm=\"elsewhere.test\", nonce=\"theirs\"";

        mallory.respond(
                mallory.await("2 MESSAGE"),
                "407 Proxy Authentication Required",
                "Proxy-Authenticate: Digest realm=\"sip.test\", nonce=\"attackernonce\"");
        other.respond(
                other.await("2 MESSAGE"),
                "401 Unauthorized",
                theirs,
                "WWW-Authenticate: Digest realm=\"sip.test\", nonce=\"attackernonce\"");

        assertThat(victim.await("SIP/2.0 ", "2 MESSAGE"))
                .startsWith("SIP/2.0 401 ")
                .contains(theirs + "\r\n")
                .doesNotContain("attackernonce");
    }

    /** A user of this proxy registers with another registrar through it. */
    @Test
    void anotherRegistrarsChallengeAndItsCredentialsPass() {
        String uri = "sip:" + mallory.hostPort();
        victimSends("REGISTER", 1, uri, "<sip:1002@elsewhere.test>");
        String nonce = RawPeer.nonceOf(victim.await("SIP/2.0 407", "1 REGISTER"));
        String ours = "Proxy-Authorization: " + credentials(nonce, "REGISTER", uri);
        victimSends("REGISTER", 2, uri, "<sip:1002@elsewhere.test>", ours);
        String challenge = "WWW-Authenticate: Digest realm=\"elsewhere.test\", nonce=\"theirs\"";
        mallory.respond(mallory.await("REGISTER ", "2 REGISTER"), "401 Unauthorized", challenge);
        assertThat(victim.await("SIP/2.0 401", "2 REGISTER")).contains(challenge + "\r\n");

        String next = ours.replace("nc=00000001", "nc=00000002").replaceAll("response=\"[0-9a-f]*\"", "response=\"x\"");
        victimSends("REGISTER", 3, uri, "<sip:1002@elsewhere.test>", next);
        nonce = RawPeer.nonceOf(victim.await("SIP/2.0 407", "3 REGISTER"));
        String answer = "Authorization: Digest username=\"1002\", realm=\"elsewhere.test\", nonce=\"theirs\","
                + " uri=\"sip:elsewhere.test\", response=\"0123456789abcdef0123456789abcdef\"";
        victimSends(
                "REGISTER",
                4,
                uri,
                "<sip:1002@elsewhere.test>",
                answer,
                "Proxy-Authorization: " + credentials(nonce, "REGISTER", uri));
        assertThat(mallory.await("REGISTER ", "4 REGISTER"))
                .contains(answer + "\r\n")
                .doesNotContain("Proxy-Authorization");
    }
}
