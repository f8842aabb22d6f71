package org.sipproxy.api.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Credentials of forwarded requests. {@code HostRequestDigestTest} has the algorithms. */
class DigestSessionTest {

    private static final SipUri URI = SipUri.of("sip:0301@carrier.test");
    private static final DigestLogin LOGIN =
            DigestLogin.ofPassword("trunk", "secret").forRealm("carrier.test");

    private final DigestNonces nonces = new DigestNonces();

    private DigestSession session() {
        return new DigestSession(Method.INVITE, URI, List.of(LOGIN), nonces);
    }

    private static SipMessage parse(String text) throws SipParseException {
        return SipMessage.parse(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    private static SipResponse challenge(String... lines) throws SipParseException {
        return (SipResponse) parse("""
            SIP/2.0 407 Proxy Authentication Required
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            From: <sip:a@b>;tag=1
            To: <sip:0301@carrier.test>;tag=2
            Call-ID: 1
            CSeq: 1 INVITE
            %s
            Content-Length: 0

            """.formatted(String.join("\n", lines)));
    }

    private static String byProxy(String nonce, String... more) {
        return "Proxy-Authenticate: Digest realm=\"carrier.test\", nonce=\"" + nonce + "\", qop=\"auth\""
                + (more.length == 0 ? "" : ", " + more[0]);
    }

    private static String line(DigestSession session) {
        return session.credentials()
                .getOrDefault(HeaderName.PROXY_AUTHORIZATION, List.of("none"))
                .get(0);
    }

    private static String parameter(String line, String name) {
        Matcher found =
                Pattern.compile("[ ,]" + name + "=(\"([^\"]*)\"|[^ ,]+)").matcher(line);
        assertThat(found.find()).as("%s in %s", name, line).isTrue();
        return found.group(2) != null ? found.group(2) : found.group(1);
    }

    @Test
    void responseIsTheHashOfTheWholeChallenge() throws SipParseException {
        DigestSession session = session();
        assertThat(session.accept(challenge(byProxy("n1")))).isTrue();

        String line = line(session);
        DigestAlgorithm md5 = DigestAlgorithm.MD5;
        String ha1 = md5.hash("trunk:carrier.test:secret");
        String ha2 = md5.hash("INVITE:" + URI);
        assertThat(parameter(line, "response"))
                .isEqualTo(md5.hash(String.join(":", ha1, "n1", "00000001", parameter(line, "cnonce"), "auth", ha2)));
    }

    @Test
    void laterSessionBeginsWithTheNonceAndTheNextCount() throws SipParseException {
        DigestSession first = session();
        first.accept(challenge(byProxy("n1")));
        line(first);

        DigestSession second = session();
        assertThat(parameter(line(second), "nc")).isEqualTo("00000002");
        assertThat(second.accept(challenge(byProxy("n2"))))
                .as("a nonce of others is not a failed answer")
                .isTrue();
        assertThat(parameter(line(second), "nonce")).isEqualTo("n2");
        assertThat(second.accept(challenge(byProxy("n3"))))
                .as("a wrong password")
                .isFalse();
        assertThat(line(session())).isEqualTo("none");
    }

    @Test
    void staleNonceIsAnsweredOnceMore() throws SipParseException {
        DigestSession session = session();
        assertThat(session.accept(challenge(byProxy("n1")))).isTrue();
        assertThat(session.accept(challenge(byProxy("n2", "stale=true")))).isTrue();
        assertThat(session.accept(challenge(byProxy("n3", "stale=true")))).isFalse();
    }

    @Test
    void otherRealmsAreNotAnswered() throws SipParseException {
        DigestSession session = session();
        assertThat(session.accept(challenge("WWW-Authenticate: Digest realm=\"other.test\", nonce=\"1\"")))
                .isFalse();
        assertThat(session.credentials()).isEmpty();
    }

    @Test
    void clearedNoncesAreNotUsed() throws SipParseException {
        session().accept(challenge(byProxy("n1")));
        nonces.clear();
        assertThat(line(session())).isEqualTo("none");
        assertThat(nonces).hasToString("DigestNonces[0]");
    }

    @Test
    void authorizedRequestHasNoOtherCredentials() throws SipParseException {
        SipRequest request = (SipRequest) parse("""
            INVITE sip:0301@carrier.test SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            From: <sip:a@b>;tag=1
            To: <sip:0301@carrier.test>
            Call-ID: 1
            CSeq: 1 INVITE
            Authorization: Digest realm="x"
            Proxy-Authorization: Digest realm="y"
            Content-Length: 0

            """);
        DigestSession session = session();
        assertThat(session.authorize(request).hasHeader(HeaderName.AUTHORIZATION))
                .isFalse();

        session.accept(challenge(byProxy("n1"), "WWW-Authenticate: Digest realm=\"carrier.test\", nonce=\"n2\""));
        SipRequest authorized = session.authorize(request);

        assertThat(authorized.headers(HeaderName.PROXY_AUTHORIZATION))
                .singleElement()
                .asString()
                .contains("n1");
        assertThat(authorized.headers(HeaderName.AUTHORIZATION))
                .singleElement()
                .asString()
                .contains("n2");
    }
}
