package org.sipproxy.core.internal.dns;

import java.nio.charset.StandardCharsets;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/** A response around a Via, because a Via is parsed only as part of a message. */
final class Vias {

    private Vias() {}

    static SipMessage parse(String via) throws SipParseException {
        String text = "SIP/2.0 200 OK\r\nVia: " + via + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
                + "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        return SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }
}
