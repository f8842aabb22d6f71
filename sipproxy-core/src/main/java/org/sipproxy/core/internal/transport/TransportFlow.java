package org.sipproxy.core.internal.transport;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;

/** A {@link Flow} that can send. Thread-safe; sending never blocks. */
public interface TransportFlow extends Flow {

    /**
     * Sends one complete message. If that fails, now or later, {@code onFailure} is called once, on any thread.
     *
     * @param wire the message; it is not changed and must not be changed afterwards
     */
    void send(byte[] wire, SendFailure onFailure);

    /**
     * Returns the name of this flow's endpoint in Via and Record-Route: the advertised one, otherwise the bound one.
     */
    SentBy advertised();

    /** Returns the number of a stream connection; empty for UDP. */
    Optional<Long> connectionId();

    /** Returns the listening point that makes an equal flow of the peer's address; null for a stream connection. */
    default @Nullable DatagramPoint point() {
        return null;
    }

    /**
     * Returns true if the peer opened the connection over TLS or WebSocket, so that it is the only path to the peer. A
     * phone has no certificate by which another connection could be verified, and a browser does not accept
     * connections.
     */
    default boolean isPeerInitiated() {
        return false;
    }

    /** Returns true for a connection that the peer opened. */
    default boolean isAccepted() {
        return false;
    }

    /**
     * Returns false if the peer opened the connection after a client was seen at its address: then it is another
     * connection, perhaps of another client, to which a NAT has given the port.
     *
     * @param seenAtMillis when the client was seen, in the proxy's time
     */
    default boolean wasOpenAt(long seenAtMillis) {
        return true;
    }

    /** Records that the peer has sent a valid SIP message: an accepted connection may stay open. Thread-safe. */
    default void messageAccepted() {}

    /** Records that a user proved a password on this flow, or that a component trusts the peer. Thread-safe. */
    default void peerProven() {}
}
