package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Digest authentication of three users with MD5 and nonces that are not bound. */
abstract class DigestScene {

    static final Instant START = FakeStageContext.START;
    static final byte[] SECRET = new byte[16];
    static final Pattern CHALLENGE = Pattern.compile(
            "(WWW|Proxy)-Authenticate: Digest realm=\"([^\"]*)\", nonce=\"([^\"]*)\"(, stale=true)?, algorithm=MD5,"
                    + " qop=\"auth\"");

    final InMemoryCredentials users = InMemoryCredentials.of(
            Credential.ofPassword("1001", "example.org", "secret"),
            Credential.ofHa1(
                    "1002", "example.org", DigestCredentials.ha1(DigestAlgorithm.MD5, "1002", "example.org", "secret")),
            Credential.ofPassword("1001", "example.net", "net secret"),
            Credential.ofHa1(
                    "1003@example.org",
                    "example.org",
                    DigestCredentials.ha1(DigestAlgorithm.MD5, "1003@example.org", "example.org", "secret")));

    final DigestAuthentication authentication =
            plain().credentials(users).secret(SECRET).build();

    /** Returns MD5 authentication whose nonces are not bound; other settings have their own tests. */
    static DigestAuthentication.Builder plain() {
        return DigestAuthentication.builder()
                .algorithms(DigestAlgorithm.MD5)
                .bindNonceTo()
                .countNonces(false)
                .noLockout();
    }

    /** The parts of a challenge that a phone uses. */
    record Challenge(int code, String header, String realm, String nonce, boolean stale) {}

    static Challenge challenge(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Respond.class);
        Verdict.Respond respond = (Verdict.Respond) verdict;
        assertThat(respond.headerLines()).hasSize(1);
        Matcher m = CHALLENGE.matcher(respond.headerLines().get(0));
        assertThat(m.matches()).as(respond.headerLines().get(0)).isTrue();
        return new Challenge(respond.statusCode(), m.group(1), m.group(2), m.group(3), m.group(4) != null);
    }

    String nonce() {
        return nonce(authentication);
    }

    static String nonce(DigestAuthentication from) {
        return challenge(from.handle(FakeStageContext.of(Requests.register()))).nonce();
    }

    Verdict register(DigestCredentials phone) {
        return authentication.handle(FakeStageContext.of(Requests.register("Authorization: " + phone.value())));
    }

    static void assertFreshChallenge(Verdict verdict) {
        Challenge challenge = challenge(verdict);
        assertThat(challenge.code()).isEqualTo(401);
        assertThat(challenge.stale()).isFalse();
    }

    static void assertStaleChallenge(Verdict verdict) {
        Challenge challenge = challenge(verdict);
        assertThat(challenge.code()).isEqualTo(401);
        assertThat(challenge.stale()).isTrue();
    }

    static void assertForbidden(Verdict verdict) {
        assertThat(verdict).isInstanceOfSatisfying(Verdict.Respond.class, r -> {
            assertThat(r.statusCode()).isEqualTo(403);
            assertThat(r.headerLines()).isEmpty();
        });
    }

    static void assertPassedUnauthenticated(FakeStageContext context, Verdict verdict) {
        assertThat(verdict).isSameAs(Verdict.proceed());
        assertThat(context.authenticatedUser()).isEmpty();
        assertThat(context.credentialsHeader()).isEqualTo(-2);
    }
}
