package org.sipproxy.api.transport;

/**
 * A handler for what arrives on a listening point and is not a SIP message: a datagram of line ends or zeros, a STUN
 * request. Runs on a receiver thread and must not block. Keepalive line ends of stream peers are passed to it as well,
 * although the proxy itself responds to them (RFC 5626 §3.5.1).
 */
@FunctionalInterface
public interface NonSipHandler {

    /**
     * Handles bytes that are not a SIP message.
     *
     * @param flow the flow that they arrived on
     * @param bytes what was received; the handler may keep the array
     */
    void onNonSip(Flow flow, byte[] bytes);
}
