package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Credentials that are accepted. */
class DigestSuccessTest extends DigestScene {

    @Test
    void registerPassesWithItsUserRealmAndHeaderLine() {
        FakeStageContext context = FakeStageContext.of(Requests.register(
                "Authorization: " + Requests.credentials(nonce()).value()));

        Verdict verdict = authentication.handle(context);

        assertThat(verdict).isSameAs(Verdict.proceed());
        assertThat(context.authenticatedUser()).contains("1001@example.org");
        assertThat(context.request().headerName(context.credentialsHeader()).name())
                .isEqualTo("Authorization");
    }

    @Test
    void otherRequestUsesProxyAuthorization() {
        DigestCredentials phone = Requests.credentials(nonce()).method("INVITE").with("uri", "sip:1002@example.org");
        FakeStageContext right = FakeStageContext.of(Requests.invite("Proxy-Authorization: " + phone.value()));
        FakeStageContext wrongHeader = FakeStageContext.of(Requests.invite("Authorization: " + phone.value()));

        assertThat(authentication.handle(right)).isSameAs(Verdict.proceed());
        assertThat(right.authenticatedUser()).contains("1001@example.org");
        assertThat(challenge(authentication.handle(wrongHeader)).code()).isEqualTo(407);
    }

    @Test
    void storedHa1IsAsGoodAsAPassword() {
        DigestCredentials phone = Requests.credentials(nonce()).with("username", "1002");
        FakeStageContext context = FakeStageContext.of(Requests.request(
                "REGISTER sip:example.org",
                "<sip:1002@example.org>",
                "<sip:1002@example.org>",
                "Authorization: " + phone.value()));

        assertThat(authentication.handle(context)).isSameAs(Verdict.proceed());
        assertThat(context.authenticatedUser()).contains("1002@example.org");
    }

    @Test
    void usernameMayContainTheRealm() {
        FakeStageContext context = FakeStageContext.of(Requests.register("Authorization: "
                + Requests.credentials(nonce())
                        .with("username", "1001@example.org")
                        .value()));

        assertThat(authentication.handle(context)).isSameAs(Verdict.proceed());
        assertThat(context.authenticatedUser()).contains("1001@example.org");
    }

    @ParameterizedTest
    @CsvSource({"1003, true", "1002, false"})
    void usernameWithRealmNeedsAnHa1OfThatName(String user, boolean passes) {
        DigestCredentials phone = Requests.credentials(nonce()).with("username", user + "@example.org");
        String aor = "<sip:" + user + "@example.org>";
        FakeStageContext context = FakeStageContext.of(
                Requests.request("REGISTER sip:example.org", aor, aor, "Authorization: " + phone.value()));

        assertThat(authentication.handle(context) == Verdict.proceed()).isEqualTo(passes);
    }

    @Test
    void usernameWithAnotherDomainIsNotThatOfTheRealm() {
        assertFreshChallenge(register(Requests.credentials(nonce()).with("username", "1001@example.net")));
    }

    @Test
    void nonceIsValidForManyRequestsAndMethods() {
        String nonce = nonce();
        DigestCredentials invite = Requests.credentials(nonce)
                .method("INVITE")
                .with("uri", "sip:1002@example.org")
                .with("nc", "00000002");

        assertThat(register(Requests.credentials(nonce))).isSameAs(Verdict.proceed());
        assertThat(authentication.handle(
                        FakeStageContext.of(Requests.invite("Proxy-Authorization: " + invite.value()))))
                .isSameAs(Verdict.proceed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"algorithm=MD5", "algorithm=\"MD5\"", "algorithm=md5", "opaque=\"\""})
    void algorithmMayBeATokenQuotedOrAbsent(String parameter) {
        String credentials = Requests.credentials(nonce()).without("algorithm").value() + ", " + parameter;

        assertThat(authentication.handle(FakeStageContext.of(Requests.register("Authorization: " + credentials))))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void valuesMayBeQuotedFoldedAndInAnyOrder() {
        DigestCredentials phone = Requests.credentials(nonce());
        String credentials = phone.value()
                .replace("qop=auth", "qop=\"auth\"")
                .replace("nc=00000001", "nc=\"00000001\"")
                .replace(", ", ",\n ");

        assertThat(authentication.handle(FakeStageContext.of(Requests.register("Authorization:\n " + credentials))))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void escapedQuotesAndBackslashesBelongToTheValue() {
        users.put(Credential.ofPassword("a\"b\\c", "example.org", "secret"));
        DigestCredentials phone =
                Requests.credentials(nonce()).with("username", "a\"b\\c").with("cnonce", "\"\\x");
        DigestAuthentication lenient =
                plain().credentials(users).secret(SECRET).checkIdentity(false).build();

        FakeStageContext context = FakeStageContext.of(Requests.register("Authorization: " + phone.value()));

        assertThat(lenient.handle(context)).isSameAs(Verdict.proceed());
        assertThat(context.authenticatedUser()).contains("a\"b\\c@example.org");
    }

    @Test
    void passwordIsHashedAsUtf8() {
        users.put(Credential.ofPassword("1001", "example.org", "pässwörd"));

        assertThat(register(Requests.credentials(nonce()).password("pässwörd"))).isSameAs(Verdict.proceed());
    }

    @Test
    void threadsDoNotInterfere() throws Exception {
        String good = Requests.register(
                "Authorization: " + Requests.credentials(nonce()).value());
        String bad = Requests.register("Authorization: "
                + Requests.credentials(nonce()).password("guess").value());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Boolean>> jobs = IntStream.range(0, 8)
                    .<Callable<Boolean>>mapToObj(i -> () -> {
                        for (int n = 0; n < 500; n++) {
                            boolean passed = authentication.handle(FakeStageContext.of(good)) == Verdict.proceed();
                            boolean refused =
                                    authentication.handle(FakeStageContext.of(bad)) instanceof Verdict.Respond;
                            if (!passed || !refused) {
                                return false;
                            }
                        }
                        return true;
                    })
                    .toList();
            for (Future<Boolean> job : threads.invokeAll(jobs)) {
                assertThat(job.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
