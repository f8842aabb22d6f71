package org.sipproxy.security;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.security.NonceIssuer.State;

class NonceIssuerTest {

    private static final long NOW = 1_767_268_800_123L;
    private static final Realm REALM = Realm.named("example.org");

    private final NonceIssuer issuer = new NonceIssuer(300_000);
    private final Hashes hashes = new Hashes(Hashes.key("0123456789abcdef".getBytes(US_ASCII)));

    private State check(String nonce, long nowMillis) {
        return check(nonce, nowMillis, REALM, hashes);
    }

    private State check(String nonce, long nowMillis, Realm realm, Hashes with) {
        byte[] a = ("Digest nonce=\"" + nonce + "\"").getBytes(US_ASCII);
        DigestResponse response = DigestResponse.parse(a, 0, a.length);
        assertThat(response).isNotNull();
        return issuer.check(response, realm, nowMillis, with);
    }

    @ParameterizedTest
    @CsvSource({
        "-3001, EXPIRED",
        "-3000, FRESH",
        "0, FRESH",
        "1, FRESH",
        "300000, FRESH",
        "300001, EXPIRED",
        "99999999999, EXPIRED"
    })
    void nonceLivesFromItsIssueForTheLifetimeWithAnAllowanceForClocksThatAreAhead(long ageMillis, State expected) {
        String nonce = issuer.issue(REALM, NOW, hashes);

        assertThat(check(nonce, NOW + ageMillis)).isEqualTo(expected);
    }

    @Test
    void noncesOfTheSameMillisecondDiffer() {
        Set<String> nonces = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            nonces.add(issuer.issue(REALM, NOW, hashes));
        }

        assertThat(nonces).hasSize(10_000);
    }

    @Test
    void nonceNeedsNoEscapeInAQuotedString() {
        assertThat(issuer.issue(REALM, NOW, hashes)).matches("[A-Za-z0-9_-]{40}");
    }

    @Test
    void changeOfAnyCharacterIsNoticed() {
        String nonce = issuer.issue(REALM, NOW, hashes);
        for (int i = 0; i < nonce.length(); i++) {
            char[] changed = nonce.toCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            assertThat(check(new String(changed), NOW)).as("character %s", i).isEqualTo(State.FOREIGN);
        }
    }

    @Test
    void nonceOfAnotherRealmOrSecretIsForeign() {
        String nonce = issuer.issue(REALM, NOW, hashes);
        Hashes other = new Hashes(Hashes.key("0123456789abcdeF".getBytes(US_ASCII)));
        Hashes same = new Hashes(Hashes.key("0123456789abcdef".getBytes(US_ASCII)));

        assertThat(check(nonce, NOW, Realm.named("example.net"), hashes)).isEqualTo(State.FOREIGN);
        assertThat(check(nonce, NOW, REALM, other)).isEqualTo(State.FOREIGN);
        assertThat(check(nonce, NOW, REALM, same)).isEqualTo(State.FRESH);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "A",
                "AQGbeYkM",
                "0123456789012345678901234567890123456789",
                "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/",
                "????????????????????????????????????????",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            })
    void whatIsNoNonceIsForeign(String nonce) {
        assertThat(check(nonce, NOW)).isEqualTo(State.FOREIGN);
    }
}
