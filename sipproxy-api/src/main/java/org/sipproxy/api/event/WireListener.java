package org.sipproxy.api.event;

import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipMessage;

/**
 * Listener for the messages on the wire, for a trace. Called on the thread that receives or sends the message, so it
 * must not block. It costs a parse of every message sent: use it in tests, samples and for troubleshooting. An
 * exception is logged once and has no other effect.
 */
public interface WireListener {

    /** Handles a message that was received and parsed. Do not edit it. */
    void received(SipMessage message, Flow from);

    /** Handles a message that is being sent. */
    void sent(SipMessage message, Flow to);
}
