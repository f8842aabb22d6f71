package org.sipproxy.api.location;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Durable rows behind a location store; databases implement it. An implementation only reads and writes: how memory and
 * rows are kept in line (write-through, write-back, and so on) is up to the proxy, see {@link StoreMode}.
 *
 * <p>All times, in bindings and in parameters, are those of the wall clock, because other processes read the same rows.
 *
 * <p>All methods may block and may be called by several threads at once. If an operation fails, they throw
 * {@link LocationStoreException} and have changed nothing. The exception's kind matters. The store queries an
 * {@linkplain LocationStoreException.Kind#UNREACHABLE unreachable} database with one thread at a time until it
 * responds. It splits a {@linkplain LocationStoreException.Kind#REFUSED refused} batch to find the row that caused it.
 * If a connection breaks during a commit, it is unknown whether anything changed; report that as unreachable.
 */
public interface BindingRepository {

    /**
     * Returns how long one operation may take before the database counts as unreachable for the callers that wait
     * behind it. Default 10 s.
     */
    default Duration timeout() {
        return Duration.ofSeconds(10);
    }

    /**
     * Returns why the database cannot be reached, as far as that is known without a query, such as from a connection
     * that was lost: then a proxy without traffic does not report that it is ready. Empty if it responds or nothing is
     * known. Called for each query of the health. Must not block. Default: empty.
     */
    default Optional<String> outage() {
        return Optional.empty();
    }

    /** Returns the rows of one AOR that expire after {@code now}, in the order in which they were added. */
    List<Binding> find(Aor aor, Instant now);

    /**
     * Passes every row that expires after {@code now} to the visitor, reading a page at a time. Concurrent changes may
     * be missed or seen. Rows that cannot be read are skipped, and their number is logged.
     */
    void forEach(Instant now, BiConsumer<Aor, Binding> visitor);

    /**
     * Checks whether a row can hold the binding, without a query to the database: a store that writes later must not
     * acknowledge what it cannot keep. {@link #write} and {@link #update} refuse the same bindings. Must not block.
     * Default: accepts every binding.
     *
     * @throws LocationStoreException of kind {@link LocationStoreException.Kind#REFUSED} if a row cannot hold the
     *     binding
     */
    default void check(Aor aor, Binding binding) {}

    /**
     * Writes all or nothing in one transaction, with a bounded number of statements regardless of the number of writes.
     * Writes with the same binding id apply in order. Deleting a row that does not exist is not an error.
     */
    void write(List<BindingWrite> writes);

    /**
     * Reads the rows of an AOR that expire after {@code now}, applies {@code change}, and writes the result. No other
     * update of the AOR happens in between, not even by another process. An exception that {@code change} throws is
     * rethrown, and nothing has changed then.
     *
     * @return the bindings after the change
     */
    List<Binding> update(Aor aor, BindingChange change, Instant now);

    /**
     * Deletes rows that expired at or before {@code endedAt}.
     *
     * @param ofThisServerOnly true to keep the rows that other servers wrote
     * @param removed receives each row that was deleted
     */
    void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed);
}
