package org.sipproxy.api.transport;

import java.net.InetSocketAddress;
import java.util.Set;

/**
 * Pair of a listening point and a remote address for UDP, or one connection of a stream transport (RFC 5626 §1). What
 * is sent on a flow leaves from exactly that socket or connection.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeFlow} of {@code sipproxy-testkit}.
 */
public interface Flow {

    /** Returns the transport. */
    TransportKind kind();

    /** Returns the listening point, with the port that is actually bound. */
    Endpoint endpoint();

    /**
     * Returns this proxy's address: for a stream transport that of the connection, once it is open; otherwise that of
     * the listening point, which may be a wildcard address.
     */
    default InetSocketAddress localAddress() {
        return new InetSocketAddress(endpoint().host(), endpoint().port());
    }

    /** Returns the peer's address as this proxy sees it. */
    InetSocketAddress remoteAddress();

    /**
     * Returns true if a message can still be sent: always for UDP; for a stream transport until the connection closes.
     */
    boolean isOpen();

    /**
     * Returns the SIP domains, in lower case, of the peer's certificate once it was verified against the trust anchors
     * (RFC 5922 §7.1). Empty without TLS, and for a peer without a certificate, such as most phones.
     */
    default Set<String> peerIdentities() {
        return Set.of();
    }
}
