package org.sipproxy.core.internal.transaction;

/** Writer of the responses that a server transaction sends by itself before its request is decided about. */
@FunctionalInterface
public interface LocalResponder {

    /** Returns the bytes of the 100. */
    byte[] trying();

    /**
     * Called when the proxy closes before the request was decided about: responds now, on the transaction. Called under
     * its lock. Default: does nothing, for a transaction that gets its final response at once.
     */
    default void shutdown() {}
}
