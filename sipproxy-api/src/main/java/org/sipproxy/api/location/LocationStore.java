package org.sipproxy.api.location;

import java.util.List;
import java.util.function.BiConsumer;

/**
 * Store of bindings, keyed by address-of-record. All methods may be called by several threads at once, also for the
 * same AOR.
 *
 * <p>Expired bindings are never returned, even if they have not been removed yet.
 */
public interface LocationStore extends AutoCloseable {

    /**
     * Returns the unexpired bindings of an AOR in the order in which they were added; empty if there are none.
     *
     * @throws LocationStoreException if the store cannot be read
     */
    List<Binding> lookup(Aor aor);

    /**
     * Applies a change atomically: no other update of the same AOR happens between reading its bindings and writing the
     * result of {@code change}. When the method returns, the change is as durable as the store promises. An exception
     * that {@code change} throws is rethrown, and nothing has changed then.
     *
     * @return the bindings after the change
     * @throws LocationStoreException if the change could not be stored; nothing has changed then
     */
    List<Binding> update(Aor aor, BindingChange change);

    /** Passes every AOR with its unexpired bindings to the visitor. Concurrent changes may be missed. */
    void forEach(BiConsumer<Aor, List<Binding>> visitor);

    /** Adds a listener for changes of bindings. It stays until the store is closed. */
    void addListener(LocationListener listener);

    /**
     * Returns which methods may wait for a disk or a network; the proxy calls these on a worker thread. Called once.
     */
    Blocking blocking();

    /** Set of methods that may wait. */
    enum Blocking {
        /** No method. */
        NEVER,
        /** {@link LocationStore#update}. */
        UPDATES,
        /** {@link LocationStore#update}, {@link LocationStore#lookup} and {@link LocationStore#forEach}. */
        ALWAYS
    }

    /** Writes what has not been written yet, and releases what the store opened itself. Idempotent. */
    @Override
    void close();
}
