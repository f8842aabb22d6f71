/**
 * Location stores of all storage modes.
 *
 * <p>Start with {@code ManagedLocationStore#of}, which maps a storage mode to its store: {@code MemoryLocationStore},
 * {@code LoadAtStartStore}, {@code WriteThroughStore}, {@code WriteBackStore} or {@code DatabaseOnlyStore}. All but the
 * last read from memory, where an {@code AddressTable} has an entry for each AOR. Its {@code EntryForm} is a byte
 * array, {@code PackedBindings}, or an {@code AorEntry} with objects. {@code WatchedRepository} tracks whether the
 * database is reachable, and {@code WallClockRows} translates times. {@code Flusher} writes changes back in batches,
 * {@code GroupCommit} combines concurrent writes, and {@code LocationEvents} notifies listeners.
 *
 * <p>Does not contain SQL: a {@code BindingRepository}, such as that of sipproxy-jdbc, accesses the database.
 */
@NullMarked
package org.sipproxy.core.internal.location;

import org.jspecify.annotations.NullMarked;
