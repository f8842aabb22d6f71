package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipParseException;

/** The outcome that each way to present credentials has; what the client is told is in {@link DigestAuthenticationTest}. */
class CredentialsCheckTest {

    private static final Realm REALM = Realm.named("example.org");

    private final NonceIssuer nonces = new NonceIssuer(300_000);
    private final Hashes hashes = new Hashes(Hashes.key(new byte[16]));
    private final CredentialsCheck check = new CredentialsCheck(
            InMemoryCredentials.of(
                    Credential.ofPassword("1001", "example.org", "secret"),
                    Credential.ofPassword("1002", "example.org", "secret")),
            nonces,
            true,
            true);

    private AuthenticationOutcome outcome(String... headerLines) throws SipParseException {
        FakeStageContext context = FakeStageContext.of(Requests.register(headerLines));
        return check.check(context, HeaderName.AUTHORIZATION, REALM, hashes).outcome();
    }

    private String nonce(long ageMillis) {
        return nonces.issue(REALM, FakeStageContext.START.toEpochMilli() - ageMillis, hashes);
    }

    /** What a row changes in right credentials; it is given an expired nonce of ours. */
    interface Change extends BiFunction<TestPhone, String, TestPhone> {}

    static Stream<Arguments> rows() {
        return Stream.of(
                row(AuthenticationOutcome.AUTHENTICATED, (phone, expired) -> phone),
                row(AuthenticationOutcome.NO_CREDENTIALS, (phone, expired) -> phone.with("realm", "example.net")),
                row(AuthenticationOutcome.NO_CREDENTIALS, (phone, expired) -> phone.with("realm", "EXAMPLE.ORG")),
                row(AuthenticationOutcome.NO_CREDENTIALS, (phone, expired) -> phone.without("realm")),
                row(AuthenticationOutcome.MALFORMED, (phone, expired) -> phone.with("username", "a\tb")),
                row(AuthenticationOutcome.MALFORMED, (phone, expired) -> phone.without("username")),
                row(AuthenticationOutcome.MALFORMED, (phone, expired) -> phone.with("nc", "1")),
                row(AuthenticationOutcome.MALFORMED, (phone, expired) -> phone.without("cnonce")),
                row(
                        AuthenticationOutcome.UNSUPPORTED_ALGORITHM,
                        (phone, expired) -> phone.with("algorithm", "SHA-256")),
                row(AuthenticationOutcome.UNSUPPORTED_QOP, (phone, expired) -> phone.with("qop", "auth-int")),
                row(AuthenticationOutcome.MISSING_QOP, (phone, expired) -> phone.withoutQop()),
                row(AuthenticationOutcome.URI_MISMATCH, (phone, expired) -> phone.with("uri", "sip:elsewhere.test")),
                row(AuthenticationOutcome.UNKNOWN_USER, (phone, expired) -> phone.with("username", "9999")),
                row(AuthenticationOutcome.UNKNOWN_USER, (phone, expired) -> phone.with("username", "")),
                row(AuthenticationOutcome.WRONG_PASSWORD, (phone, expired) -> phone.password("guess")),
                row(
                        AuthenticationOutcome.WRONG_PASSWORD,
                        (phone, expired) -> phone.password("guess").with("nonce", expired)),
                row(AuthenticationOutcome.STALE_NONCE, (phone, expired) -> phone.with("nonce", expired)),
                row(AuthenticationOutcome.FOREIGN_NONCE, (phone, expired) -> phone.with("nonce", "of another proxy")),
                row(AuthenticationOutcome.IDENTITY_MISMATCH, (phone, expired) -> phone.with("username", "1002")));
    }

    private static Arguments row(AuthenticationOutcome outcome, Change change) {
        return Arguments.of(outcome, change);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void eachDefectHasItsOutcome(AuthenticationOutcome expected, Change change) throws SipParseException {
        TestPhone phone = new TestPhone(nonce(0));
        String credentials = change.apply(phone, nonce(300_001)).credentials();

        assertThat(outcome("Authorization: " + credentials)).isEqualTo(expected);
    }

    @Test
    void everyOutcomeHasARowAndAReasonOfItsOwn() {
        EnumSet<AuthenticationOutcome> covered = EnumSet.noneOf(AuthenticationOutcome.class);
        rows().forEach(row -> covered.add((AuthenticationOutcome) row.get()[0]));

        assertThat(covered).isEqualTo(EnumSet.allOf(AuthenticationOutcome.class));
        assertThat(Stream.of(AuthenticationOutcome.values()).map(AuthenticationOutcome::reason))
                .doesNotHaveDuplicates();
    }

    @Test
    void noLineIsNoCredentialsAndABrokenLineIsMalformed() throws SipParseException {
        assertThat(outcome()).isEqualTo(AuthenticationOutcome.NO_CREDENTIALS);
        assertThat(outcome("Authorization: Basic eA==")).isEqualTo(AuthenticationOutcome.NO_CREDENTIALS);
        assertThat(outcome("Authorization: Digest realm=\"")).isEqualTo(AuthenticationOutcome.MALFORMED);
    }
}
