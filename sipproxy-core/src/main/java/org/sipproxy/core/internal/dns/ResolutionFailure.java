package org.sipproxy.core.internal.dns;

/**
 * Reason why a URI or a Via does not resolve to a next hop.
 *
 * @param reason the kind of failure, for decisions
 * @param text one line for a log; text from the network is shortened and escaped
 */
public record ResolutionFailure(Reason reason, String text) {

    /** Kinds of failure. */
    public enum Reason {
        /** The name has no usable address, or cannot be a name; a retry is useless. */
        NO_SUCH_HOST,
        /** The URI requires a scheme, transport, port or address family that this proxy does not support. */
        UNSUPPORTED,
        /** The DNS did not answer in time, or reported an error; a later retry may succeed. */
        DNS_FAILED,
        /** Too many look-ups are already waiting. */
        OVERLOADED
    }
}
