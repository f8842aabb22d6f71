package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.wire.Splice;

/** Tests that an index derived from another message is the index that a parser would create. */
class RemovedLineTest {

    private static final HeaderName[] NAMES = {
        HeaderName.VIA,
        HeaderName.FROM,
        HeaderName.TO,
        HeaderName.SUBJECT,
        HeaderName.CONTENT_LENGTH,
        HeaderName.CONTACT,
        HeaderName.of("X-Own")
    };

    private static final String TEXT = """
        SIP/2.0 200 All right
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
        v: SIP/2.0/UDP 192.0.2.2
         ;branch=z9hG4bK2
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>;tag=2
        X-Own: 1
        Subject: two
          lines
        x-own : 2
        Call-ID: c1
        CSeq: 1 INVITE
        Contact: <sip:bob@192.0.2.3>
        Content-Length: 5

        hello""";

    private static byte[] without(SipResponse response, int line) {
        return response.index()
                .apply(new Splice()
                        .delete(
                                response.index().lineStart(line),
                                response.index().lineEnd(line)));
    }

    @Test
    void derivedIndexEqualsTheParsedOne() throws SipParseException {
        SipResponse whole = SipText.response(TEXT);

        for (int line = 0; line < whole.headerCount(); line++) {
            byte[] wire = without(whole, line);
            SipResponse parsed = (SipResponse) SipMessage.parse(wire, ParseLimits.DEFAULT);

            assertSame(whole.withoutLine(line, wire, ParseLimits.DEFAULT), parsed);
        }
    }

    private static void assertSame(SipResponse derived, SipResponse parsed) {
        assertThat(derived).hasToString(parsed.toString());
        assertThat(derived.statusCode()).isEqualTo(parsed.statusCode());
        assertThat(derived.reasonPhrase()).isEqualTo(parsed.reasonPhrase());
        assertThat(derived.headerCount()).isEqualTo(parsed.headerCount());
        for (int i = 0; i < parsed.headerCount(); i++) {
            assertThat(derived.headerName(i)).isEqualTo(parsed.headerName(i));
            assertThat(derived.index().lineStart(i)).isEqualTo(parsed.index().lineStart(i));
            assertThat(derived.index().lineEnd(i)).isEqualTo(parsed.index().lineEnd(i));
            assertThat(derived.value(i)).isEqualTo(parsed.value(i));
        }
        for (HeaderName name : NAMES) {
            assertThat(derived.hasHeader(name)).as(name.name()).isEqualTo(parsed.hasHeader(name));
            assertThat(derived.isRepeated(name)).as(name.name()).isEqualTo(parsed.isRepeated(name));
            assertThat(derived.firstHeader(name)).as(name.name()).isEqualTo(parsed.firstHeader(name));
        }
        assertThat(derived.index().headersEnd()).isEqualTo(parsed.index().headersEnd());
        assertThat(derived.body()).isEqualTo(parsed.body());
    }

    @Test
    void derivedResponseCanBeEdited() {
        SipResponse whole = SipText.response(TEXT);

        SipResponse derived = whole.withoutLine(0, without(whole, 0), ParseLimits.DEFAULT);

        assertThat(derived.withHeader(HeaderName.SUBJECT, "new").header(HeaderName.SUBJECT))
                .contains("new");
        assertThat(derived.withoutHeader(HeaderName.VIA).hasHeader(HeaderName.VIA))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void bytesOfAnotherLengthAreRefused(int more) {
        SipResponse whole = SipText.response(TEXT);
        byte[] wire = new byte[without(whole, 0).length + more];

        assertThatThrownBy(() -> whole.withoutLine(0, wire, ParseLimits.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("without line 0");
    }
}
