package org.sipproxy.api.event;

/**
 * Is told of each request that got its final response from us, relayed or our own; ACK gets none. For accounting. Called on
 * event loops while the transaction's lock is held: it must not block. An exception is logged and changes nothing.
 */
@FunctionalInterface
public interface RequestListener {

    /** A request was answered. */
    void onCompleted(CompletedRequest request);
}
