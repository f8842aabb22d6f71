package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Identity of the sender, and users who are known. */
class DigestIdentityTest extends DigestScene {

    private final DigestCredentials phone = Requests.credentials(nonce());

    private Verdict registerAs(DigestAuthentication with, String from, String to) {
        return with.handle(FakeStageContext.of(
                Requests.request("REGISTER sip:example.org", from, to, "Authorization: " + phone.value())));
    }

    @ParameterizedTest
    @CsvSource({
        "<sip:1002@example.org>, <sip:1001@example.org>",
        "<sip:1001@example.org>, <sip:1002@example.org>",
        "<sip:1002@example.org>, <sip:1002@example.org>",
        "<sip:example.org>,      <sip:1001@example.org>",
        "<sip:1001@example.org>, <sip:example.org>",
    })
    void registerAsAnotherUserIsForbidden(String from, String to) {
        assertForbidden(registerAs(authentication, from, to));
    }

    @Test
    void callAsAnotherUserIsForbidden() {
        DigestCredentials caller =
                Requests.credentials(nonce()).method("INVITE").with("uri", "sip:1001@example.org");
        FakeStageContext context = FakeStageContext.of(Requests.request(
                "INVITE sip:1001@example.org",
                "\"1001\" <sip:1002@example.org>",
                "<sip:1001@example.org>",
                "Proxy-Authorization: " + caller.value()));

        assertForbidden(authentication.handle(context));
        assertThat(context.authenticatedUser()).isEmpty();
    }

    @Test
    void userPartMayBeEscaped() {
        assertThat(registerAs(authentication, "<sip:%31001@example.org>", "<sip:100%31@example.org>"))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void caseOfTheUserMattersOnlyIfUsersAreCaseSensitive() {
        InMemoryCredentials mixed = InMemoryCredentials.of(Credential.ofPassword("Alice", "example.org", "secret"));
        DigestAuthentication digest = plain().credentials(mixed).build();
        for (String address : List.of("<sip:alice@example.org>", "<sip:%41LICE@example.org>")) {
            for (UserCase rule : UserCase.values()) {
                DigestCredentials alice = Requests.credentials(nonceOf(digest)).with("username", "Alice");
                FakeStageContext context = FakeStageContext.of(Requests.request(
                                "REGISTER sip:example.org", address, address, "Authorization: " + alice.value()))
                        .with(rule);

                Verdict verdict = digest.handle(context);

                if (rule == UserCase.SENSITIVE) {
                    assertForbidden(verdict);
                } else {
                    assertThat(verdict).isSameAs(Verdict.proceed());
                    assertThat(context.authenticatedUser()).contains("Alice@example.org");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"\u00e9, \u00c9", "k, \u212a", "i, \u0130", "ss, \u00df"})
    void nonAsciiLettersAreCaseSensitive(String user, String claimed) {
        DigestAuthentication digest = plain().credentials(
                        InMemoryCredentials.of(Credential.ofPassword(user, "example.org", "secret")))
                .build();
        String address = "<sip:" + URLEncoder.encode(claimed, StandardCharsets.UTF_8) + "@example.org>";
        DigestCredentials other = Requests.credentials(nonceOf(digest)).with("username", user);

        assertForbidden(digest.handle(FakeStageContext.of(
                Requests.request("REGISTER sip:example.org", address, address, "Authorization: " + other.value()))));
    }

    private static String nonceOf(DigestAuthentication digest) {
        Verdict verdict = digest.handle(FakeStageContext.of(Requests.register()));
        String line = ((Verdict.Respond) verdict).headerLines().get(0);
        int start = line.indexOf("nonce=\"") + 7;
        return line.substring(start, line.indexOf('"', start));
    }

    @Test
    void lowerCaseSpellingOwnsTheAorIfTheStoreHasTwo() {
        InMemoryCredentials pair = InMemoryCredentials.caseSensitive(
                Credential.ofPassword("alice", "example.org", "secret"),
                Credential.ofPassword("Alice", "example.org", "secret"),
                Credential.ofPassword("BOB", "example.org", "secret"),
                Credential.ofPassword("Bob", "example.org", "secret"));
        DigestAuthentication digest = plain().credentials(pair).build();
        for (String user : List.of("alice", "Alice", "BOB", "Bob")) {
            for (UserCase rule : UserCase.values()) {
                String address = "<sip:" + user + "@example.org>";
                DigestCredentials one = Requests.credentials(nonceOf(digest)).with("username", user);

                Verdict verdict = digest.handle(FakeStageContext.of(Requests.request(
                                "REGISTER sip:example.org", address, address, "Authorization: " + one.value()))
                        .with(rule));

                if (rule == UserCase.SENSITIVE || user.equals("alice")) {
                    assertThat(verdict).as(user + " " + rule).isSameAs(Verdict.proceed());
                } else {
                    assertForbidden(verdict);
                }
            }
        }
    }

    @Test
    void identityCheckCanBeDisabled() {
        DigestAuthentication lenient =
                plain().credentials(users).secret(SECRET).checkIdentity(false).build();

        assertThat(registerAs(lenient, "<sip:1002@example.org>", "<sip:1003@example.org>"))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void wrongPasswordDoesNotDiscloseAWrongIdentity() {
        phone.password("guess");

        assertFreshChallenge(registerAs(authentication, "<sip:1002@example.org>", "<sip:1002@example.org>"));
    }

    @ParameterizedTest
    @CsvSource({
        "1001, example.org, true",
        "1001, example.net, true",
        "1002, example.org, true",
        "1003, example.org, true",
        "1002, example.net, false",
        "9999, example.org, false"
    })
    void userIsKnownInTheRealmOfItsDomain(String user, String domain, boolean known) {
        assertThat(authentication.isKnownUser(user, domain, UserCase.INSENSITIVE))
                .isEqualTo(known);
    }

    @Test
    void userIsKnownInAnyCaseUnlessUsersAreCaseSensitive() {
        DigestAuthentication mixed = plain().credentials(
                        InMemoryCredentials.of(Credential.ofPassword("Alice", "example.org", "x")))
                .build();

        assertThat(mixed.isKnownUser("alice", "example.org", UserCase.INSENSITIVE))
                .isTrue();
        assertThat(mixed.isKnownUser("alice", "example.org", UserCase.SENSITIVE))
                .isFalse();
        assertThat(mixed.isKnownUser("Alice", "example.org", UserCase.SENSITIVE))
                .isTrue();
    }

    @Test
    void userIsKnownInAFixedRealmWhateverItsDomain() {
        DigestAuthentication fixed =
                plain().realm("example.org").credentials(users).build();

        assertThat(fixed.isKnownUser("1002", "example.net", UserCase.INSENSITIVE))
                .isTrue();
        assertThat(fixed.isKnownUser("9999", "example.net", UserCase.INSENSITIVE))
                .isFalse();
    }
}
