package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Any text in Authorization gets a response, never an exception, and never passes without the password. */
class DigestAuthenticationPropertyTest {

    private final DigestAuthentication authentication = DigestAuthentication.builder()
            .credentials(InMemoryCredentials.of(Credential.ofPassword("1001", "example.org", "secret")))
            .requireQop(false)
            .noLockout()
            .build();

    private void assertChallenged(String credentials) {
        Verdict verdict =
                authentication.handle(FakeStageContext.of(Requests.register("Authorization: Digest " + credentials)));

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(401));
    }

    @Property
    void anyTextIsChallenged(@ForAll("headerText") String text) {
        assertChallenged(text);
    }

    @Property
    void anyMixOfParametersIsChallenged(@ForAll("parameters") List<String> parameters) {
        assertChallenged(String.join(", ", parameters));
    }

    @Property
    void damagedCredentialsNeverThrowAndNeverPassForAnotherUser(
            @ForAll("headerText") String damage, @ForAll int place, @ForAll byte cut) {
        FakeStageContext first = FakeStageContext.of(Requests.register());
        String challenge =
                ((Verdict.Respond) authentication.handle(first)).headerLines().get(0);
        int start = challenge.indexOf("nonce=\"") + 7;
        String nonce = challenge.substring(start, challenge.indexOf('"', start));
        String right = Requests.credentials(nonce).value();
        int from = Math.floorMod(place, right.length());
        int to = Math.min(right.length(), from + Math.floorMod(cut, 8));
        FakeStageContext damaged = FakeStageContext.of(
                Requests.register("Authorization: " + right.substring(0, from) + damage + right.substring(to)));

        Verdict verdict = authentication.handle(damaged);

        // an edit that keeps all values (case of a name, white space, an unknown parameter) still passes
        if (verdict == Verdict.proceed()) {
            assertThat(damaged.authenticatedUser()).contains("1001@example.org");
        } else {
            assertThat(verdict).isInstanceOf(Verdict.Respond.class);
        }
    }

    @Provide
    Arbitrary<String> headerText() {
        return Arbitraries.strings()
                .withChars("abcdeABCDEF0189=,;\"\\ \t@:%-_/.<>é€")
                .ofMaxLength(40)
                .map(text -> text.stripTrailing());
    }

    @Provide
    Arbitrary<List<String>> parameters() {
        Arbitrary<String> names = Arbitraries.of(
                "username",
                "realm",
                "nonce",
                "uri",
                "response",
                "algorithm",
                "qop",
                "nc",
                "cnonce",
                "opaque",
                "USERNAME",
                "x");
        Arbitrary<String> values = Arbitraries.oneOf(
                Arbitraries.of(
                        "\"1001\"",
                        "\"example.org\"",
                        "\"sip:example.org\"",
                        "\"0123456789abcdef0123456789abcdef\"",
                        "MD5",
                        "auth",
                        "00000001",
                        "\"\"",
                        "",
                        "\"",
                        "\"\\\"",
                        "\"\\"),
                headerText());
        return net.jqwik.api.Combinators.combine(names, values)
                .as((n, v) -> n + "=" + v)
                .list()
                .ofMaxSize(14);
    }
}
