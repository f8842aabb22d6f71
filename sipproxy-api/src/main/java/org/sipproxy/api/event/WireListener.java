package org.sipproxy.api.event;

/**
 * Listener for what the proxy receives and sends, for a trace. Called on the thread that receives or sends, so it must
 * not block. An exception is logged once and has no other effect.
 *
 * <p>A proxy without such listeners does no work for them. With one, each message costs a {@link WireMessage}; it is
 * parsed only if the listener asks for it and the proxy has not parsed it.
 *
 * <p>Notified of a received message after the arrival filters have accepted it and before the proxy acts on it, and of
 * a sent one when it is written to the socket: a message that waits for its connection is reported when the connection
 * is open. Not notified of what an arrival filter drops, and of the handshakes and control frames of TLS and WebSocket.
 */
@FunctionalInterface
public interface WireListener {

    /** Handles a message, received or sent. */
    void onMessage(WireMessage message);
}
