package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

class ReplacedFromTest {

    private static final SipUri ACCOUNT = SipUri.of("sip:4930123@carrier.test");

    private Instant now = Instant.EPOCH;
    private final ReplacedFrom from = new ReplacedFrom(Duration.ofHours(24), () -> now);

    private static SipRequest request(String method, String callId, String fromValue, String to)
            throws SipParseException {
        String text = method + " sip:0301@sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: "
                + fromValue + "\r\nTo: " + to + "\r\nCall-ID: " + callId + "\r\nCSeq: 1 " + method
                + "\r\nContent-Length: 0\r\n\r\n";
        return (SipRequest) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    private SipRequest sent(String callId, String fromValue) throws SipParseException {
        return from.outgoing(request("INVITE", callId, fromValue, "<sip:0301@sip.test>"), ACCOUNT);
    }

    private static String from(SipRequest request) {
        return request.header(HeaderName.FROM).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        <sip:alice@sip.test>;tag=a              | <sip:4930123@carrier.test>;tag=a
        sip:alice@sip.test;tag=a                | <sip:4930123@carrier.test>;tag=a
        Alice <sip:alice@sip.test>;tag=a        | Alice <sip:4930123@carrier.test>;tag=a
        "A <b>" <sip:alice@sip.test>;x=1;tag=a  | "A <b>" <sip:4930123@carrier.test>;tag=a
        "A \\"<" <sip:alice@sip.test>;tag=a     | "A \\"<" <sip:4930123@carrier.test>;tag=a
        """)
    void nameAndTagStay(String ofCaller, String ofProvider) throws SipParseException {
        SipRequest sent = sent("1", ofCaller);
        assertThat(from(sent)).isEqualTo(ofProvider);
        assertThat(sent.fromTag()).isEqualTo("a");
    }

    @Test
    void anEndedCallIsRemovedAfterItsLastMessages() throws SipParseException {
        SipRequest invite = sent("1", "<sip:alice@sip.test>;tag=a");
        SipRequest bye = request("BYE", "1", "<sip:alice@sip.test>;tag=a", "<sip:0301@sip.test>;tag=b");
        assertThat(from(from.inDialog(bye))).isEqualTo(from(invite));

        from.ended(bye);
        assertThat(from(from.inDialog(bye))).as("a retransmission").isEqualTo(from(invite));
        now = now.plusSeconds(41);
        sent("2", "<sip:alice@sip.test>;tag=c");
        from.ended(request("BYE", "2", "<sip:x@y>;tag=d", "<sip:alice@sip.test>;tag=c"));
        assertThat(from.size()).as("the second call only").isEqualTo(1);
        assertThat(from.inDialog(bye)).isSameAs(bye);
    }

    @Test
    void aCallWithoutByeIsRemovedInTheEnd() throws SipParseException {
        for (int i = 0; i < 10; i++) {
            sent("c" + i, "<sip:alice@sip.test>;tag=a");
        }
        now = now.plus(Duration.ofHours(25));
        sent("last", "<sip:alice@sip.test>;tag=a");
        assertThat(from.size()).isEqualTo(1);
    }
}
