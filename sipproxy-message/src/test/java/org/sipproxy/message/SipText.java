package org.sipproxy.message;

import java.nio.charset.StandardCharsets;

/** Messages written as readable text, converted to the bytes of the wire. */
public final class SipText {

    private SipText() {}

    /** Returns the text with CR LF line ends, in UTF-8. */
    public static byte[] crlf(String text) {
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Parses a request with the default limits. */
    public static SipRequest request(String text) {
        return (SipRequest) parse(crlf(text));
    }

    /** Parses a response with the default limits. */
    public static SipResponse response(String text) {
        return (SipResponse) parse(crlf(text));
    }

    /** Returns an INVITE with the mandatory headers, and these lines below them. */
    public static SipRequest requestWith(String... lines) {
        return request("""
        INVITE sip:bob@example.org SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
        Max-Forwards: 70
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>
        Call-ID: c1
        CSeq: 1 INVITE
        """ + String.join("\n", lines) + "\nContent-Length: 0\n\n");
    }

    private static SipMessage parse(byte[] wire) {
        try {
            return SipMessage.parse(wire, ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            throw new AssertionError("fixture is not a message: " + e.getMessage(), e);
        }
    }
}
