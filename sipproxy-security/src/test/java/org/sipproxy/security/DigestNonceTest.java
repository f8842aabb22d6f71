package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Lifetime of nonces. */
class DigestNonceTest extends DigestScene {

    private Verdict registerAt(Instant now, DigestCredentials phone) {
        return authentication.handle(FakeStageContext.at(now, Requests.register("Authorization: " + phone.value())));
    }

    @Test
    void expiredNonceWithTheRightDigestIsStaleAndTheNewOneWorks() {
        DigestCredentials phone = Requests.credentials(nonce());
        Instant later = START.plusSeconds(301);

        Verdict verdict = registerAt(later, phone);

        assertStaleChallenge(verdict);
        assertThat(registerAt(later, phone.with("nonce", challenge(verdict).nonce())))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void nonceIsAcceptedUntilTheEndOfItsLifetime() {
        assertThat(registerAt(START.plusSeconds(300), Requests.credentials(nonce())))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void expiredNonceWithAWrongPasswordOrUserIsNotStale() {
        Instant later = START.plusSeconds(301);

        assertFreshChallenge(registerAt(later, Requests.credentials(nonce()).password("guess")));
        assertFreshChallenge(registerAt(later, Requests.credentials(nonce()).with("username", "9999")));
    }

    @Test
    void nonceIsCheckedBeforeTheIdentity() {
        DigestCredentials phone = Requests.credentials(nonce());
        FakeStageContext context = FakeStageContext.at(
                START.plusSeconds(301),
                Requests.request(
                        "REGISTER sip:example.org",
                        "<sip:1002@example.org>",
                        "<sip:1002@example.org>",
                        "Authorization: " + phone.value()));

        assertStaleChallenge(authentication.handle(context));
    }

    @Test
    void tamperedNonceInvalidatesTheDigest() {
        String credentials = Requests.credentials(nonce()).value();
        int at = credentials.indexOf("nonce=\"") + 12;
        char other = credentials.charAt(at) == 'A' ? 'B' : 'A';
        String tampered = credentials.substring(0, at) + other + credentials.substring(at + 1);

        assertFreshChallenge(
                authentication.handle(FakeStageContext.of(Requests.register("Authorization: " + tampered))));
    }

    @Test
    void nonceFromBeforeARestartIsStaleSoThatPhonesDoNotAskForThePassword() {
        DigestAuthentication before = plain().credentials(users).build();
        DigestAuthentication after = plain().credentials(users).build();
        String old = nonce(before);

        Verdict right = after.handle(FakeStageContext.of(
                Requests.register("Authorization: " + Requests.credentials(old).value())));
        Verdict wrong = after.handle(FakeStageContext.of(Requests.register(
                "Authorization: " + Requests.credentials(old).password("guess").value())));

        assertStaleChallenge(right);
        assertFreshChallenge(wrong);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "AQGbeYkM"})
    void forgedNonceNeverPasses(String nonce) {
        assertStaleChallenge(register(Requests.credentials(nonce)));
        assertFreshChallenge(register(Requests.credentials(nonce).password("guess")));
    }

    @Test
    void proxiesWithASharedSecretAcceptEachOthersNonces() {
        DigestAuthentication other = plain().credentials(users).secret(SECRET).build();

        assertThat(register(Requests.credentials(nonce(other)))).isSameAs(Verdict.proceed());
    }

    @Test
    void secretIsCopied() {
        byte[] secret = new byte[32];
        DigestAuthentication.Builder builder = plain().credentials(users).secret(secret);
        java.util.Arrays.fill(secret, (byte) 7);
        DigestAuthentication changed = builder.build();
        DigestAuthentication zeros =
                plain().credentials(users).secret(new byte[32]).build();

        Verdict verdict = changed.handle(FakeStageContext.of(Requests.register(
                "Authorization: " + Requests.credentials(nonce(zeros)).value())));

        assertThat(verdict).isSameAs(Verdict.proceed());
    }

    @Test
    void lifetimeIsAnOption() {
        DigestAuthentication brief =
                plain().credentials(users).nonceLifetime(Duration.ofSeconds(1)).build();
        String request = Requests.register(
                "Authorization: " + Requests.credentials(nonce(brief)).value());

        assertThat(brief.handle(FakeStageContext.at(START.plusMillis(1_000), request)))
                .isSameAs(Verdict.proceed());
        assertStaleChallenge(brief.handle(FakeStageContext.at(START.plusMillis(1_001), request)));
    }
}
