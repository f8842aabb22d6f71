package org.sipproxy.api.event;

/**
 * Listener for the security events that the proxy and its components publish. Called on the thread that publishes the
 * event, often a receiver thread, so it must not block. During an attack thousands of events arrive per second, so a
 * listener that logs them must limit its rate. An exception is logged and has no other effect.
 */
@FunctionalInterface
public interface ProxyListener {

    /** Handles an event. */
    void onEvent(SecurityEvent event);

    /**
     * Returns false if the listener only counts. If no listener keeps a record, the proxy logs requests and connections
     * that a component refused, like its own refusals. Called once, when the proxy is built. Default true.
     */
    default boolean keepsRecord() {
        return true;
    }
}
