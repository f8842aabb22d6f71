package org.sipproxy.core.internal.call;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.PeriodicTask;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes answered calls to the repository of the host application, on a thread of its own, and reads them at start.
 * What waits to be written is bounded: a call that ends before its row is written gets none. Thread-safe.
 */
final class CallStore {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int BATCH = 1_000;

    private final HostCall host = new HostCall("call repository");
    private final CallRepository repository;
    private final PeriodicTask writing;
    private final Consumer<List<StoredCall>> restore;
    /** Calls whose rows are out of date. */
    private final ConcurrentHashMap<CallKey, TrackedCall> changed = new ConcurrentHashMap<>();

    /** True once the rows have been read. Used before the thread starts, and then by it only. */
    private boolean isRestored;

    private boolean hasFailed;

    /** @param restore receives the calls that are stored, once */
    CallStore(CallRepository repository, ProxyThreads threads, Consumer<List<StoredCall>> restore) {
        this.repository = repository;
        this.writing = new PeriodicTask(threads, "calls-store", INTERVAL, LOG, () -> read() && flush());
        this.restore = restore;
    }

    /** Reads the stored calls and starts the thread, which reads them if that fails. */
    void open() {
        read();
        writing.start();
    }

    /** Called under the monitor of the call. */
    void changed(TrackedCall call) {
        TrackedCall before = changed.put(call.key(), call);
        if (before != null && before != call && before.hasRow()) {
            call.hasRow(true); // of an ended call with the same key, whose row is still there
        }
    }

    /** Called under the monitor of a call that has ended. */
    void ended(TrackedCall call) {
        if (call.hasRow()) {
            changed.put(call.key(), call);
        } else {
            changed.remove(call.key(), call);
        }
    }

    int waiting() {
        return changed.size();
    }

    private boolean read() {
        if (!isRestored) {
            try {
                List<StoredCall> stored = repository.findAll();
                isRestored = true;
                restore.accept(stored);
            } catch (Throwable e) {
                host.failed("reading the calls", e);
                hasFailed = true;
            }
        }
        return isRestored;
    }

    /** Writes what has changed. Returns false if that failed. */
    private boolean flush() {
        List<TrackedCall> taken = new ArrayList<>();
        List<StoredCall> rows = new ArrayList<>();
        List<StoredCall.Key> gone = new ArrayList<>();
        for (TrackedCall call : changed.values()) {
            changed.remove(call.key(), call); // before its state is read: a later change adds it again
            StoredCall row = call.toStore();
            if (row != null) {
                rows.add(row);
            } else if (call.hasRow()) {
                gone.add(new StoredCall.Key(call.key().callId(), call.key().callerTag()));
            }
            taken.add(call);
            if (taken.size() == BATCH) {
                if (!write(taken, rows, gone)) {
                    return false;
                }
                taken.clear();
                rows.clear();
                gone.clear();
            }
        }
        return write(taken, rows, gone);
    }

    private boolean write(List<TrackedCall> taken, List<StoredCall> rows, List<StoredCall.Key> gone) {
        if (rows.isEmpty() && gone.isEmpty()) {
            return true;
        }
        try {
            repository.write(List.copyOf(rows), List.copyOf(gone));
        } catch (Throwable e) {
            taken.forEach(call -> changed.putIfAbsent(call.key(), call));
            host.failed("writing " + taken.size() + " calls", e);
            hasFailed = true;
            return false;
        }
        if (hasFailed) {
            hasFailed = false;
            LOG.info("calls are stored again");
        }
        return true;
    }

    /** Writes what has changed, once, and ends the thread, within the limit. */
    void close(Deadline limit) {
        if (!writing.closeAfterLastRun(limit) || !changed.isEmpty()) {
            LOG.warn("the rows of {} calls could not be brought up to date", changed.size());
        }
    }
}
