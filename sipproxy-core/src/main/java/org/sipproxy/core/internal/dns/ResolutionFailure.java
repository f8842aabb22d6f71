package org.sipproxy.core.internal.dns;

/**
 * Why a URI or a Via leads nowhere.
 *
 * @param reason what the caller can decide by
 * @param text one line for a log; what came from the network is shortened and escaped in it
 */
public record ResolutionFailure(Reason reason, String text) {

    /** The kinds of failure. */
    public enum Reason {
        /** The name has no usable address, or cannot be a name: trying again is of no use. */
        NO_SUCH_HOST,
        /** The URI asks for a scheme, transport, port or address family that this proxy does not serve. */
        UNSUPPORTED,
        /** The DNS gave no answer in time, or an error; later it may. */
        DNS_FAILED,
        /** Too many lookups wait already. */
        OVERLOADED
    }
}
