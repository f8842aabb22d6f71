package org.sipproxy.core.internal.transport;

import java.util.Optional;
import org.sipproxy.api.transport.Flow;

/** A {@link Flow} that can be sent on. Any thread may send; sending never blocks. */
public interface TransportFlow extends Flow {

    /**
     * Sends one whole message. If that fails, now or later, {@code onFailure} is called once, on any thread.
     *
     * @param wire the message; it is not changed and must not be changed afterwards
     */
    void send(byte[] wire, SendFailure onFailure);

    /** {@code host:port} that Via and Record-Route name for this flow's endpoint: the advertised one, else the bound one. */
    SentBy advertised();

    /** The connection's number for a stream, empty for UDP. */
    Optional<Long> connectionId();

    /**
     * True if the peer opened the connection over TLS or WebSocket, so that this is the way to reach it: a phone has no
     * certificate that another connection could be checked by, and nobody can connect to a browser.
     */
    default boolean isPeerInitiated() {
        return false;
    }

    /** Notes that the peer has sent a valid SIP message: an accepted connection may stay open. Any thread. */
    default void messageAccepted() {}

    /** Notes that a user proved a password on this flow, or that a component trusts the peer. Any thread. */
    default void peerProven() {}
}
