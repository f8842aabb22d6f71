package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageIndexTest {

    private static SipMessage parse(String text) throws SipParseException {
        return SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    private static String defectOf(String text) throws SipParseException {
        return parse(text)
                .defect()
                .map(e -> e.statusCode() + " " + e.getMessage())
                .orElse("");
    }

    @Test
    void foldedValueReadsAsOneLineAndKeepsItsBytes() {
        SipRequest request = SipText.requestWith("Subject: I know you're there,", "\tpick up", "   the phone");

        assertThat(request.header(HeaderName.SUBJECT)).contains("I know you're there, pick up the phone");
        assertThat(request.toString()).contains("there,\r\n\tpick up\r\n   the phone\r\n");
    }

    @Test
    void foldMayFollowTheColonAndMayBeTheWholeValue() {
        SipRequest request = SipText.requestWith("Subject:", " late", "Organization:", " ");

        assertThat(request.header(HeaderName.SUBJECT)).contains("late");
        assertThat(request.header(HeaderName.of("organization"))).contains("");
        assertThat(request.defect()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "v,Via",
        "f,From",
        "t,To",
        "i,Call-ID",
        "m,Contact",
        "l,Content-Length",
        "c,Content-Type",
        "e,Content-Encoding",
        "k,Supported",
        "s,Subject",
        "o,Event",
        "r,Refer-To",
        "u,Allow-Events",
        "b,Referred-By",
        "x,Session-Expires",
        "a,Accept-Contact",
        "j,Reject-Contact",
        "d,Request-Disposition"
    })
    void compactFormIsTheSameHeader(String compact, String name) {
        assertThat(HeaderName.of(compact)).isSameAs(HeaderName.of(name)).hasToString(name);
        assertThat(HeaderName.of(compact.toUpperCase(java.util.Locale.ROOT))).isSameAs(HeaderName.of(name));
    }

    @Test
    void namesAreFoundWithoutCaseAndWithSpaceBeforeTheColon() {
        SipRequest request = SipText.requestWith("SUBJECT \t: a", "X-Own : b", "x-own:c", "s:d");

        assertThat(request.headers(HeaderName.SUBJECT)).containsExactly("a", "d");
        assertThat(request.headers(HeaderName.of("X-OWN"))).containsExactly("b", "c");
        assertThat(request.isRepeated(HeaderName.SUBJECT)).isTrue();
        assertThat(request.isRepeated(HeaderName.of("x-Own"))).isTrue();
        assertThat(request.isRepeated(HeaderName.TO)).isFalse();
        assertThat(request.hasHeader(HeaderName.EXPIRES)).isFalse();
        assertThat(request.firstHeader(HeaderName.EXPIRES)).isEqualTo(-1);
        assertThat(request.hasHeader(HeaderName.of("X-Other"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n",
                "INVITE",
                "INVITE sip:a SIP/2.0",
                "INVITE sip:a\r\n\r\n",
                "INVITE\r\n\r\n",
                "sip:a SIP/2.0\r\n\r\n",
                "INVITE sip:a HTTP/1.1\r\n\r\n",
                "SIP/2.0 99 x\r\n\r\n",
                "SIP/2.0 700 x\r\n\r\n",
                "SIP/2.0 2000 x\r\n\r\n",
                "SIP/2.0 abc x\r\n\r\n",
                "SIP/2.0\r\n\r\n",
                "SIP/3.0 200 OK\r\n\r\n",
                " INVITE sip:a SIP/2.0\r\n\r\n",
                "\u0000\u0000\u0000\u0000\r\n\r\n"
            })
    void bytesThatAreNotSipAreRejected(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(SipParseException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "'INVITE  sip:a SIP/2.0\r\n\r\n', 400",
        "'INVITE sip:a  SIP/2.0\r\n\r\n', 400",
        "'INVITE sip:a SIP/2.0 \r\n\r\n', 400",
        "'INVITE SIP/2.0\r\n\r\n', 400",
        "'INVITE sip:a SIP/7.0\r\n\r\n', 505",
        "'INVITE sip:a SIP/2.0\n\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\nTo: a\n\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\nTo: a\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\nTo: a', 400",
        "'INVITE sip:a SIP/2.0\r\nTo a\r\n\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\n: a\r\n\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\n fold: a\r\n\r\n', 400",
        "'INVITE sip:a SIP/2.0\r\nTo: a\rb\r\n\r\n', 400",
    })
    void requestWithAMalformedLineCanStillBeRespondedTo(String text, String status) throws Exception {
        assertThat(defectOf(text)).startsWith(status);
    }

    @Test
    void controlCharacterIsADefectUnlessItIsEscaped() throws Exception {
        assertThat(defectOf("BYE sip:a SIP/2.0\r\nTo: a\u0000b\r\n\r\n")).startsWith("400");
        assertThat(defectOf("BYE sip:a SIP/2.0\r\nTo: a\u007fb\r\n\r\n")).startsWith("400");
        assertThat(defectOf("BYE sip:a SIP/2.0\r\nTo: a\\\u0000\\\u007fb\r\n\r\n"))
                .isEmpty();
    }

    @Test
    void exceededLimitIsADefectOrRejected() throws Exception {
        ParseLimits small = ParseLimits.builder()
                .messageBytes(1_024)
                .headerLineBytes(256)
                .headers(16)
                .listElements(4)
                .build();
        byte[] longLine = SipText.crlf("BYE sip:a SIP/2.0\nX: " + "x".repeat(260) + "\n\n");
        byte[] foldedLine = SipText.crlf("BYE sip:a SIP/2.0\nX: a" + "\n a".repeat(90) + "\n\n");
        byte[] manyLines = SipText.crlf("BYE sip:a SIP/2.0\n" + "X: a\n".repeat(17) + "\n");
        byte[] large = SipText.crlf("BYE sip:a SIP/2.0\n\n" + "x".repeat(1_024));

        assertThat(SipMessage.parse(longLine, small).defect().orElseThrow()).hasMessageContaining("256 bytes");
        assertThat(SipMessage.parse(foldedLine, small).defect().orElseThrow()).hasMessageContaining("256 bytes");
        assertThat(SipMessage.parse(manyLines, small).defect().orElseThrow()).hasMessageContaining("16 headers");
        assertThatThrownBy(() -> SipMessage.parse(large, small)).hasMessageContaining("1024");
        assertThat(SipMessage.parse(longLine, ParseLimits.DEFAULT).defect()).isEmpty();
    }

    @Test
    void emptyReasonPhraseAndMissingSpaceAreAccepted() throws Exception {
        assertThat(((SipResponse) parse("SIP/2.0 100 \r\n\r\n")).reasonPhrase()).isEmpty();
        assertThat(((SipResponse) parse("SIP/2.0 100\r\n\r\n")).reasonPhrase()).isEmpty();
        assertThat(parse("SIP/2.0 200 a\tb\r\n\r\n").defect()).isEmpty();
        for (String control : List.of("\u001b]0;x\u0007", "\0", "\r", "\u007f")) {
            assertThat(parse("SIP/2.0 200 O" + control + "K\r\n\r\n").defect())
                    .hasValueSatisfying(
                            e -> assertThat(e).hasMessageContaining("control character in the reason phrase"));
        }
        assertThat(((SipResponse) parse("SIP/2.0 200 На связи\r\n\r\n")).reasonPhrase())
                .isEqualTo("На связи");
    }

    @ParameterizedTest
    @CsvSource({"1 INVITE,1,INVITE", "0009  INVITE,9,INVITE", "2147483647 re-INVITE,2147483647,re-INVITE", "0 x,0,x"})
    void cseqIsParsed(String text, long number, String method) throws Exception {
        SipRequest request = SipText.request("BYE sip:a SIP/2.0\nCSeq: " + text + "\n\n");

        assertThat(request.cseq()).isEqualTo(new CSeq(number, Method.of(method)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "INVITE",
                "1INVITE",
                "-1 INVITE",
                "2147483648 INVITE",
                "1 INVITE x",
                "1 IN/VITE",
                "x INVITE"
            })
    void malformedCseqIsRejected(String text) {
        SipRequest request = SipText.request("BYE sip:a SIP/2.0\nCSeq: " + text + "\n\n");

        assertThatThrownBy(request::cseq).isInstanceOf(SipParseException.class);
    }

    @Test
    void listTokensAreFoundInAnyLine() {
        SipRequest request = SipText.requestWith("Supported: path ,\tgruu", "k: Outbound");

        assertThat(request.listContains(HeaderName.SUPPORTED, "gruu")).isTrue();
        assertThat(request.listContains(HeaderName.SUPPORTED, "outbound")).isTrue();
        assertThat(request.listContains(HeaderName.SUPPORTED, "out")).isFalse();
    }
}
