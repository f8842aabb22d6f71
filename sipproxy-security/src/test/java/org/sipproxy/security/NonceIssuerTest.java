package org.sipproxy.security;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.SipParseException;
import org.sipproxy.security.NonceIssuer.State;
import org.sipproxy.testkit.fakes.FakeStageContext;

class NonceIssuerTest {

    private static final long NOW = 1_767_268_800_123L;
    private static final Realm REALM = Realm.named("example.org");

    private static final byte[] SECRET = "0123456789abcdef".getBytes(US_ASCII);

    private final NonceIssuer issuer = issuer(Set.of(), SECRET);
    private final Hashes hashes = hashes(SECRET);

    private static NonceIssuer issuer(Set<NonceBinding> bindings, byte[]... secrets) {
        return new NonceIssuer(300_000, new NonceBinder(bindings, List.of(secrets)));
    }

    private static Hashes hashes(byte[]... secrets) {
        return new Hashes(Stream.of(secrets).map(Hashes::key).toList());
    }

    private static FakeStageContext at(long millis) {
        return FakeStageContext.at(Instant.ofEpochMilli(millis), Requests.register());
    }

    private String issue() throws SipParseException {
        return issuer.issue(at(NOW), REALM, hashes);
    }

    private State check(String nonce, long nowMillis) throws SipParseException {
        return check(issuer, nonce, at(nowMillis), REALM, hashes);
    }

    private static State check(NonceIssuer by, String nonce, FakeStageContext context, Realm realm, Hashes with)
            throws SipParseException {
        byte[] a = ("Digest nonce=\"" + nonce + "\"").getBytes(US_ASCII);
        DigestResponse response = DigestResponse.parse(a, 0, a.length);
        assertThat(response).isNotNull();
        return by.check(context, response, realm, with).state();
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
    void nonceIsValidForItsLifetimeWithToleranceForClocksAhead(long ageMillis, State expected)
            throws SipParseException {
        String nonce = issue();

        assertThat(check(nonce, NOW + ageMillis)).isEqualTo(expected);
    }

    @Test
    void noncesOfTheSameMillisecondDiffer() throws SipParseException {
        Set<String> nonces = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            nonces.add(issue());
        }

        assertThat(nonces).hasSize(10_000);
    }

    @Test
    void nonceNeedsNoEscapeInAQuotedString() throws SipParseException {
        assertThat(issue()).matches("[A-Za-z0-9_-]{52}");
    }

    @Test
    void changeOfAnyCharacterIsDetected() throws SipParseException {
        String nonce = issue();
        for (int i = 0; i < nonce.length(); i++) {
            char[] changed = nonce.toCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            assertThat(check(new String(changed), NOW)).as("character %s", i).isEqualTo(State.FOREIGN);
        }
    }

    @Test
    void nonceOfAnotherRealmOrSecretIsForeign() throws SipParseException {
        String nonce = issue();
        Hashes other = hashes("0123456789abcdeF".getBytes(US_ASCII));
        Hashes same = hashes("0123456789abcdef".getBytes(US_ASCII));

        assertThat(check(issuer, nonce, at(NOW), Realm.named("example.net"), hashes))
                .isEqualTo(State.FOREIGN);
        assertThat(check(issuer, nonce, at(NOW), REALM, other)).isEqualTo(State.FOREIGN);
        assertThat(check(issuer, nonce, at(NOW), REALM, same)).isEqualTo(State.FRESH);
    }

    @Test
    void everySecretIsAcceptedAndTheFirstOneSigns() throws SipParseException {
        byte[] old = new byte[16];
        NonceIssuer rotating = issuer(Set.of(NonceBinding.values()), SECRET, old);
        NonceIssuer behind = issuer(Set.of(NonceBinding.values()), old);
        Hashes both = hashes(SECRET, old);

        assertThat(check(rotating, behind.issue(at(NOW), REALM, hashes(old)), at(NOW), REALM, both))
                .isEqualTo(State.FRESH);
        assertThat(check(rotating, rotating.issue(at(NOW), REALM, both), at(NOW), REALM, both))
                .isEqualTo(State.FRESH);
        assertThat(check(behind, rotating.issue(at(NOW), REALM, both), at(NOW), REALM, hashes(old)))
                .isEqualTo(State.FOREIGN);
    }

    @ParameterizedTest
    @CsvSource({
        "REQUEST_URI, true, false, false, false",
        "SOURCE_ADDRESS, false, true, false, false",
        "CALL_ID, false, false, true, false",
        "FROM_TAG, false, false, false, true",
        ", false, false, false, false",
    })
    void nonceIsValidOnlyInTheContextItIsBoundTo(
            NonceBinding binding, boolean uri, boolean source, boolean callId, boolean fromTag)
            throws SipParseException {
        NonceIssuer bound = issuer(binding == null ? Set.of() : Set.of(binding), SECRET);
        String nonce = bound.issue(at(NOW), REALM, hashes);
        String request = Requests.register();

        assertThat(check(bound, nonce, at(NOW), REALM, hashes)).isEqualTo(State.FRESH);
        assertThat(stateFor(bound, nonce, request.replace("REGISTER sip:example.org", "REGISTER sip:example.net")))
                .isEqualTo(uri ? State.ELSEWHERE : State.FRESH);
        assertThat(check(bound, nonce, at(NOW).from("198.51.100.9"), REALM, hashes))
                .isEqualTo(source ? State.ELSEWHERE : State.FRESH);
        assertThat(stateFor(bound, nonce, request.replace("Call-ID: 3", "Call-ID: 4")))
                .isEqualTo(callId ? State.ELSEWHERE : State.FRESH);
        assertThat(stateFor(bound, nonce, request.replace("tag=9", "tag=8")))
                .isEqualTo(fromTag ? State.ELSEWHERE : State.FRESH);
    }

    @Test
    void namesAndPortsOfThisProxyAreTheSameRequestUri() throws SipParseException {
        NonceIssuer bound = issuer(Set.of(NonceBinding.REQUEST_URI), SECRET);
        String nonce = bound.issue(at(NOW), REALM, hashes);

        for (String uri : List.of("sip:EXAMPLE.org", "sip:example.org:5060", "sip:192.0.2.1;transport=udp")) {
            assertThat(stateFor(
                            bound, nonce, Requests.register().replace("REGISTER sip:example.org", "REGISTER " + uri)))
                    .isEqualTo(State.FRESH);
        }
    }

    private State stateFor(NonceIssuer by, String nonce, String request) throws SipParseException {
        return check(by, nonce, FakeStageContext.at(Instant.ofEpochMilli(NOW), request), REALM, hashes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "A",
                "AQGbeYkM",
                "012345678901234567890123456789012345678901234567",
                "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/",
                "????????????????????????????????????????????????",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            })
    void invalidNonceIsForeign(String nonce) throws SipParseException {
        assertThat(check(nonce, NOW)).isEqualTo(State.FOREIGN);
    }
}
