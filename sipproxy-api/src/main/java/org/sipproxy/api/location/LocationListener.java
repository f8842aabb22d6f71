package org.sipproxy.api.location;

/**
 * Listener for changes of bindings. It is notified after a change is visible, while no lock is held. It must not block.
 *
 * <p>The changes of one AOR are reported one after another, in the order in which they were made. They are reported by
 * a thread that changes the store: the one that made the change, or one that is still reporting an earlier one. Changes
 * of different AORs may be reported at the same time. An exception is logged and has no other effect.
 *
 * <p>Bindings that a store loads from a database at startup are not reported; use {@link LocationStore#forEach} to see
 * them. A store that keeps nothing in memory reports only the changes of its own updates. It reports an expiry when it
 * deletes the row, up to one minute late. If several servers share a database, the one that deletes the row reports it.
 */
@FunctionalInterface
public interface LocationListener {

    /** Handles a binding that was added, refreshed or removed. */
    void onChange(LocationEvent event);

    /**
     * Returns false for a kind of change that need not be reported. A store then does no work for it, which matters
     * because most registrations only refresh a binding. Called once for each kind when the listener is added. Default
     * true.
     */
    default boolean wants(LocationEvent.Kind kind) {
        return true;
    }
}
