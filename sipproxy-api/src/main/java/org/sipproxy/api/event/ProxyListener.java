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
}
