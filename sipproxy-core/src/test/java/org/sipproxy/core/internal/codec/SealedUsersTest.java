package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.message.SipUri;

class SealedUsersTest {

    private static final String SIGNATURE = "7a1200123456789abcdef";
    private static final Aor BOB = new Aor("bob", "sip.test");

    private final SealedUsers users = new SealedUsers(new byte[32]);

    private String parameter(Aor user) {
        byte[] signature = (";rs=" + SIGNATURE).getBytes(StandardCharsets.US_ASCII);
        return new String(users.parameter(user, signature), StandardCharsets.US_ASCII);
    }

    private static SipUri signedRoute(String signature, String parameters) {
        return SipUri.of("sip:192.0.2.1;transport=tcp;r2=on;lr;rs=" + signature + parameters);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "bob", "a@b", "sixteen-with-all", "jürgen", "+49 30 1234567"})
    void routeNamesItsUserToAProxyWithTheKey(String user) {
        Aor aor = new Aor(user, "sip.test");

        assertThat(new SealedUsers(new byte[32]).user(signedRoute(SIGNATURE, parameter(aor))))
                .isEqualTo(aor);
    }

    @Test
    void userIsNamedWithTheSignatureAndTheKeyOnly() {
        String sealed = parameter(BOB);
        byte[] another = new byte[32];
        another[0] = 1;

        assertThat(users.user(signedRoute("7a1200123456789abcdee", sealed))).isNull();
        assertThat(new SealedUsers(another).user(signedRoute(SIGNATURE, sealed)))
                .isNull();
    }

    @Test
    void neitherTheUserNorItsLengthShows() {
        String sealed = parameter(BOB);

        assertThat(sealed).doesNotContain("bob").isNotEqualTo(parameter(BOB));
        assertThat(parameter(new Aor("bobby", "sip.test"))).hasSameSizeAs(sealed);
    }

    @Test
    void addressThatIsTooLongIsNotWritten() {
        assertThat(parameter(new Aor("b".repeat(200), "sip.test"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";ru",
                ";ru=",
                ";ru=AAAA",
                ";ru=A",
                ";ru=%20",
                ";ru=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            })
    void malformedParameterNamesNoUser(String parameters) {
        assertThat(users.user(signedRoute(SIGNATURE, parameters))).isNull();
    }
}
