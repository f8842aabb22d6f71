package org.sipproxy.api.transport;

/**
 * Is shown what arrives on a listening point and is no SIP message: a datagram of line ends or zeros, a STUN request. Runs on
 * an event loop and must not block. The line ends that a stream's peer sends as a keepalive are answered by the proxy itself
 * (RFC 5626 §3.5.1) and are shown too.
 */
@FunctionalInterface
public interface NonSipHandler {

    /**
     * Something arrived.
     *
     * @param flow where it comes from
     * @param bytes what it is; the handler's to keep
     */
    void onNonSip(Flow flow, byte[] bytes);
}
