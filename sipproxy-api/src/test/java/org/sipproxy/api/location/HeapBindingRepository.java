package org.sipproxy.api.location;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.LocationStoreException.Kind;

/** In-memory repository for tests of the stores in front of one. A test can make it fail, and delay its writes. */
public final class HeapBindingRepository implements BindingRepository {

    private record Row(Aor aor, Binding binding) {}

    /** Each write, with the ids that it put, and the deleted ids with a minus. */
    public final List<List<String>> written = new CopyOnWriteArrayList<>();

    private final Map<String, Row> rows = new LinkedHashMap<>();
    private final Set<String> refused = new HashSet<>();
    private final Set<String> neverHeld = new HashSet<>();
    private volatile Kind failing;
    private volatile Duration timeout = Duration.ofSeconds(60);
    private volatile Runnable beforeWrite = () -> {};

    /** Makes all operations fail from now on; null makes them work again. */
    public void fail(Kind kind) {
        failing = kind;
    }

    /** Refuses batches that put this id. */
    public void refuse(String id) {
        refused.add(id);
    }

    /** Makes {@link #check} refuse this id. */
    public void neverHolds(String id) {
        neverHeld.add(id);
        refused.add(id);
    }

    @Override
    public void check(Aor aor, Binding binding) {
        if (neverHeld.contains(binding.id())) {
            throw new LocationStoreException(Kind.REFUSED, "never held", new IllegalArgumentException("by the test"));
        }
    }

    /** Sets how long an operation may take. */
    public void timeout(Duration value) {
        timeout = value;
    }

    @Override
    public Duration timeout() {
        return timeout;
    }

    /** Sets a task that runs at the start of each write and update. */
    public void beforeWrite(Runnable task) {
        beforeWrite = task;
    }

    /** Returns the ids of all rows, expired or not. */
    public synchronized List<String> ids() {
        return List.copyOf(rows.keySet());
    }

    /** Returns the row with the id. */
    public synchronized Binding row(String id) {
        return rows.get(id).binding();
    }

    /** A row does not know the connection that it was registered over. */
    private static Binding asRow(Binding binding) {
        return binding.toBuilder()
                .socket(binding.socket().orElse(null))
                .flow(null)
                .build();
    }

    private void mayFail() {
        Kind kind = failing;
        if (kind != null) {
            throw new LocationStoreException(kind, "set to fail", new IllegalStateException("by the test"));
        }
    }

    @Override
    public synchronized List<Binding> find(Aor aor, Instant now) {
        mayFail();
        return rows.values().stream()
                .filter(row -> row.aor().equals(aor) && !row.binding().isExpiredAt(now))
                .map(Row::binding)
                .toList();
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        mayFail();
        List<Row> all;
        synchronized (this) {
            all = List.copyOf(rows.values());
        }
        all.stream()
                .filter(row -> !row.binding().isExpiredAt(now))
                .forEach(row -> visitor.accept(row.aor(), row.binding()));
    }

    @Override
    public void write(List<BindingWrite> writes) {
        beforeWrite.run();
        mayFail();
        apply(writes);
    }

    private synchronized void apply(List<BindingWrite> writes) {
        List<String> ids = new ArrayList<>();
        for (BindingWrite write : writes) {
            ids.add(write instanceof BindingWrite.Put ? write.id() : "-" + write.id());
        }
        if (writes.stream().anyMatch(w -> w instanceof BindingWrite.Put && refused.contains(w.id()))) {
            throw new LocationStoreException(Kind.REFUSED, "refused", new IllegalArgumentException("by the test"));
        }
        for (BindingWrite write : writes) {
            if (write instanceof BindingWrite.Put put) {
                rows.put(put.id(), new Row(put.aor(), asRow(put.binding())));
            } else {
                rows.remove(write.id());
            }
        }
        written.add(ids);
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        beforeWrite.run();
        mayFail();
        synchronized (this) {
            List<Binding> current = find(aor, now);
            List<Binding> wanted = change.apply(current);
            if (wanted == current) {
                return current;
            }
            List<Binding> after =
                    wanted.stream().filter(b -> !b.isExpiredAt(now)).toList();
            Map<String, BindingWrite> writes = new HashMap<>();
            current.forEach(b -> writes.put(b.id(), new BindingWrite.Delete(aor, b.id())));
            List<BindingWrite> all = new ArrayList<>();
            after.forEach(b -> {
                writes.remove(b.id());
                if (current.stream().noneMatch(row -> row == b)) {
                    all.add(new BindingWrite.Put(aor, b));
                }
            });
            all.addAll(writes.values());
            apply(all);
            return after;
        }
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        mayFail();
        List<Row> ended;
        synchronized (this) {
            ended = rows.values().stream()
                    .filter(row -> row.binding().isExpiredAt(endedAt))
                    .toList();
            ended.forEach(row -> rows.remove(row.binding().id()));
        }
        ended.forEach(row -> removed.accept(row.aor(), row.binding()));
    }
}
