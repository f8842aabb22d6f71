package org.sipproxy.server.flow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
}
