package org.sipproxy.api.event;

/**
 * Listener for what the proxy refuses or drops, such as for metrics. Called on the thread that refuses, often a
 * receiver thread, so it must not block. During an attack thousands of refusals arrive per second. An exception is
 * logged and has no other effect.
 */
@FunctionalInterface
public interface RefusalListener {

    /** Handles a refusal. */
    void onRefusal(Refusal refusal);
}
