package org.sipproxy.api.routing;

/**
 * Is told of each request that got its final response from us, relayed or our own, or none in time; ACK gets none. For accounting. Called on
 * event loops while the transaction's lock is held: it must not block. An exception is logged and changes nothing.
 *
 * <p>A request of a sender that has proved nothing may be refused without a transaction, and then once more for each
 * retransmission. That is one call, unless some 25,000 others were refused in between.
 */
@FunctionalInterface
public interface RequestListener {

    /** A request was answered. */
    void onCompleted(CompletedRequest request);
}
