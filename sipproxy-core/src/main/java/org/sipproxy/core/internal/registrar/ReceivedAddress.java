package org.sipproxy.core.internal.registrar;

import java.net.InetAddress;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;

/** The address that a message came from as the URI that Kamailio's {@code received} column holds. */
final class ReceivedAddress {

    private ReceivedAddress() {}

    /** {@code sip:203.0.113.9:40001}, with the transport unless it is UDP. */
    static SipUri of(Flow flow) {
        InetAddress address = flow.remoteAddress().getAddress();
        String host = address.getHostAddress();
        int scope = host.indexOf('%');
        if (host.indexOf(':') >= 0) {
            host = "[" + (scope < 0 ? host : host.substring(0, scope)) + "]";
        }
        String uri = "sip:" + host + ":" + flow.remoteAddress().getPort();
        return SipUri.of(
                flow.kind() == TransportKind.UDP
                        ? uri
                        : uri + ";transport=" + flow.kind().lowerCase());
    }
}
