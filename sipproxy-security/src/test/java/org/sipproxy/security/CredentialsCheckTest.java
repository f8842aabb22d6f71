package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/**
 * Outcomes for all kinds of credentials; {@link DigestSuccessTest} and its neighbours cover the responses to the
 * client.
 */
class CredentialsCheckTest {

    private static final Realm REALM = Realm.named("example.org");

    private final NonceIssuer nonces =
            new NonceIssuer(300_000, new NonceBinder(EnumSet.of(NonceBinding.SOURCE_ADDRESS), List.of(new byte[16])));
    private final NonceCounts counts = new NonceCounts(64, 300_000, false);
    private final Lockouts lockouts = new Lockouts(Lockout.builder()
            .userFailures(2)
            .sourceFailures(100)
            .first(Duration.ofSeconds(30))
            .longest(Duration.ofHours(1))
            .answer(Lockout.Answer.CHALLENGE)
            .build());
    private final Hashes hashes = new Hashes(List.of(Hashes.key(new byte[16])));
    private final InMemoryCredentials users = InMemoryCredentials.of(
            Credential.ofPassword("1001", "example.org", "secret"),
            Credential.ofPassword("1002", "example.org", "secret"),
            Credential.ofHa1("1003", "example.org", Map.of(DigestAlgorithm.SHA_256, "0".repeat(64))),
            Credential.ofPassword("1004", "example.org", "secret"),
            Credential.ofPassword("Alice", "example.org", "secret"),
            Credential.ofPassword("Alice@example.org", "example.org", "secret"));
    private boolean current = true;
    private final CredentialStore store = new CredentialStore() {
        @Override
        public Optional<Credential> find(String username, String realm) {
            return users.find(username, realm);
        }

        /** As if the other spelling had been written to the database directly. */
        @Override
        public boolean hasOtherSpelling(String username, String realm) {
            return username.equals("Alice");
        }

        @Override
        public boolean isCurrent() {
            return current;
        }
    };

    private final CredentialsCheck check = new CredentialsCheck(new CredentialsCheck.Rules(
            store,
            EnumSet.of(DigestAlgorithm.MD5),
            true,
            false,
            true,
            (user, uri) -> false,
            nonces,
            counts,
            true,
            lockouts));

    private AuthenticationOutcome outcome(String... headerLines) throws SipParseException {
        FakeStageContext context = FakeStageContext.of(Requests.register(headerLines));
        return check.check(context, HeaderName.AUTHORIZATION, REALM, hashes, store)
                .outcome();
    }

    private String nonce(long ageMillis) throws SipParseException {
        return nonces.issue(at(ageMillis), REALM, hashes);
    }

    private static FakeStageContext at(long ageMillis) {
        return FakeStageContext.at(FakeStageContext.START.minusMillis(ageMillis), Requests.register());
    }

    /** The faulty nonces of a row: an expired one, one for another address, and one whose first count is used. */
    record Faulty(String expired, String elsewhere, String used) {}

    /** The change that a row makes to right credentials. */
    interface Change extends BiFunction<DigestCredentials, Faulty, DigestCredentials> {}

    static Stream<Arguments> rows() {
        return Stream.of(
                row(AuthenticationOutcome.AUTHENTICATED, (phone, faulty) -> phone),
                row(AuthenticationOutcome.WRONG_REALM, (phone, faulty) -> phone.with("realm", "example.net")),
                row(AuthenticationOutcome.WRONG_REALM, (phone, faulty) -> phone.with("realm", "EXAMPLE.ORG")),
                row(AuthenticationOutcome.WRONG_REALM, (phone, faulty) -> phone.without("realm")),
                row(
                        AuthenticationOutcome.NO_CREDENTIALS,
                        (phone, faulty) -> phone.with("realm", "example.net").with("nonce", "of another proxy")),
                row(
                        AuthenticationOutcome.NO_CREDENTIALS,
                        (phone, faulty) -> phone.with("realm", "example.net").with("nonce", faulty.expired())),
                row(
                        AuthenticationOutcome.NO_CREDENTIALS,
                        (phone, faulty) -> phone.with("realm", "example.net").with("nonce", faulty.elsewhere())),
                row(AuthenticationOutcome.INCOMPLETE, (phone, faulty) -> phone.without("username")),
                row(AuthenticationOutcome.INCOMPLETE, (phone, faulty) -> phone.without("nonce")),
                row(AuthenticationOutcome.INCOMPLETE, (phone, faulty) -> phone.without("uri")),
                row(AuthenticationOutcome.INCOMPLETE, (phone, faulty) -> phone.without("nc")),
                row(AuthenticationOutcome.INCOMPLETE, (phone, faulty) -> phone.without("cnonce")),
                row(AuthenticationOutcome.INVALID_PARAMETER, (phone, faulty) -> phone.with("username", "a\tb")),
                row(AuthenticationOutcome.INVALID_PARAMETER, (phone, faulty) -> phone.with("nc", "1")),
                row(AuthenticationOutcome.UNSUPPORTED_ALGORITHM, (phone, faulty) -> phone.with("algorithm", "SHA-256")),
                row(AuthenticationOutcome.UNSUPPORTED_QOP, (phone, faulty) -> phone.with("qop", "auth-int")),
                row(AuthenticationOutcome.MISSING_QOP, (phone, faulty) -> phone.withoutQop()),
                row(AuthenticationOutcome.URI_MISMATCH, (phone, faulty) -> phone.with("uri", "sip:elsewhere.test")),
                row(AuthenticationOutcome.UNKNOWN_USER, (phone, faulty) -> phone.with("username", "9999")),
                row(AuthenticationOutcome.UNKNOWN_USER, (phone, faulty) -> phone.with("username", "")),
                row(AuthenticationOutcome.WRONG_PASSWORD, (phone, faulty) -> phone.password("guess")),
                row(
                        AuthenticationOutcome.WRONG_PASSWORD,
                        (phone, faulty) -> phone.password("guess").with("nonce", faulty.expired())),
                row(AuthenticationOutcome.STALE_NONCE, (phone, faulty) -> phone.with("nonce", faulty.expired())),
                row(AuthenticationOutcome.FOREIGN_NONCE, (phone, faulty) -> phone.with("nonce", "of another proxy")),
                row(AuthenticationOutcome.NONCE_ELSEWHERE, (phone, faulty) -> phone.with("nonce", faulty.elsewhere())),
                row(AuthenticationOutcome.NONCE_REUSED, (phone, faulty) -> phone.with("nonce", faulty.used())),
                row(AuthenticationOutcome.NO_HA1, (phone, faulty) -> phone.with("username", "1003")),
                row(AuthenticationOutcome.LOCKED_OUT, (phone, faulty) -> phone.with("username", "1004")),
                row(AuthenticationOutcome.AMBIGUOUS_USER, (phone, faulty) -> phone.with("username", "Alice")),
                row(
                        AuthenticationOutcome.AMBIGUOUS_USER,
                        (phone, faulty) -> phone.with("username", "Alice@example.org")),
                row(
                        AuthenticationOutcome.WRONG_PASSWORD,
                        (phone, faulty) -> phone.with("username", "Alice").password("guess")),
                row(AuthenticationOutcome.IDENTITY_MISMATCH, (phone, faulty) -> phone.with("username", "1002")));
    }

    /** Outcomes of right credentials, the place of %s, in another header line. */
    static Stream<Arguments> headerRows() {
        return Stream.of(
                Arguments.of(AuthenticationOutcome.NOT_DIGEST, "Authorization: Basic MTAwMTpzZWNyZXQ="),
                Arguments.of(AuthenticationOutcome.NOT_DIGEST, "authorization: BASIC MTAwMTpzZWNyZXQ="),
                Arguments.of(AuthenticationOutcome.NOT_DIGEST, "Authorization: Bearer abc"),
                Arguments.of(AuthenticationOutcome.NO_CREDENTIALS, "Proxy-Authorization: Basic MTAwMTpzZWNyZXQ="),
                Arguments.of(AuthenticationOutcome.WRONG_HEADER, "Proxy-Authorization: %s"),
                Arguments.of(AuthenticationOutcome.MALFORMED, "Authorization: %s, realm=\"example.org\""),
                Arguments.of(AuthenticationOutcome.MALFORMED, "Authorization: Digest realm=\""),
                Arguments.of(
                        AuthenticationOutcome.NO_CREDENTIALS,
                        "Authorization: Digest username=\"1001\", realm=\"example.org\", nonce=\"\","
                                + " uri=\"sip:example.org\", response=\"\""));
    }

    @ParameterizedTest
    @MethodSource("headerRows")
    void eachHeaderLineHasItsOutcome(AuthenticationOutcome expected, String line) throws SipParseException {
        assertThat(outcome(String.format(line, Requests.credentials(nonce(0)).value())))
                .isEqualTo(expected);
    }

    @Test
    void invalidResponseIsDistinguishedFromAMissingOne() throws SipParseException {
        String right = "Authorization: " + Requests.credentials(nonce(0)).value();
        assertThat(outcome(right.replaceFirst("response=\"..", "response=\"")))
                .isEqualTo(AuthenticationOutcome.INVALID_PARAMETER);
        assertThat(outcome(right.replaceFirst(", response=\"[^\"]*\"", "")))
                .isEqualTo(AuthenticationOutcome.INCOMPLETE);
    }

    @Test
    void credentialsForAnotherProxyOnThePathAreNotAFailure() throws SipParseException {
        String theirs =
                Requests.credentials("their nonce").with("realm", "hop.test").value();
        String algorithm =
                Requests.credentials(nonce(0)).with("algorithm", "SHA-256").value();

        assertThat(outcome("Authorization: " + theirs, "Proxy-Authorization: " + theirs))
                .isEqualTo(AuthenticationOutcome.NO_CREDENTIALS);
        assertThat(outcome(
                        "Proxy-Authorization: " + theirs,
                        "Authorization: " + theirs,
                        "Authorization: " + Requests.credentials(nonce(0)).value()))
                .isEqualTo(AuthenticationOutcome.AUTHENTICATED);
        assertThat(outcome("Authorization: " + algorithm, "Authorization: " + theirs))
                .isEqualTo(AuthenticationOutcome.UNSUPPORTED_ALGORITHM);
    }

    @Test
    void fewNoncesAreVerifiedForCredentialsOfOtherRealms() throws SipParseException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            lines.add("Authorization: "
                    + Requests.credentials("theirs").with("realm", "hop.test").value());
        }
        lines.add("Authorization: "
                + Requests.credentials(nonce(0)).with("realm", "EXAMPLE.ORG").value());

        assertThat(outcome(lines.toArray(new String[0]))).isEqualTo(AuthenticationOutcome.NO_CREDENTIALS);
        assertThat(outcome(lines.subList(1, 5).toArray(new String[0]))).isEqualTo(AuthenticationOutcome.WRONG_REALM);
    }

    private static Arguments row(AuthenticationOutcome outcome, Change change) {
        return Arguments.of(outcome, change);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void eachDefectHasItsOutcome(AuthenticationOutcome expected, Change change) throws SipParseException {
        DigestCredentials phone = Requests.credentials(nonce(0));
        String used = nonce(0);
        assertThat(outcome("Authorization: " + Requests.credentials(used).value()))
                .isEqualTo(AuthenticationOutcome.AUTHENTICATED);
        for (int i = 0; i < 2; i++) {
            DigestCredentials guess =
                    Requests.credentials(nonce(0)).with("username", "1004").password("guess");
            assertThat(outcome("Authorization: " + guess.value())).isEqualTo(AuthenticationOutcome.WRONG_PASSWORD);
        }
        Faulty faulty = new Faulty(nonce(300_001), nonces.issue(at(0).from("192.0.2.99"), REALM, hashes), used);

        String credentials = change.apply(phone, faulty).value();

        assertThat(outcome("Authorization: " + credentials)).isEqualTo(expected);
    }

    @Test
    void everyOutcomeHasARowAndItsOwnReason() {
        EnumSet<AuthenticationOutcome> covered = EnumSet.noneOf(AuthenticationOutcome.class);
        Stream.concat(rows(), headerRows()).forEach(row -> covered.add((AuthenticationOutcome) row.get()[0]));

        assertThat(covered).isEqualTo(EnumSet.allOf(AuthenticationOutcome.class));
        assertThat(Stream.of(AuthenticationOutcome.values()).map(AuthenticationOutcome::reason))
                .doesNotHaveDuplicates();
    }

    @Test
    void onlyARightPasswordIsDecidedWhileTheStoreIsUnavailable() throws SipParseException {
        current = false;
        assertThat(outcome("Authorization: " + Requests.credentials(nonce(0)).value()))
                .isEqualTo(AuthenticationOutcome.AUTHENTICATED);
        for (int i = 0; i < 3; i++) { // at the third attempt the user is locked out
            DigestCredentials guess =
                    Requests.credentials(nonce(0)).with("username", "1004").password("guess");
            assertThatThrownBy(() -> outcome("Authorization: " + guess.value()))
                    .isInstanceOf(TemporarilyUnavailableException.class);
        }

        current = true;
        DigestCredentials right = Requests.credentials(nonce(0)).with("username", "1004");
        assertThat(outcome("Authorization: " + right.value())).isEqualTo(AuthenticationOutcome.LOCKED_OUT);
    }

    @Test
    void missingLineIsNoCredentials() throws SipParseException {
        assertThat(outcome()).isEqualTo(AuthenticationOutcome.NO_CREDENTIALS);
    }
}
