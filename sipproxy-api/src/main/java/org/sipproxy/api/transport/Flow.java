package org.sipproxy.api.transport;

import java.net.InetSocketAddress;
import java.util.Set;

/**
 * The way between one local listening point and one remote address: for UDP the pair of addresses, for a stream transport
 * one connection (RFC 5626 §1). What is sent on a flow leaves by the very socket or connection that the flow names.
 */
public interface Flow {

    /** The transport. */
    TransportKind kind();

    /** The endpoint that it came in on, with the port really bound. */
    Endpoint endpoint();

    /** The peer's address as seen here. */
    InetSocketAddress remoteAddress();

    /** True if a message can still be sent: always for UDP, for a stream until the connection closes. */
    boolean isOpen();

    /**
     * The SIP domains, in lower case, that the peer's certificate is for (RFC 5922 §7.1), once it was verified against the trust
     * anchors. Empty without TLS, and for a peer that presented no certificate, as most phones do.
     */
    default Set<String> peerIdentities() {
        return Set.of();
    }
}
