package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingWrite;

/** The writes of one transaction of a flush, and the state of the AORs when it was assembled. */
final class FlushBatch {

    /** An AOR and what the database holds of it once the batch is written. */
    private record Entry(AorEntry address, List<Binding> bindings) {}

    private final List<Entry> entries;
    private final List<BindingWrite> writes;

    private FlushBatch(List<Entry> entries, List<BindingWrite> writes) {
        this.entries = entries;
        this.writes = writes;
    }

    /** Returns a batch that brings the rows of these AORs up to date. */
    static FlushBatch of(List<AorEntry> addresses, long nowMillis) {
        List<Entry> entries = new ArrayList<>(addresses.size());
        List<BindingWrite> writes = new ArrayList<>(addresses.size());
        for (AorEntry address : addresses) {
            synchronized (address) {
                List<Binding> bindings = address.bindings;
                if (bindings != null) {
                    entries.add(new Entry(address, bindings));
                    Differences.add(writes, address.aor, address.inDatabase, bindings, nowMillis);
                }
            }
        }
        return new FlushBatch(entries, writes);
    }

    void writeTo(WatchedRepository repository) {
        if (!writes.isEmpty()) {
            repository.write(writes);
        }
    }

    void written(MemoryLocationStore memory) {
        for (Entry entry : entries) {
            AorEntry address = entry.address();
            synchronized (address) {
                address.inDatabase = entry.bindings();
                memory.leaveIfDone(address);
            }
        }
    }

    /**
     * Records that the batch failed. A connection may break after the commit, so each row may or may not exist. Copies
     * stand for the rows, so that a binding is DIRTY if it still exists and is deleted otherwise.
     */
    void mayBeWritten() {
        for (Entry entry : entries) {
            AorEntry address = entry.address();
            synchronized (address) {
                List<Binding> maybe = new ArrayList<>();
                for (Binding binding : entry.bindings()) {
                    boolean isSync = Differences.withId(address.inDatabase, binding.id()) == binding;
                    maybe.add(isSync ? binding : binding.toBuilder().build());
                }
                for (Binding old : address.inDatabase) {
                    if (Differences.withId(maybe, old.id()) == null) {
                        maybe.add(old);
                    }
                }
                address.inDatabase = List.copyOf(maybe);
            }
        }
    }
}
