package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Requests of the host application that a server challenges (RFC 3261 §22, RFC 7616, RFC 8760). */
class HostRequestDigestTest {

    private static final String NONCE = "nonce=\"5f3a\"";

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp provider = proxy.udp("provider");
    private final String uri = "sip:" + provider.hostPort();

    @AfterEach
    void nothingIsLeft() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> proxy.proxy().statistics().hostRequests() == 0
                        && proxy.proxy().statistics().transactionBytes() == 0);
        proxy.close();
    }

    private CompletableFuture<SipResponse> register(DigestLogin... logins) {
        OutgoingRequest.Builder builder = OutgoingRequest.builder(Method.REGISTER, SipUri.of(uri))
                .from(SipUri.of("sip:trunk@provider.test"))
                .to(SipUri.of("sip:trunk@provider.test"));
        Arrays.stream(logins).forEach(builder::login);
        return proxy.proxy().requests().send(builder.build());
    }

    private static DigestLogin secret() {
        return DigestLogin.ofPassword("trunk", "secret").forRealm("provider.test");
    }

    private static int status(CompletableFuture<SipResponse> result) {
        return result.orTimeout(5, TimeUnit.SECONDS).join().statusCode();
    }

    private static String challenge(String header, String realm, String... parameters) {
        return header + ": Digest realm=\"" + realm + "\", " + String.join(", ", parameters);
    }

    private static String parameter(String credentials, String name) {
        Matcher found =
                Pattern.compile("[ ,]" + name + "=(\"([^\"]*)\"|[^ ,]+)").matcher(credentials);
        assertThat(found.find()).as("%s in %s", name, credentials).isTrue();
        return found.group(2) != null ? found.group(2) : found.group(1);
    }

    private static String hash(String algorithm, String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private String expected(String algorithm, String credentials, String password) {
        String ha1 = hash(algorithm, "trunk:provider.test:" + password);
        return hash(
                algorithm,
                String.join(
                        ":",
                        ha1,
                        parameter(credentials, "nonce"),
                        parameter(credentials, "nc"),
                        parameter(credentials, "cnonce"),
                        "auth",
                        hash(algorithm, "REGISTER:" + uri)));
    }

    private WireMessage refuse(WireMessage request, int status, String... challenges) {
        provider.respond(request, status, challenges);
        return provider.await(
                "the next request", m -> !m.isResponse() && !m.header("CSeq").equals(request.header("CSeq")));
    }

    @Test
    void challengeOfAServerIsAnswered() {
        CompletableFuture<SipResponse> result = register(secret());
        WireMessage first = provider.awaitRequest("REGISTER");

        WireMessage second = refuse(
                first,
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth-int,auth\"", "opaque=\"a b\\\"c\""));
        provider.respond(second, 200);

        String credentials = second.header("Authorization");
        assertThat(status(result)).isEqualTo(200);
        assertThat(first.has("Authorization")).isFalse();
        assertThat(second.header("CSeq")).isEqualTo("2 REGISTER");
        assertThat(second.header("Call-ID")).isEqualTo(first.header("Call-ID"));
        assertThat(second.header("From")).isEqualTo(first.header("From"));
        assertThat(second.header("Via")).isNotEqualTo(first.header("Via"));
        assertThat(parameter(credentials, "username")).isEqualTo("trunk");
        assertThat(parameter(credentials, "uri")).isEqualTo(uri);
        assertThat(parameter(credentials, "nc")).isEqualTo("00000001");
        assertThat(parameter(credentials, "qop")).isEqualTo("auth");
        assertThat(credentials).contains("opaque=\"a b\\\"c\"");
        assertThat(parameter(credentials, "response")).isEqualTo(expected("MD5", credentials, "secret"));
    }

    @Test
    void challengeOfAProxyIsAnswered() {
        CompletableFuture<SipResponse> result = register(DigestLogin.ofPassword("trunk", "secret"));

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                407,
                challenge("Proxy-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=SHA-256"));
        provider.respond(second, 200);

        String credentials = second.header("Proxy-Authorization");
        assertThat(status(result)).isEqualTo(200);
        assertThat(second.has("Authorization")).isFalse();
        assertThat(parameter(credentials, "algorithm")).isEqualTo("SHA-256");
        assertThat(parameter(credentials, "response")).isEqualTo(expected("SHA-256", credentials, "secret"));
    }

    @Test
    void strongestChallengeIsAnswered() {
        CompletableFuture<SipResponse> result = register(secret());

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=MD5"),
                challenge("WWW-Authenticate", "provider.test", "nonce=\"77\"", "qop=\"auth\"", "algorithm=SHA-256"),
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=FUTURE-1"));
        provider.respond(second, 200);

        assertThat(status(result)).isEqualTo(200);
        assertThat(second.lines("Authorization")).singleElement().asString().contains("SHA-256", "nonce=\"77\"");
    }

    @Test
    void hashOfThePasswordLimitsTheAlgorithms() {
        String ha1 = hash("MD5", "trunk:provider.test:secret");
        CompletableFuture<SipResponse> result = register(DigestLogin.ofHa1("trunk", "provider.test", "MD5", ha1));

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=SHA-256"),
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=MD5"));
        provider.respond(second, 200);

        String credentials = second.header("Authorization");
        assertThat(status(result)).isEqualTo(200);
        assertThat(parameter(credentials, "response")).isEqualTo(expected("MD5", credentials, "secret"));
    }

    @Test
    void wrongPasswordIsTriedOnce() {
        CompletableFuture<SipResponse> result = register(secret());

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\""));
        provider.respond(
                second,
                401,
                challenge("WWW-Authenticate", "provider.test", "nonce=\"99\"", "qop=\"auth\"", "stale=false"));

        assertThat(status(result)).isEqualTo(401);
        assertThat(provider.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void staleNonceIsReplacedOnce() {
        CompletableFuture<SipResponse> result = register(secret());

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\""));
        WireMessage third = refuse(
                second,
                401,
                challenge("WWW-Authenticate", "provider.test", "nonce=\"99\"", "qop=\"auth\"", "stale=TRUE"));
        provider.respond(
                third,
                401,
                challenge("WWW-Authenticate", "provider.test", "nonce=\"100\"", "qop=\"auth\"", "stale=true"));

        assertThat(status(result)).isEqualTo(401);
        assertThat(parameter(third.header("Authorization"), "nonce")).isEqualTo("99");
        assertThat(third.header("CSeq")).isEqualTo("3 REGISTER");
        assertThat(provider.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void proxyAndServerOnThePathAreBothAnswered() {
        CompletableFuture<SipResponse> result =
                register(secret(), DigestLogin.ofPassword("edge", "other").forRealm("edge.test"));

        WireMessage second = refuse(
                provider.awaitRequest("REGISTER"),
                407,
                challenge("Proxy-Authenticate", "edge.test", NONCE, "qop=\"auth\""));
        WireMessage third =
                refuse(second, 401, challenge("WWW-Authenticate", "provider.test", "nonce=\"99\"", "qop=\"auth\""));
        provider.respond(third, 200);

        assertThat(status(result)).isEqualTo(200);
        assertThat(parameter(third.header("Proxy-Authorization"), "username")).isEqualTo("edge");
        assertThat(parameter(third.header("Proxy-Authorization"), "nc")).isEqualTo("00000002");
        assertThat(parameter(third.header("Authorization"), "username")).isEqualTo("trunk");
    }

    @Test
    void challengeOfAnotherRealmIsTheResult() {
        CompletableFuture<SipResponse> result = register(secret());

        provider.respond(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "attacker.test", NONCE, "qop=\"auth\""));

        assertThat(status(result)).isEqualTo(401);
        assertThat(provider.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void serverOfRfc2069AndSessionAlgorithmAreAnswered() {
        CompletableFuture<SipResponse> old = register(secret());
        WireMessage withoutQop =
                refuse(provider.awaitRequest("REGISTER"), 401, challenge("WWW-Authenticate", "provider.test", NONCE));
        provider.respond(withoutQop, 200);
        CompletableFuture<SipResponse> session = register(secret());
        WireMessage withSession = refuse(
                provider.awaitRequest("REGISTER"),
                401,
                challenge("WWW-Authenticate", "provider.test", NONCE, "qop=\"auth\"", "algorithm=MD5-sess"));
        provider.respond(withSession, 200);

        assertThat(status(old)).isEqualTo(200);
        assertThat(status(session)).isEqualTo(200);
        String ha1 = hash("MD5", "trunk:provider.test:secret");
        String ha2 = hash("MD5", "REGISTER:" + uri);
        assertThat(parameter(withoutQop.header("Authorization"), "response"))
                .isEqualTo(hash("MD5", ha1 + ":5f3a:" + ha2));
        assertThat(withoutQop.header("Authorization")).doesNotContain("qop", "nc=", "cnonce");
        String credentials = withSession.header("Authorization");
        String cnonce = parameter(credentials, "cnonce");
        assertThat(parameter(credentials, "algorithm")).isEqualTo("MD5-sess");
        assertThat(parameter(credentials, "response"))
                .isEqualTo(hash(
                        "MD5", hash("MD5", ha1 + ":5f3a:" + cnonce) + ":5f3a:00000001:" + cnonce + ":auth:" + ha2));
    }

    @Test
    void malformedChallengeIsTheResult() {
        for (String challenge : new String[] {
            "WWW-Authenticate: Digest realm=\"provider.test",
            "WWW-Authenticate: Digest realm=\"provider.test\", nonce=\"1\", nonce=\"2\"",
            "WWW-Authenticate: Digest realm=\"provider.test\", nonce=\"1\", qop=\"auth-int\"",
            "WWW-Authenticate: Basic realm=\"provider.test\"",
            "WWW-Authenticate: ,,="
        }) {
            CompletableFuture<SipResponse> result = register(secret());
            provider.respond(provider.awaitRequest("REGISTER"), 401, challenge);

            assertThat(status(result)).as(challenge).isEqualTo(401);
        }
        assertThat(provider.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void algorithmsAreOrderedByStrength() {
        assertThat(DigestAlgorithm.values())
                .containsExactly(DigestAlgorithm.SHA_512_256, DigestAlgorithm.SHA_256, DigestAlgorithm.MD5);
        assertThat(DigestAlgorithm.MD5.ha1("Mufasa", "http-auth@example.org", "Circle of Life"))
                .isEqualTo("3d78807defe7de2157e2b0b6573a855f"); // RFC 7616 §3.9.1
    }
}
