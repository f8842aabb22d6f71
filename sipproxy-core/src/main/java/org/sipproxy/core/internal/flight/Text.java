package org.sipproxy.core.internal.flight;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/** Fields of events. Text from a message is escaped and cut. */
final class Text {

    /** In characters: a Call-ID that is cut could not be found elsewhere. */
    private static final int LONGEST = 160;

    private Text() {}

    static String of(String text) {
        return SipParseException.excerpt(text, LONGEST);
    }

    static String of(SipRequest request, HeaderName header) {
        return request.header(header).map(Text::of).orElse("");
    }

    /** Returns the source in the form of the log, such as {@code udp:192.0.2.7:5060}. */
    static String source(TransportKind transport, InetSocketAddress source) {
        InetAddress address = source.getAddress();
        return transport.lowerCase() + ":" + (address == null ? "-" : HostName.text(address)) + ":" + source.getPort();
    }
}
