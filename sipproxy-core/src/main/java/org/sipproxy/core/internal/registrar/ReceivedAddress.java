package org.sipproxy.core.internal.registrar;

import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/** Source address of a message as the URI that Kamailio's {@code received} column holds. */
final class ReceivedAddress {

    private ReceivedAddress() {}

    /** Returns a URI such as {@code sip:203.0.113.9:40001}, with the transport unless it is UDP. */
    static SipUri of(Flow flow) {
        String uri = "sip:" + HostName.text(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        return SipUri.of(
                flow.kind() == TransportKind.UDP
                        ? uri
                        : uri + ";transport=" + flow.kind().lowerCase());
    }
}
