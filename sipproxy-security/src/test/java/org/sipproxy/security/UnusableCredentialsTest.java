package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.event.SecurityEvent.AuthenticationFailed;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Reports of phones that are challenged again and again, because their credentials cannot be used. */
class UnusableCredentialsTest extends DigestScene {

    private static Arguments row(String reason, UnaryOperator<DigestCredentials> change) {
        return Arguments.of(reason, change);
    }

    static Stream<Arguments> phones() {
        return Stream.of(
                row("WRONG_REALM", phone -> phone.with("realm", "other.test")),
                row("WRONG_REALM", phone -> phone.with("realm", "EXAMPLE.ORG")),
                row("URI_MISMATCH", phone -> phone.with("uri", "sip:1002@example.org")),
                row("URI_MISMATCH", phone -> phone.with("uri", "sip:elsewhere.test")),
                row("UNSUPPORTED_ALGORITHM", phone -> phone.with("algorithm", "SHA-256")),
                row("UNSUPPORTED_QOP", phone -> phone.with("qop", "auth-int")),
                row("MISSING_QOP", DigestCredentials::withoutQop),
                row("INVALID_PARAMETER", phone -> phone.with("nc", "1")),
                row("INCOMPLETE", phone -> phone.without("nonce")));
    }

    private static void assertReported(FakeStageContext context, String user, String reason) {
        assertThat(context.events()).singleElement().isInstanceOfSatisfying(AuthenticationFailed.class, event -> {
            assertThat(event.reason()).isEqualTo(reason);
            assertThat(event.user()).isEqualTo(user);
            assertThat(event.origin().from()).isEqualTo("sip:1001@example.org");
            assertThat(event.origin().callId()).isEqualTo("3848276298220188511@198.51.100.7");
        });
    }

    private FakeStageContext handled(String request) {
        FakeStageContext context = FakeStageContext.of(request);
        assertThat(challenge(authentication.handle(context)).stale()).isFalse();
        return context;
    }

    @ParameterizedTest
    @MethodSource("phones")
    void refusalIsReportedWithUserFromAndCallId(String reason, UnaryOperator<DigestCredentials> change) {
        String credentials = change.apply(Requests.credentials(nonce())).value();

        assertReported(handled(Requests.register("Authorization: " + credentials)), "1001", reason);
    }

    @Test
    void credentialsThatCannotBeReadAreReportedWithoutAUser() {
        assertReported(handled(Requests.register("Authorization: Basic MTAwMTpzZWNyZXQ=")), "", "NOT_DIGEST");
        assertReported(handled(Requests.register("Authorization: Digest username=\"1001")), "", "MALFORMED");
        assertReported(
                handled(Requests.register("Authorization: "
                        + Requests.credentials(nonce()).without("username").value())),
                "",
                "INCOMPLETE");
    }

    @Test
    void credentialsInTheHeaderOfTheOtherChallengeAreReported() {
        String register = Requests.credentials(nonce()).value();
        String invite = Requests.credentials(nonce())
                .request("INVITE", "sip:1002@example.org")
                .value();

        assertReported(handled(Requests.register("Proxy-Authorization: " + register)), "1001", "WRONG_HEADER");
        assertReported(handled(Requests.invite("Authorization: " + invite)), "1001", "WRONG_HEADER");
        assertReported(handled(Requests.invite("Proxy-Authorization: Basic MTAwMTpzZWNyZXQ=")), "", "NOT_DIGEST");
    }

    @Test
    void loginThatWorksIsNotReported() {
        String theirs =
                Requests.credentials("their nonce").with("realm", "hop.test").value();
        String first = "Authorization: Digest username=\"1001\", realm=\"example.org\", nonce=\"\","
                + " uri=\"sip:example.org\", response=\"\"";
        for (String request : List.of(
                Requests.register(),
                Requests.invite(),
                Requests.register(first),
                Requests.register("Proxy-Authorization: " + theirs),
                Requests.register("Authorization: " + theirs),
                Requests.invite("Proxy-Authorization: " + theirs),
                Requests.invite("Proxy-Authorization: Bearer abc"),
                Requests.invite("Authorization: " + theirs, "Authorization: Basic abc"))) {
            assertThat(handled(request).events()).as(request).isEmpty();
        }
        FakeStageContext stale = FakeStageContext.of(Requests.register(
                "Authorization: " + Requests.credentials("old nonce").value()));
        assertStaleChallenge(authentication.handle(stale));
        assertThat(stale.events()).isEmpty();
    }

    /** A phone caches what it used in REGISTER, and may send it with its first INVITE. */
    @Test
    void credentialsOfAnEarlierRequestInAnotherHeaderAreNotReported() {
        DigestAuthentication bound =
                DigestAuthentication.builder().credentials(users).secret(SECRET).build();
        FakeStageContext context = FakeStageContext.of(Requests.invite(
                "Authorization: " + Requests.credentials(nonce(bound)).value()));

        assertThat(challenge(bound.handle(context)).code()).isEqualTo(407);
        assertThat(context.events()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("phones")
    void unusableCredentialsDoNotCauseALockout(String reason, UnaryOperator<DigestCredentials> change) {
        DigestAuthentication strict = DigestAuthentication.builder()
                .credentials(users)
                .secret(SECRET)
                .lockout(Lockout.builder()
                        .userFailures(1)
                        .sourceFailures(1)
                        .first(Duration.ofSeconds(30))
                        .build())
                .build();
        for (int i = 0; i < 20; i++) {
            String credentials =
                    change.apply(Requests.credentials(nonce(strict))).value();
            strict.handle(FakeStageContext.of(Requests.register("Authorization: " + credentials)));
        }

        String right = Requests.credentials(nonce(strict)).value();
        assertThat(strict.handle(FakeStageContext.of(Requests.register("Authorization: " + right))))
                .isSameAs(Verdict.proceed());
    }
}
