package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;

/** RFC 3261 §8.2.6. */
class ResponseWriterTest {

    private static final byte[] NO_LINES = {};

    private static final String REQUEST = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK1, SIP/2.0/TCP a.example.org
      Max-Forwards: 70
      f: "Alice" <sip:alice@example.org>;tag=1
      To: "Bob, the
       builder" <sip:bob@example.org>
      Record-Route: <sip:a.example.org;lr>
      Timestamp: 54.2
      v: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK0
      i: c1
      CSeq:1 INVITE
      Contact: <sip:alice@192.0.2.1>
      Content-Length: 0

      """;

    private static String response(String request, int status, String reason, String toTag, byte[] lines)
            throws SipParseException {
        SipRequest parsed = SipText.request(request);
        ViaStamp stamp =
                ViaStamp.of(parsed.index(), parsed.topVia(), new InetSocketAddress("198.51.100.7", 40_000), false);
        return text(ResponseWriter.write(parsed, stamp, status, reason, toTag, lines));
    }

    private static String text(byte[] wire) {
        return new String(wire, StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    @Test
    void copiesViasFromToCallIdAndCSeqAsTheyCameAndNothingElse() throws SipParseException {
        assertThat(response(REQUEST, 404, "Not Found", "t9", NO_LINES)).isEqualTo("""
            SIP/2.0 404 Not Found
            Via: SIP/2.0/UDP 192.0.2.1:5070;rport=40000;received=198.51.100.7;branch=z9hG4bK1, SIP/2.0/TCP a.example.org
            f: "Alice" <sip:alice@example.org>;tag=1
            To: "Bob, the
             builder" <sip:bob@example.org>;tag=t9
            v: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK0
            i: c1
            CSeq:1 INVITE
            Content-Length: 0

            """);
    }

    @Test
    void hundredCopiesTheTimestampAndHasNoToTag() throws SipParseException {
        assertThat(response(REQUEST, 100, "Trying", null, NO_LINES))
                .startsWith("SIP/2.0 100 Trying\n")
                .contains("\nTimestamp: 54.2\n")
                .contains("<sip:bob@example.org>\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "To: <sip:bob@example.org>;tag=5     | To: <sip:bob@example.org>;tag=5",
                "t: <sip:bob@example.org>;TAG=5;x=y  | t: <sip:bob@example.org>;TAG=5;x=y",
                "To: sip:bob@example.org             | To: sip:bob@example.org;tag=t9",
                "To: <sip:bob@example.org;tag=no>;x  | To: <sip:bob@example.org;tag=no>;x;tag=t9",
                "t : <sip:bob@example.org             | t : <sip:bob@example.org",
            })
    void toGetsATagOnlyIfItHasNone(String to, String expected) throws SipParseException {
        String request = REQUEST.replace("To: \"Bob, the\n builder\" <sip:bob@example.org>", to);

        assertThat(response(request, 404, "Not Found", "t9", NO_LINES)).contains("\n" + expected + "\n");
    }

    @Test
    void headerLinesAreAddedBeforeContentLength() throws SipParseException {
        assertThat(response(REQUEST, 420, "Bad Extension", "t9", SipText.crlf("Unsupported: a\nX: ü\n")))
                .endsWith("\nUnsupported: a\nX: ü\nContent-Length: 0\n\n");
    }

    @Test
    void viaThatCannotBeReadGoesBackAsItCame() {
        SipRequest request = SipText.request(REQUEST.replace("SIP/2.0/UDP 192.0.2.1:5070;", "SIP/2.0/UDP "));

        assertThat(text(ResponseWriter.write(request, null, 400, "Bad Request", "t9", NO_LINES)))
                .contains("\nVia: SIP/2.0/UDP rport;branch=z9hG4bK1, SIP/2.0/TCP a.example.org\n");
    }

    @Test
    void reasonMayHoldAnyText() throws SipParseException {
        assertThat(response(REQUEST, 480, "Vorübergehend weg", "t", NO_LINES))
                .startsWith("SIP/2.0 480 Vorübergehend weg\n");
    }
}
