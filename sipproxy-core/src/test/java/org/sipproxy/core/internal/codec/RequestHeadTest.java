package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** A response that is written without parsing the request equals that of {@link ResponseWriter}, or is not written. */
class RequestHeadTest {

    private static final InetSocketAddress SOURCE = new InetSocketAddress("198.51.100.7", 40_000);

    private static final String INVITE = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;rport
      Max-Forwards: 70
      From: "Alice" <sip:alice@example.org>;tag=f1
      To: <sip:bob@example.org>
      Call-ID: c1@host
      CSeq: 7 INVITE
      Contact: <sip:alice@192.0.2.1:5070>
      Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKlow;received=10.0.0.1
      Content-Length: 3

      To:""".replace("\n", "\r\n");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte @Nullable [] response(byte[] wire, InetSocketAddress source) {
        RequestHead head = RequestHead.read(wire, "INVITE");
        return head == null || head.mayHaveToTag()
                ? null
                : head.response(
                        bytes("SIP/2.0 503 Service Unavailable\r\n"),
                        "t9",
                        source,
                        bytes("Retry-After: 5\r\nContent-Length: 0\r\n\r\n"));
    }

    private static byte[] ofParsed(byte[] wire, InetSocketAddress source) throws SipParseException {
        SipRequest request = (SipRequest) SipMessage.parse(wire, ParseLimits.DEFAULT);
        ViaStamp stamp = ViaStamp.of(request.index(), request.topVia(), source, false);
        return ResponseWriter.write(request, stamp, 503, "Service Unavailable", "t9", bytes("Retry-After: 5\r\n"));
    }

    private static String text(byte @Nullable [] wire) {
        return wire == null ? "none" : new String(wire, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INVITE                  | INVITE",
                "Via: SIP/2.0/UDP 192.0.2.1:5070 | v:SIP/2.0/UDP Host.example.org",
                "192.0.2.1:5070;branch   | 198.51.100.7;x=y;branch",
                "192.0.2.1:5070;branch=z9hG4bKabc;rport | 198.51.100.7;branch=z9hG4bKabc",
                "192.0.2.1:5070;branch=z9hG4bKabc;rport | 192.0.2.1:40000;branch=z9hG4bKabc",
                "192.0.2.1:5070;branch=z9hG4bKabc;rport | 192.0.2.1;branch=z9hG4bKabc;alias",
                "192.0.2.1:5070;branch   | [2001:db8::1]:5070;branch",
                ";rport                  | ;RPORT, SIP/2.0/UDP b.example.org;branch=z9hG4bK2",
                "Via: SIP/2.0/TCP        | VIA: SIP/2.0/TCP",
                "To: <sip:bob@example.org> | t: sip:bob@example.org",
                "To: <sip:bob@example.org> | TO:  \"Bob, the <b\" <sip:bob@example.org;x=y>;a=b",
                "From: \"Alice\"         | f: \"A\\\"lice\"",
                "Call-ID: c1@host        | i: c1@host",
                "CSeq: 7 INVITE          | CSEQ:2147483647 INVITE",
                "Max-Forwards: 70        | Subject: ÄÖ",
            })
    void responseEqualsThatOfTheParser(String part, String other) throws SipParseException {
        byte[] wire = bytes(INVITE.replace(part, other));

        assertThat(text(response(wire, SOURCE))).isEqualTo(text(ofParsed(wire, SOURCE)));
    }

    @Test
    void responseToAnIpv6Source() throws SipParseException {
        InetSocketAddress source = new InetSocketAddress("2001:db8::7", 5_070);
        byte[] wire = bytes(INVITE.replace("192.0.2.1:5070;branch", "[2001:db8:0::7]:5070;branch"));

        assertThat(text(response(wire, source))).isEqualTo(text(ofParsed(wire, source)));
        assertThat(response(bytes(text(wire).replace(";rport", "")), source)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKabc;rport\r\n|", // and the lower one is not of UDP
                ":5070|:70000",
                ":5070|:",
                "192.0.2.1:5070|",
                "192.0.2.1:5070|[::1",
                "192.0.2.1:5070|192.0.2.1 :5070",
                "SIP/2.0/UDP|SIP/2.0/TCP",
                ";branch=z9hG4bKabc|",
                ";branch=z9hG4bKabc|;branch=abc",
                ";branch=z9hG4bKabc|;branch=z9hG4bK",
                ";branch=z9hG4bKabc|;branch=z9hG4bKabc;branch=z9hG4bKabc",
                ";rport|;rport=5070",
                ";rport|;rport=",
                ";rport|;rport;rport",
                ";rport|;rport;received=10.0.0.1",
                ";rport|;rport;maddr=10.0.0.1",
                ";rport|;rport;;",
                ";rport|;rport;x=\"y;z\"",
                "Max-Forwards: 70|To: <sip:carol@example.org>",
                "Max-Forwards: 70|t: <sip:carol@example.org>",
                "Max-Forwards: 70|From: <sip:carol@example.org>;tag=1",
                "Max-Forwards: 70|i: c2",
                "Max-Forwards: 70|CSeq: 7 INVITE",
                "Max-Forwards: 70\r\n|",
                "Max-Forwards: 70|Subject: a\r\n b",
                "To: <sip:bob@example.org>|To: <sip:bob@example.org>;tag=1",
                "To: <sip:bob@example.org>|To: <sip:bob@example.org>;tag",
                "To: <sip:bob@example.org>|To: <sip:bob@example.org",
                "To: <sip:bob@example.org>|To: \"Bob <sip:bob@example.org>",
                "To: <sip:bob@example.org>|To: <sip:bob@example.org>, <sip:carol@example.org>",
                "To: <sip:bob@example.org>|To: <sip:bob@example.org> ",
                "To: <sip:bob@example.org>|To:\r\n <sip:bob@example.org>",
                "To: <sip:bob@example.org>|To : <sip:bob@example.org>",
                "To: <sip:bob@example.org>|To:",
                "To: <sip:bob@example.org>\r\n|",
                "From: \"Alice\"|From: \"Älice\"",
                "From: \"Alice\"|From: \"A\tlice\"",
                "From: \"Alice\"|From: \"A\0lice\"",
                "Call-ID: c1@host|Call-ID: c1 host",
                "Call-ID: c1@host\r\n|Call-ID: c1@host\n",
                "CSeq: 7 INVITE|CSeq: 7 BYE",
                "CSeq: 7 INVITE|CSeq: 2147483648 INVITE",
                "CSeq: 7 INVITE|CSeq: x INVITE",
                "CSeq: 7 INVITE|CSeq: 7  INVITE",
                "SIP/2.0\r\nVia|SIP/3.0\r\nVia",
                "INVITE sip:bob@example.org SIP|INVITE  SIP",
                "INVITE sip:bob@example.org SIP|INVITE sip:bob@ example.org SIP",
                "INVITE sip:bob@example.org SIP|OPTIONS sip:bob@example.org SIP",
                "\r\n\r\nTo:|",
            })
    void anythingUnusualIsLeftToTheParser(String change) {
        int middle = change.indexOf('|');
        String other = change.substring(middle + 1);
        if (change.equals("Max-Forwards: 70\r\n|")) { // more Vias than are read
            other = "v: SIP/2.0/TCP a;branch=z9hG4bK1\r\n".repeat(8);
        }
        String changed = INVITE.replace(change.substring(0, middle), other);

        assertThat(changed).isNotEqualTo(INVITE);
        assertThat(text(response(bytes(changed), SOURCE))).isEqualTo("none");
    }

    @Test
    void longMessageIsReadOnlyIfItsHeadersAreShort() throws SipParseException {
        byte[] longBody = bytes(INVITE.replace("Content-Length: 3", "X: y") + "x".repeat(60_000));
        byte[] longHeader = bytes(INVITE.replace("Max-Forwards: 70", "X: " + "y".repeat(60_000)));

        assertThat(text(response(longBody, SOURCE))).isEqualTo(text(response(bytes(INVITE), SOURCE)));
        assertThat(response(longHeader, SOURCE)).isNull();
    }

    @Test
    void everyPrefixIsLeftToTheParser() {
        for (int length = 0; length < INVITE.indexOf("\r\n\r\n") + 4; length++) {
            assertThat(response(bytes(INVITE.substring(0, length)), SOURCE)).isNull();
        }
    }

    /** Whatever arrives, a response is well-formed and the one that the parser leads to. */
    @Test
    void damagedRequestsGetTheResponseOfTheParserOrNone() throws SipParseException {
        Random random = new Random(7);
        String odd = "\r\n \t;,:=<>\"\\()[]@\0\u007f/1aTtVv";
        int written = 0;
        for (int i = 0; i < 60_000; i++) {
            byte[] wire = bytes(INVITE);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = random.nextInt(wire.length);
                byte value = random.nextInt(8) == 0
                        ? (byte) random.nextInt()
                        : (byte) odd.charAt(random.nextInt(odd.length()));
                wire = random.nextBoolean() ? replaced(wire, at, value) : inserted(wire, at, value, random.nextInt(3));
            }
            byte[] response = response(wire, SOURCE);
            if (response == null) {
                continue;
            }
            written++;
            assertThat(SipMessage.parse(response, ParseLimits.DEFAULT)).isInstanceOf(SipResponse.class);
            if (((SipRequest) SipMessage.parse(wire, ParseLimits.DEFAULT))
                    .defect()
                    .isEmpty()) {
                assertThat(text(response)).isEqualTo(text(ofParsed(wire, SOURCE)));
            }
        }
        assertThat(written).isGreaterThan(5_000);
    }

    private static byte[] replaced(byte[] wire, int at, byte value) {
        byte[] copy = wire.clone();
        copy[at] = value;
        return copy;
    }

    /** Returns the bytes with one more at a position, and some fewer after it. */
    private static byte[] inserted(byte[] wire, int at, byte value, int fewer) {
        int rest = Math.min(wire.length, at + fewer);
        byte[] copy = new byte[at + 1 + wire.length - rest];
        System.arraycopy(wire, 0, copy, 0, at);
        copy[at] = value;
        System.arraycopy(wire, rest, copy, at + 1, wire.length - rest);
        return copy;
    }

    @Test
    void tagOfAnAckIsTheEndOfItsTo() {
        String ack = INVITE.replace("INVITE", "ACK");
        RequestHead head = RequestHead.read(
                bytes(ack.replace("To: <sip:bob@example.org>", "To: <sip:bob@example.org>;tag=t9")), "ACK");
        RequestHead without = RequestHead.read(bytes(ack), "ACK");

        assertThat(head).isNotNull();
        assertThat(head.isToTag("t9")).isTrue();
        assertThat(head.isToTag("9")).isFalse();
        assertThat(without).isNotNull();
        assertThat(without.isToTag("t9")).isFalse();
        assertThat(without.isToTag("x".repeat(200))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.1:5070;branch=z9hG4bKabc;rport | 5071 | true",
                "192.0.2.1:5070;branch=z9hG4bKabc       | 5070 | true",
                "192.0.2.1:5070;branch=z9hG4bKabc       | 5071 | false",
                "192.0.2.1;branch=z9hG4bKabc            | 5060 | true",
                "192.0.2.1;branch=z9hG4bKabc            | 5061 | false"
            })
    void responsesGoToTheSourceIfTheViaSaysSo(String via, int port, boolean expected) {
        RequestHead head =
                RequestHead.read(bytes(INVITE.replace("192.0.2.1:5070;branch=z9hG4bKabc;rport", via)), "INVITE");

        assertThat(head).isNotNull();
        assertThat(head.isAnsweredAtSource(new InetSocketAddress("192.0.2.1", port)))
                .isEqualTo(expected);
    }
}
