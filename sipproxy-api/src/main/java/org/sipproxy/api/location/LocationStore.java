package org.sipproxy.api.location;

import java.util.List;
import java.util.function.BiConsumer;

/**
 * Where bindings are kept. All methods may be called by several threads at once, also for one address.
 *
 * <p>Expired bindings are never returned, however late they are removed.
 */
public interface LocationStore extends AutoCloseable {

    /**
     * The unexpired bindings of an address, in the order in which they were added; empty if there are none.
     *
     * @throws LocationStoreException if the store cannot be read
     */
    List<Binding> lookup(Aor aor);

    /**
     * Applies a change atomically: no other update of the same address happens between the reading of its bindings and the
     * writing of what {@code change} makes of them. When it returns, the change is as durable as the store promises.
     *
     * @return the bindings after the change
     * @throws LocationStoreException if the change could not be kept; nothing has changed then
     */
    List<Binding> update(Aor aor, BindingChange change);

    /** Shows every address with its unexpired bindings; what changes meanwhile may be missed. */
    void forEach(BiConsumer<Aor, List<Binding>> visitor);

    /** Adds a listener; it stays until the store is closed. */
    void addListener(LocationListener listener);

    /** Which methods may wait for a disk or a network; the proxy calls those on a worker thread. Asked once. */
    Blocking blocking();

    /** Which methods of a store may wait. */
    enum Blocking {
        /** None. */
        NEVER,
        /** {@link LocationStore#update}. */
        UPDATES,
        /** {@link LocationStore#update}, {@link LocationStore#lookup} and {@link LocationStore#forEach}. */
        ALWAYS
    }

    /** Keeps what is still to be kept and releases what the store opened itself. Idempotent. */
    @Override
    void close();
}
