package org.sipproxy.core.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

class MessageTextTest {

    private static SipMessage message(String startLine) throws SipParseException {
        String text = startLine
                + "\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
                + "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        return SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    /** A stranger's response must not write to the title bar of an operator's terminal. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u001b]0;STRANGER\u0007",
                "\u009b2J",
                "\u202egnp.exe",
                "\u2066x\u2069",
                "\u2028",
                "\u200f",
                "\u007f",
                "\u0085"
            })
    void whatCouldChangeATerminalIsReplaced(String text) throws SipParseException {
        assertThat(MessageText.label(message("SIP/2.0 200 " + text + "OK")))
                .startsWith("200 ?")
                .matches("[ -~]+");
        assertThat(MessageText.printable(text)).matches("[ -~]+");
        assertThat(MessageText.printable("\ud800x")).isEqualTo("?x");
    }

    @Test
    void otherScriptsAreKeptAndLongTextsCut() throws SipParseException {
        assertThat(MessageText.label(message("SIP/2.0 486 Zajęte 忙 😀"))).isEqualTo("486 Zajęte 忙 😀");
        assertThat(MessageText.detail(message("OPTIONS sip:" + "x".repeat(500) + "@b SIP/2.0")))
                .hasSize(201)
                .endsWith("x…");
    }
}
