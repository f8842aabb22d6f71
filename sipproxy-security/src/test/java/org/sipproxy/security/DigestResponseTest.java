package org.sipproxy.security;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.security.DigestResponse.Field;

class DigestResponseTest {

    private static @Nullable DigestResponse parse(String value) {
        byte[] a = ("Authorization: " + value + "\r\n").getBytes(UTF_8);
        return DigestResponse.parse(a, 15, a.length - 2);
    }

    private static String read(String value, Field field) {
        DigestResponse response = parse(value);
        assertThat(response).as(value).isNotNull();
        return response.has(field) ? response.text(field) : "absent";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Digest username=\"bob\"                        | bob",
                "Digest username=bob                            | bob",
                "digest USERNAME = \"bob\" , realm=\"x\"        | bob",
                "DIGEST\trealm=\"x\",username=\"bob\"           | bob",
                "Digest realm=\"x\",,  ,username=\"bob\",       | bob",
                "Digest opaque=, username=\"bob\"               | bob",
                "Digest x-username=\"eve\", username=\"bob\"    | bob",
                "Digest realm=\"a, username=eve\", username=bob | bob",
                "Digest username=\"\"                           | ``",
                "Digest realm=\"x\"                             | absent",
                "Digest                                         | absent",
                "Digest username=\"b\\\"o\\\\b\"                | b\"o\\b",
                "Digest realm=\"\\a\", username=\"b\\ob\"       | bob",
                "Digest username=\"Jörg\"                       | Jörg",
            })
    void usernameIsReadInAnySyntax(String value, String expected) {
        assertThat(read(value, Field.USERNAME)).isEqualTo(expected);
    }

    @Test
    void foldBetweenParametersIsWhiteSpace() {
        assertThat(read("Digest\r\n username=\"bob\",\r\n\trealm\r\n =\r\n \"x\"", Field.REALM))
                .isEqualTo("x");
    }

    @Test
    void escapesInOneValueDoNotShiftTheOthers() {
        String value = "Digest username=\"b\\\"\", realm=\"r\\\\\", nonce=\"n\", uri=sip:x;y=z, nc=00000001";

        assertThat(read(value, Field.USERNAME)).isEqualTo("b\"");
        assertThat(read(value, Field.REALM)).isEqualTo("r\\");
        assertThat(read(value, Field.NONCE)).isEqualTo("n");
        assertThat(read(value, Field.URI)).isEqualTo("sip:x;y=z");
        assertThat(read(value, Field.NC)).isEqualTo("00000001");
    }

    @Test
    void resolvingEscapesDoesNotChangeTheMessage() {
        byte[] a = "Digest username=\"b\\\"o\"".getBytes(US_ASCII);
        byte[] before = a.clone();

        assertThat(DigestResponse.parse(a, 0, a.length)).isNotNull();
        assertThat(a).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Digest username",
                "Digest username=\"bob",
                "Digest username=\"bob\\",
                "Digest username=\"bob\\\"",
                "Digest username=\"bob\"x, realm=\"x\"",
                "Digest username=\"bob\" realm=\"x\"",
                "Digest username=bob realm=x",
                "Digest =\"bob\"",
                "Digest \"bob\"",
                "Digest username=b\"ob\"",
                "Digest username=\"bob\", username=\"eve\"",
                "Digest username=\"bob\", Digest realm=\"x\"",
            })
    void malformedValueIsRefusedAsAWhole(String value) {
        assertThat(parse(value)).isNull();
    }

    @Test
    void unquotedValueMayEndInThePaddingOfBase64() {
        assertThat(read("Digest cnonce=YWJj==, nc=00000001", Field.CNONCE)).isEqualTo("YWJj==");
    }

    @ParameterizedTest
    @CsvSource({
        "Digest x=y, true",
        "dIgEsT x=y, true",
        "Digest, true",
        "Digestive x=y, false",
        "Basic Ym9i, false",
        "Dig, false",
        "'', false"
    })
    void onlyTheDigestSchemeIsRead(String value, boolean digest) {
        byte[] a = value.getBytes(US_ASCII);

        assertThat(DigestResponse.isDigest(a, 0, a.length)).isEqualTo(digest);
    }

    @ParameterizedTest
    @CsvSource({
        "00000001, true",
        "0000000a, true",
        "FFFFFFFF, true",
        "0000001, false",
        "000000001, false",
        "0000000g, false",
        "-0000001, false"
    })
    void ncIsEightHexDigits(String nc, boolean right) {
        DigestResponse response = parse("Digest nc=" + nc);

        assertThat(response).isNotNull();
        assertThat(response.isHex(Field.NC, 8)).isEqualTo(right);
    }
}
