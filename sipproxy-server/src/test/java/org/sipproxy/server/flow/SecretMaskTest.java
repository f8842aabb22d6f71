package org.sipproxy.server.flow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretMaskTest {

    private static final String MESSAGE = """
            REGISTER sip:sip.test SIP/2.0
            Route: <sip:192.0.2.1;lr;rs=sEcrEt;ft=sEcrEt>
            Authorization: Digest username="1001", response="sEcrEt", cnonce=sEcrEt, qop=auth
            Proxy-Authorization: Bearer sEcrEt
             sEcrEt
            Content-Length: 29

            a=ice-pwd:sEcrEt$1\\
            ü
            """.replace("\n", "\r\n");

    @Test
    void maskOfTheSameLengthKeepsTheMessageReadable() {
        byte[] wire = MESSAGE.getBytes(ISO_8859_1);

        String masked = new String(SecretMask.sameLength(wire), ISO_8859_1);

        assertThat(masked)
                .doesNotContain("sEcrEt")
                .hasSize(wire.length)
                .contains("rs=******;ft=******>", "response=\"******\", cnonce=******, qop=auth", "Bearer ******\r\n")
                .endsWith("a=ice-pwd:*********\r\nü\r\n");
        assertThat(masked.lines()).hasSameSizeAs(MESSAGE.lines().toList());
    }

    @Test
    void messageWithoutSecretsIsUnchanged() {
        byte[] wire = Traced.options("c1").getBytes(ISO_8859_1);

        assertThat(SecretMask.sameLength(wire)).isEqualTo(wire);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Digest response=\"%s",
                "Authorization: Digest response=\"\\%s",
                "Authorization: Basic sEcrEt\r\n %s",
                "INVITE %s",
                "INVITE sip:a%s",
            })
    void textOfAnAttackerCostsLittleTimeAndStack(String begin) {
        for (String repeated : List.of("a", "\\a", "\r\n a", "sip:", "sip:a:", "a=crypto:\r\n")) {
            byte[] wire =
                    begin.formatted(repeated.repeat(60_000 / repeated.length())).getBytes(ISO_8859_1);

            assertTimeout(Duration.ofSeconds(4), () -> SecretMask.sameLength(wire));
            assertTimeout(Duration.ofSeconds(4), () -> SecretMask.printable(wire));
        }
    }

    @Test
    void passwordOfAUriIsMaskedAndAPortIsNot() {
        String text =
                "INVITE sip:bob:sEcrEt@sip.test SIP/2.0\r\nRoute: <sip:192.0.2.1:5060>, <sips:a:sEcrEt@b:5061>\r\n";

        assertThat(SecretMask.text(text.getBytes(ISO_8859_1))).isEqualTo(text.replace("sEcrEt", "***"));
    }
}
