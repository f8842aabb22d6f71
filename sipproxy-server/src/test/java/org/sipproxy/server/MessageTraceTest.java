package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MessageTraceTest {

    private static final String SECRET = "sEcrEt";

    @Test
    void messageIsLoggedWithoutItsSecrets() {
        String message = """
            REGISTER sip:sip.test SIP/2.0
            Route: <sip:192.0.2.1;lr;rs=sEcrEt;ft=sEcrEt>
            Contact: <sip:1001@192.0.2.7;alias=203.0.113.9~40001~1;alias-key=sEcrEt>
            From: <sip:1001:sEcrEt@sip.test>;tag=a
            Authorization: Digest username="1001", realm="sip.test", nonce="n1", response="sEcrEt", CNONCE=sEcrEt, nc=00000001,
             response = "sEcrEt\\"sEcrEt", qop=auth
            Proxy-Authorization: Bearer sEcrEt
             sEcrEt
            Call-ID: c1

            v=0
            k=clear:sEcrEt
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:sEcrEt
            a=ice-pwd:sEcrEt
            """.replace("\n", "\r\n");

        String block = MessageTrace.block(message.getBytes(StandardCharsets.UTF_8));

        assertThat(block)
                .doesNotContain(SECRET)
                .contains(
                        "REGISTER sip:sip.test SIP/2.0\n",
                        "username=\"1001\", realm=\"sip.test\", nonce=\"n1\", response=***",
                        "nc=00000001",
                        "qop=auth",
                        "alias=203.0.113.9~40001~1",
                        ";rs=***;ft=***>",
                        "Call-ID: c1");
    }

    @Test
    void noLineOfAMessageLooksLikeALineOfTheLog() {
        String block = MessageTrace.block(
                "OPTIONS sip:a SIP/2.0\r\n\r\n2031-01-01 INFO forged\rx\u001b[2J\nü".getBytes(StandardCharsets.UTF_8));

        assertThat(block.lines().skip(1)).allMatch(line -> line.startsWith("    "));
        assertThat(block).contains("forged\\x0dx\\x1b[2J", "\\xc3\\xbc").matches("(?s)[ -~\\n\\t]*");
    }
}
