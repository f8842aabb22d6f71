package org.sipproxy.core.internal.transaction;

/** Writes what a server transaction sends by itself while nobody has decided about its request. */
@FunctionalInterface
public interface LocalResponder {

    /** The bytes of the 100. */
    byte[] trying();

    /**
     * The proxy closes and nobody has decided: respond now, on the transaction. Called under its lock. Default nothing, for a
     * transaction that gets its final response at once.
     */
    default void shutdown() {}
}
