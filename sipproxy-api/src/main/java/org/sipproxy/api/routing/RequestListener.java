package org.sipproxy.api.routing;

/**
 * Listener for completed requests, for example for accounting. It is notified of each request that received its final
 * response from this proxy, relayed or locally generated, and of each request that received none in time. ACK is not
 * reported. An INVITE that several phones accept is reported for each 2xx, because each is a call with a To tag of its
 * own. The listener must not block: it is often called on a receiver thread, and the proxy holds the transaction's lock
 * meanwhile. An exception is logged and has no other effect.
 *
 * <p>A request of an unauthenticated sender may be rejected without a transaction, and then again for each
 * retransmission. That is reported once, unless some 25,000 other requests were rejected in between.
 */
@FunctionalInterface
public interface RequestListener {

    /** Handles the completion of a request. */
    void onCompleted(CompletedRequest request);
}
