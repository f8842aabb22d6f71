package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Credentials that are refused. */
class DigestRefusalTest extends DigestScene {

    @Test
    void unknownUserAndWrongPasswordGetTheSameResponse() {
        Verdict.Respond wrong =
                (Verdict.Respond) register(Requests.credentials(nonce()).password("guess"));
        Verdict.Respond unknown =
                (Verdict.Respond) register(Requests.credentials(nonce()).with("username", "9999"));

        assertThat(unknown.statusCode()).isEqualTo(wrong.statusCode()).isEqualTo(401);
        assertThat(unknown.reason()).isEqualTo(wrong.reason());
        String nonce = "nonce=\"[^\"]*\"";
        assertThat(unknown.headerLines().get(0).replaceAll(nonce, ""))
                .isEqualTo(wrong.headerLines().get(0).replaceAll(nonce, ""))
                .doesNotContain("stale");
    }

    @Test
    void placeholderPasswordOfUnknownUsersNeverAuthenticates() {
        assertFreshChallenge(
                register(Requests.credentials(nonce()).with("username", "9999").password("an unknown user")));
        assertFreshChallenge(
                register(Requests.credentials(nonce()).with("username", "1002").password("an unknown user")));
    }

    @Test
    void responseForAnotherMethodIsWrong() {
        assertFreshChallenge(register(Requests.credentials(nonce()).method("INVITE")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.net", "EXAMPLE.ORG", "example.org ", "", "xample.org"})
    void credentialsOfAnotherRealmAreIgnored(String realm) {
        assertFreshChallenge(register(Requests.credentials(nonce()).with("realm", realm)));
    }

    @Test
    void nonceOfOneRealmIsInvalidInAnother() {
        DigestCredentials phone =
                Requests.credentials(nonce()).with("realm", "example.net").password("net secret");
        FakeStageContext context = FakeStageContext.of(Requests.request(
                "REGISTER sip:example.org",
                "<sip:1001@example.net>",
                "<sip:1001@example.net>",
                "Authorization: " + phone.value()));

        assertStaleChallenge(authentication.handle(context));
    }

    @Test
    void removedUserIsRefusedAtOnce() {
        DigestCredentials phone = Requests.credentials(nonce());
        assertThat(register(phone)).isSameAs(Verdict.proceed());

        users.remove("1001", "example.org");

        assertFreshChallenge(register(phone));
    }

    @ParameterizedTest
    @ValueSource(strings = {"username", "realm", "nonce", "uri", "cnonce", "nc", "response"})
    void missingParameterGetsAFreshChallenge(String name) {
        String credentials = Requests.credentials(nonce()).value().replaceFirst("\\b" + name + "=[^,]*(, |$)", "");
        assertThat(credentials).doesNotContain(" " + name + "=");

        assertFreshChallenge(
                authentication.handle(FakeStageContext.of(Requests.register("Authorization: " + credentials))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "0000001", "000000001", "0000000g", "-0000001", ""})
    void ncThatIsNotEightHexDigitsGetsAFreshChallenge(String nc) {
        assertFreshChallenge(register(Requests.credentials(nonce()).with("nc", nc)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"MD5-sess", "SHA-256", "SHA-512-256", "AKAv1-MD5", "token"})
    void algorithmThatWasNotOfferedGetsAFreshChallenge(String algorithm) {
        assertFreshChallenge(register(Requests.credentials(nonce()).with("algorithm", algorithm)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"auth-int", "none", ""})
    void qopThatWasNotOfferedGetsAFreshChallenge(String qop) {
        assertFreshChallenge(register(Requests.credentials(nonce()).with("qop", qop)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NoOneKnowsThisScheme opaque-data=here", // RFC 4475 §3.3.7
                "Basic MTAwMTpzZWNyZXQ=",
                "Digest",
                "Digest ,,,",
                "Digest garbage",
                "Digest username=\"1001",
                "Digest realm=\"example.org\"",
                "Digest username=\"1001\", realm=\"example.org\", nonce=\"x\", uri=\"::\", response=\"short\"",
            })
    void unusableCredentialsGetAFreshChallenge(String credentials) {
        assertFreshChallenge(
                authentication.handle(FakeStageContext.of(Requests.register("Authorization: " + credentials))));
    }

    @Test
    void controlCharacterInTheUserNameNeverReachesTheStore() {
        CredentialStore picky = (username, realm) -> {
            throw new AssertionError("asked for " + username);
        };
        DigestAuthentication guarded = plain().credentials(picky).secret(SECRET).build();
        DigestCredentials phone = Requests.credentials(nonce());

        for (String user : List.of("a\tb", "a\u0001b", "a\u007fb", "u".repeat(498))) {
            assertFreshChallenge(guarded.handle(FakeStageContext.of(Requests.register(
                    "Authorization: " + phone.with("username", user).value()))));
        }
    }

    @Test
    void storeFailureIsNotARefusal() {
        DigestAuthentication failing = plain().credentials((username, realm) -> {
                    throw new IllegalStateException("no database connection");
                })
                .secret(SECRET)
                .build();
        FakeStageContext context = FakeStageContext.of(Requests.register(
                "Authorization: " + Requests.credentials(nonce()).value()));

        assertThatThrownBy(() -> failing.handle(context)).hasMessage("no database connection");
        assertFreshChallenge(failing.handle(FakeStageContext.of(Requests.register())));
    }
}
