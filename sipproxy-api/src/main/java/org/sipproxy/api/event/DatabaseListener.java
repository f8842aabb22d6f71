package org.sipproxy.api.event;

/**
 * Listener for operations on databases, such as for metrics. Called on the thread that made the operation, while a
 * request may wait for it, so it must not block. An exception is logged and has no other effect.
 */
@FunctionalInterface
public interface DatabaseListener {

    /** Handles an operation that has ended. */
    void onDatabaseCall(DatabaseCall call);
}
