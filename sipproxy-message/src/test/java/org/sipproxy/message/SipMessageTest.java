package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.wire.Splice;

/** Tests edited copies: what changes, and that nothing else does. */
class SipMessageTest {

    private static final HeaderName SCREENED = HeaderName.of("X-Screened");

    /** Unusual spelling everywhere, so that a rewritten header is noticed. */
    private static final String TEXT = """
      INVITE sip:bob@example.org;x SIP/2.0
      v:SIP/2.0/UDP 192.0.2.1 ;branch=z9hG4bK1;rport
      VIA: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2
      max-forwards :  0070
      f: "Alice"   <sip:alice@example.org>; tag = 1
      CSeq: 0007   INVITE
      m: <sip:1@a>, <sip:2@a>;q=0.5
      c: text/plain
      l: 5

      hello""";

    private final SipRequest invite = SipText.request(TEXT);

    private static String text(SipMessage message) {
        return message.toString().replace("\r\n", "\n");
    }

    @Test
    void manyReplacementsInAnyOrderAreApplied() {
        Splice splice = new Splice();
        byte[] text = {'<', '>', '!'};
        for (int i = 20; i > 0; i--) {
            splice.insert(i, text, 2);
        }

        String edited = new String(invite.index().apply(splice), StandardCharsets.UTF_8);

        assertThat(edited)
                .startsWith("I<>N<>V<>I<>T<>E<> <>s<>")
                .hasSize(invite.index().length() + 40);
        assertThat(edited.replace("<>", "")).isEqualTo(invite.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\u0007", "\u007f"})
    void callIdIsCheckedAsItIsRead(String id) {
        SipRequest request = SipText.request("OPTIONS sip:a SIP/2.0\nCall-ID: " + id + "\n\n");

        assertThatThrownBy(request::checkCallId).hasMessageContaining("Call-ID is not a word");
        assertThatThrownBy(request::callId).hasMessageContaining("Call-ID is not a word");
        assertThatThrownBy(() -> SipText.request("OPTIONS sip:a SIP/2.0\n\n").checkCallId())
                .hasMessageContaining("Call-ID is missing");
    }

    @Test
    void callIdThatCanBeReadPassesTheCheck() throws SipParseException {
        SipRequest request = SipText.request("OPTIONS sip:a SIP/2.0\nTo: <sip:a>\ni: a@\u00fc\n\n");

        assertThat(request.checkCallId()).isEqualTo(1);
        assertThat(request.callId()).isEqualTo("a@\u00fc");
    }

    @Test
    void addressesAreAnUnmodifiableList() throws SipParseException {
        assertThat(invite.addresses(HeaderName.CONTACT)).hasSize(2).isUnmodifiable();
        assertThat(invite.addresses(HeaderName.CONTACT)).isSameAs(invite.addresses(HeaderName.CONTACT));
        assertThat(invite.addresses(HeaderName.ROUTE)).isEmpty();
    }

    @Test
    void editedCopyLeavesTheOriginal() {
        SipRequest edited = invite.withHeader(HeaderName.MAX_FORWARDS, "69");

        assertThat(text(edited)).isEqualTo(TEXT.replace("max-forwards :  0070", "Max-Forwards: 69"));
        assertThat(text(invite)).isEqualTo(TEXT);
    }

    @Test
    void headerReplacesAllLinesOfItsName() {
        assertThat(text(invite.withHeader(HeaderName.VIA, "SIP/2.0/UDP h;branch=z9hG4bK3")))
                .isEqualTo(TEXT.replaceAll("(?s)v:SIP.*?max", "Via: SIP/2.0/UDP h;branch=z9hG4bK3\nmax"));
        assertThat(text(invite.withHeader(SCREENED, "yes")))
                .isEqualTo(TEXT.replace("l: 5\n", "l: 5\nX-Screened: yes\n"));
    }

    @Test
    void headerIsAddedAboveOrBelowLinesOfItsName() {
        assertThat(text(invite.withHeaderAbove(HeaderName.CONTACT, "<sip:0@a>")))
                .isEqualTo(TEXT.replace("m: <sip:1", "Contact: <sip:0@a>\nm: <sip:1"));
        assertThat(text(invite.withHeaderBelow(HeaderName.VIA, "SIP/2.0/UDP h")))
                .isEqualTo(TEXT.replace("max-forwards", "Via: SIP/2.0/UDP h\nmax-forwards"));
        assertThat(text(invite.withHeaderAbove(SCREENED, "yes")))
                .isEqualTo(TEXT.replace("v:SIP", "X-Screened: yes\nv:SIP"));
        assertThat(text(SipText.request("BYE sip:a SIP/2.0\n\n").withHeaderAbove(SCREENED, "yes")))
                .isEqualTo("BYE sip:a SIP/2.0\nX-Screened: yes\n\n");
    }

    @Test
    void headerIsRemoved() {
        assertThat(text(invite.withoutHeader(HeaderName.VIA))).isEqualTo(TEXT.replaceAll("(?i)v(ia)?: ?SIP.*\n", ""));
        assertThat(invite.withoutHeader(SCREENED)).isSameAs(invite);
    }

    @Test
    void bodySetsItsTypeAndLength() throws Exception {
        SipRequest edited =
                invite.withBody("application/sdp", "v=0\r\n".repeat(3).getBytes(StandardCharsets.US_ASCII));

        assertThat(text(edited))
                .isEqualTo(TEXT.replace(
                                "c: text/plain\nl: 5\n\nhello", "Content-Type: application/sdp\nContent-Length: 15\n\n")
                        + "v=0\n".repeat(3));
        assertThat(edited.body()).hasSize(15);
        assertThat(edited.number(HeaderName.CONTENT_LENGTH, 100)).isEqualTo(15);
        assertThat(text(edited.withoutBody()))
                .isEqualTo(TEXT.replace("c: text/plain\nl: 5\n\nhello", "Content-Length: 0\n\n"));
    }

    @Test
    void startLineIsEdited() throws Exception {
        SipRequest bye = invite.withMethod(Method.BYE).withRequestUri(SipUri.of("sips:carol@example.net"));

        assertThat(text(bye))
                .isEqualTo(TEXT.replace("INVITE sip:bob@example.org;x", "BYE sips:carol@example.net")
                        .replace("0007   INVITE", "0007   BYE"));
        assertThat(bye.method()).isEqualTo(Method.BYE);
        assertThat(bye.cseq().method()).isEqualTo(Method.BYE);
        assertThat(bye.requestUri().host()).isEqualTo("example.net");
        assertThat(text(SipText.response("SIP/2.0 200\n\n").withStatus(486, "Busy Hier")))
                .isEqualTo("SIP/2.0 486 Busy Hier\n\n");
    }

    @Test
    void cachedValuesFollowTheEdit() throws Exception {
        assertThat(invite.topVia().branch()).isEqualTo("z9hG4bK1");

        SipRequest edited = invite.withHeader(HeaderName.VIA, "SIP/2.0/UDP h;branch=z9hG4bK3");

        assertThat(edited.topVia().branch()).isEqualTo("z9hG4bK3");
        assertThat(invite.topVia().branch()).isEqualTo("z9hG4bK1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nRoute: <sip:evil>", "a\nb", "a\rb", "a\u0000b"})
    void valueWithALineEndIsRejected(String value) {
        assertThatThrownBy(() -> invite.withHeader(SCREENED, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("X-Screened");
        assertThatThrownBy(() -> invite.withHeaderBelow(SCREENED, value)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> invite.withBody(value, new byte[0])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void editThatBreaksTheMessageIsRejected() {
        int end = invite.index().length();

        assertThatThrownBy(() -> invite.with(new Splice().replace(0, end, new byte[] {'x'})))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> invite.with(new Splice().delete(invite.index().bodyStart(), end)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Content-Length");
        assertThatThrownBy(() -> invite.with(new Splice().insert(invite.index().headersEnd(), "no colon\r\n")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> invite.with(new Splice()
                        .replace(
                                0,
                                invite.index().lineStart(0),
                                "SIP/2.0 200 OK\r\n".getBytes(StandardCharsets.US_ASCII))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("response");
        assertThatThrownBy(() -> SipText.response("SIP/2.0 200 OK\n\n").withStatus(99, ""))
                .hasMessageContaining("99");
    }

    @Test
    void bytesHandedOutAreCopies() {
        invite.toBytes()[0] = 'X';
        invite.body()[0] = 'X';
        invite.index().copy(0, 6)[0] = 'X';

        assertThat(text(invite)).isEqualTo(TEXT);
    }
}
