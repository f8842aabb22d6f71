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
import org.sipproxy.message.wire.Splice;

/** RFC 3261 §18.2.1 and RFC 3581 §4. */
class ViaStampTest {

    /** Returns the Via line as the next hop and as the sender see it, which must be the same. */
    private static String stamped(String via, String ip, boolean reliable) throws SipParseException {
        SipRequest request = SipText.request("OPTIONS sip:a SIP/2.0\n" + via
                + "\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n");
        ViaStamp stamp = ViaStamp.of(request.index(), request.topVia(), new InetSocketAddress(ip, 40_000), reliable);
        Splice splice = new Splice();
        stamp.addTo(splice);
        String forwarded = line(request.index().apply(splice));

        ByteWriter copy = new ByteWriter(8).text("OPTIONS sip:a SIP/2.0\r\n");
        stamp.copy(
                copy,
                request.index(),
                request.index().lineStart(0),
                request.index().lineEnd(0));
        assertThat(line(copy.toBytes())).isEqualTo(forwarded);
        return forwarded;
    }

    private static String line(byte[] wire) {
        String text = new String(wire, StandardCharsets.UTF_8);
        int start = text.indexOf("\r\n") + 2;
        int end = text.indexOf("\r\nFrom", start);
        return (end < 0 ? text.substring(start, text.length() - 2) : text.substring(start, end)).replace("\r\n", "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // from the address in sent-by, without rport
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1               | Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
                "Via: SIP/2.0/UDP 192.0.2.1:40000;branch=z9hG4bK1         | Via: SIP/2.0/UDP 192.0.2.1:40000;branch=z9hG4bK1",
                // from another address
                "Via: SIP/2.0/UDP 192.0.2.11;branch=z9hG4bK1 | Via: SIP/2.0/UDP 192.0.2.11;received=192.0.2.1;branch=z9hG4bK1",
                "Via: SIP/2.0/UDP 192.0.2.0;branch=z9hG4bK1  | Via: SIP/2.0/UDP 192.0.2.0;received=192.0.2.1;branch=z9hG4bK1",
                "Via: SIP/2.0/UDP a.example.org:5062         | Via: SIP/2.0/UDP a.example.org:5062;received=192.0.2.1",
                "Via: SIP/2.0/UDP a:5062 ;branch=z9hG4bK1    | Via: SIP/2.0/UDP a:5062;received=192.0.2.1 ;branch=z9hG4bK1",
                "v:SIP / 2.0 / UDP a : 5062 ; ttl = 1        | v:SIP / 2.0 / UDP a : 5062;received=192.0.2.1 ; ttl = 1",
                "Via: SIP/2.0/UDP a, SIP/2.0/UDP b;rport     | Via: SIP/2.0/UDP a;received=192.0.2.1, SIP/2.0/UDP b;rport",
                // rport adds received even from the address in sent-by
                "Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z   | Via: SIP/2.0/UDP 192.0.2.1;rport=40000;received=192.0.2.1;branch=z",
                "Via: SIP/2.0/UDP a;branch=z;RPORT           | Via: SIP/2.0/UDP a;branch=z;RPORT=40000;received=192.0.2.1",
                "Via: SIP/2.0/UDP a;rport , SIP/2.0/UDP b    | Via: SIP/2.0/UDP a;rport=40000;received=192.0.2.1 , SIP/2.0/UDP b",
                // a received parameter that the sender wrote is never trusted
                "Via: SIP/2.0/UDP a;received=203.0.113.66    | Via: SIP/2.0/UDP a;received=192.0.2.1",
                "Via: SIP/2.0/UDP 192.0.2.1;received=9.9.9.9 | Via: SIP/2.0/UDP 192.0.2.1;received=192.0.2.1",
                "Via: SIP/2.0/UDP a;received=9.9.9.9;rport;x | Via: SIP/2.0/UDP a;received=192.0.2.1;rport=40000;x",
                "Via: SIP/2.0/UDP a;rport;received=9.9.9.9;x | Via: SIP/2.0/UDP a;rport=40000;received=192.0.2.1;x",
            })
    void datagram(String via, String expected) throws SipParseException {
        assertThat(stamped(via, "192.0.2.1", false)).isEqualTo(expected);
    }

    @Test
    void viaOfAStreamAlwaysGetsReceived() throws SipParseException {
        assertThat(stamped("Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1", "192.0.2.1", true))
                .isEqualTo("Via: SIP/2.0/TCP 192.0.2.1;received=192.0.2.1;branch=z9hG4bK1");
    }

    @Test
    void ipv6SourceStandsWithoutBrackets() throws SipParseException {
        assertThat(stamped("Via: SIP/2.0/UDP host.example.org;rport", "2001:db8::7", false))
                .isEqualTo("Via: SIP/2.0/UDP host.example.org;rport=40000;received=2001:db8::7");
    }

    @Test
    void ipv6SentByOfTheSourceNeedsNoReceived() throws SipParseException {
        assertThat(stamped("Via: SIP/2.0/UDP [2001:db8:0:0:0:0:0:7]:5060", "2001:db8::7", false))
                .isEqualTo("Via: SIP/2.0/UDP [2001:db8:0:0:0:0:0:7]:5060");
    }

    @Test
    void foldedViaIsStampedInPlace() throws SipParseException {
        assertThat(stamped("Via: SIP/2.0/UDP a\n ;rport\n ;branch=z9hG4bK1", "192.0.2.1", false))
                .isEqualTo("Via: SIP/2.0/UDP a\n ;rport=40000;received=192.0.2.1\n ;branch=z9hG4bK1");
    }
}
