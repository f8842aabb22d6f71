package org.sipproxy.api.location;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Durable rows behind a location store: what a database implements. How rows and memory go together (write-through,
 * write-back, and so on) is the proxy's matter, see {@link StoreMode}; an implementation only reads and writes.
 *
 * <p>All times are those of the wall clock, both in bindings and in parameters: other processes read the same rows.
 *
 * <p>All methods may be called by several threads at once, block, and throw {@link LocationStoreException} if the database
 * does not do what it should, with nothing changed. The exception's kind matters: a store asks an
 * {@linkplain LocationStoreException.Kind#UNREACHABLE unreachable} database with one thread at a time until it answers, and
 * takes a batch that is {@linkplain LocationStoreException.Kind#REFUSED refused} apart to find the row to blame. When a
 * connection breaks during a commit, nobody can say whether something changed; that counts as unreachable.
 */
public interface BindingRepository {

    /**
     * How long one operation may take before the database counts as unreachable for those who wait behind it. Default 10 s.
     */
    default Duration timeout() {
        return Duration.ofSeconds(10);
    }

    /** The rows of one address that end after {@code now}, in the order in which they were added. */
    List<Binding> find(Aor aor, Instant now);

    /**
     * Shows every row that ends after {@code now}, reading a page at a time. What others change meanwhile may be missed or
     * seen. A row that cannot be read is skipped and counted in a log line.
     */
    void forEach(Instant now, BiConsumer<Aor, Binding> visitor);

    /**
     * Checks whether a row could hold the binding, without asking the database: a store that writes later must not promise what it
     * can never keep. {@link #write} and {@link #update} refuse the same. Must not block. Default: everything can be held.
     *
     * @throws LocationStoreException of kind {@link LocationStoreException.Kind#REFUSED} if it could not
     */
    default void check(Aor aor, Binding binding) {}

    /**
     * Writes all or nothing, in one transaction, a bounded number of statements however many writes there are. Writes of one
     * binding's id apply in order. To delete a row that is not there is no error.
     */
    void write(List<BindingWrite> writes);

    /**
     * Reads the rows of an address that end after {@code now}, lets {@code change} say what they shall be, and writes that,
     * while no other update of the address can come between, be it of another process.
     *
     * @return the bindings after the change
     */
    List<Binding> update(Aor aor, BindingChange change, Instant now);

    /**
     * Deletes rows that ended at or before {@code endedAt}.
     *
     * @param ofThisServerOnly true to leave the rows that other servers wrote
     * @param removed is shown each row that was deleted
     */
    void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed);
}
