package org.sipproxy.api.event;

import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipMessage;

/**
 * Sees the messages that go over the wire, for a trace. Called on event loops: it must not block, and it costs a parse of
 * every message sent, so it is for tests, samples and trouble-shooting. An exception is logged once and changes nothing.
 */
public interface WireListener {

    /** A message was received and could be read. Do not edit it. */
    void received(SipMessage message, Flow from);

    /** A message is being sent. */
    void sent(SipMessage message, Flow to);
}
