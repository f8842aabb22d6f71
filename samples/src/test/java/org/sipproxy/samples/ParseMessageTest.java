package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ParseMessageTest {

    @Test
    void copyDiffersInOneHeader() throws Exception {
        String text =
                "INVITE sip:bob@example.org SIP/2.0\r\nmax-forwards : 70\r\nf: <sip:alice@example.org>;tag=1\r\n\r\n";

        assertThat(ParseMessage.callerAndCopy(text.getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo("alice\n" + text.replace("max-forwards : 70", "Max-Forwards: 69"));
    }
}
