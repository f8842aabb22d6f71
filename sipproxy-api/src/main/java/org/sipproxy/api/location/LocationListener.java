package org.sipproxy.api.location;

/**
 * Watches the location store. It is told of a change after the change is visible, while no lock is held; it must not block.
 *
 * <p>The changes of one address are told one after another, in the order in which they were made, by a thread that changes
 * the store: the one that made the change, or one that is just telling an earlier one. Changes of different addresses may
 * be told at the same time. An exception is logged and changes nothing.
 *
 * <p>Bindings that a store reads from a database when it starts are not told: {@link LocationStore#forEach} shows them. A
 * store that keeps nothing in memory tells what its own updates change, and tells an expiry when it deletes the row, up to a
 * minute late; of several servers on one database the one that deletes it.
 */
@FunctionalInterface
public interface LocationListener {

    /** A binding was added, refreshed or removed. */
    void onChange(LocationEvent event);

    /**
     * False for a kind of change that need not be told: a store does no work for events that nobody wants, and most
     * registrations only refresh a binding. Asked once for each kind, when the listener is added; default true.
     */
    default boolean wants(LocationEvent.Kind kind) {
        return true;
    }
}
