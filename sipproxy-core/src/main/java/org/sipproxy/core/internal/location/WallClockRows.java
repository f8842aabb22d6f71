package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.internal.time.ProxyTime;

/**
 * Adapter between a repository whose rows have wall-clock times and a store whose bindings have the proxy's time. Until
 * the wall clock is set, the two are equal and everything passes unchanged.
 *
 * <p>A row that was written before a step has the times of the clock as it was set then, which is recognized by the
 * time of its last update. If the clock showed that time more than once, the setting that lets the binding live longest
 * counts: a contact that is kept too long costs an attempt, while one that is dropped too early costs calls. For the
 * same reason rows are deleted late after a step forward.
 */
final class WallClockRows implements BindingRepository {

    /** How long a row written before a step may still be valid: the longest lifetime that a registrar can grant. */
    private static final long LONGEST_LIFE_MILLIS = Duration.ofDays(7).toMillis();

    private final BindingRepository rows;
    private final ProxyTime time;

    WallClockRows(BindingRepository rows, ProxyTime time) {
        this.rows = rows;
        this.time = time;
    }

    @Override
    public Duration timeout() {
        return rows.timeout();
    }

    @Override
    public Optional<String> outage() {
        return rows.outage();
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        if (!hasStepped()) {
            return rows.find(aor, now);
        }
        return read(rows.find(aor, earliest(now)), now.toEpochMilli());
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        if (!hasStepped()) {
            rows.forEach(now, visitor);
            return;
        }
        rows.forEach(earliest(now), (aor, row) -> {
            Binding binding = read(row);
            if (!binding.isExpiredAt(now)) {
                visitor.accept(aor, binding);
            }
        });
    }

    @Override
    public void check(Aor aor, Binding binding) {
        rows.check(aor, binding);
    }

    @Override
    public void write(List<BindingWrite> writes) {
        rows.write(hasStepped() ? writes.stream().map(this::written).toList() : writes);
    }

    private BindingWrite written(BindingWrite write) {
        return write instanceof BindingWrite.Put put
                ? new BindingWrite.Put(put.aor(), shifted(put.binding(), time.shift()))
                : write;
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        if (!hasStepped()) {
            return rows.update(aor, change, now);
        }
        return read(rows.update(aor, new OnRows(change, now.toEpochMilli()), earliest(now)), now.toEpochMilli());
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        if (!hasStepped()) {
            rows.deleteExpired(endedAt, ofThisServerOnly, removed);
            return;
        }
        rows.deleteExpired(
                earliest(endedAt), ofThisServerOnly, (aor, row) -> removed.accept(aor, shifted(row, -time.shift())));
    }

    private boolean hasStepped() {
        return time.steps() > 0;
    }

    /**
     * Returns what the wall clock shows at this time of the proxy, on the slowest of the settings with which valid rows
     * may have been written.
     */
    private Instant earliest(Instant now) {
        long shift = Long.MAX_VALUE;
        for (ProxyTime.Period period : time.periods()) {
            if (period.to() >= now.toEpochMilli() - LONGEST_LIFE_MILLIS) {
                shift = Math.min(shift, period.shift());
            }
        }
        return now.plusMillis(shift);
    }

    private List<Binding> read(List<Binding> all, long nowMillis) {
        List<Binding> read = new ArrayList<>(all.size());
        for (Binding row : all) {
            Binding binding = read(row);
            if (binding.expiresAtMillis() > nowMillis) {
                read.add(binding);
            }
        }
        return List.copyOf(read);
    }

    private Binding read(Binding row) {
        ProxyTime.Period[] periods = time.periods();
        long now = time.millis();
        long shift = periods[0].shift();
        boolean isKnown = false;
        for (ProxyTime.Period period : periods) {
            if (period.covers(row.updatedAtMillis(), now)) {
                shift = isKnown ? Math.min(shift, period.shift()) : period.shift();
                isKnown = true;
            }
        }
        return shifted(row, -shift);
    }

    private static Binding shifted(Binding binding, long byMillis) {
        return byMillis == 0
                ? binding
                : binding.toBuilder()
                        .times(binding.updatedAtMillis() + byMillis, binding.expiresAtMillis() + byMillis)
                        .build();
    }

    /** A change of bindings, applied to rows. A row that is kept stays the same object, so that it is not written. */
    private final class OnRows implements BindingChange {

        private final BindingChange change;
        private final long nowMillis;

        OnRows(BindingChange change, long nowMillis) {
            this.change = change;
            this.nowMillis = nowMillis;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            List<Binding> valid = new ArrayList<>(current.size());
            List<Binding> before = new ArrayList<>(current.size());
            for (Binding row : current) {
                Binding binding = read(row);
                if (binding.expiresAtMillis() > nowMillis) {
                    valid.add(row);
                    before.add(binding);
                }
            }
            List<Binding> asked = List.copyOf(before);
            List<Binding> wanted = change.apply(asked);
            if (wanted == asked) {
                return current;
            }
            List<Binding> after = new ArrayList<>(wanted.size());
            for (Binding binding : wanted) {
                int kept = indexOf(asked, binding);
                after.add(kept < 0 ? shifted(binding, time.shift()) : valid.get(kept));
            }
            return after;
        }

        private static int indexOf(List<Binding> bindings, Binding binding) {
            for (int i = 0; i < bindings.size(); i++) {
                if (bindings.get(i) == binding) {
                    return i;
                }
            }
            return -1;
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return change.reasonOf(read(removed));
        }
    }
}
