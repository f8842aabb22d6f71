package org.sipproxy.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/**
 * Database in memory that fails or hangs on demand, to test how an application behaves during an outage:
 *
 * <pre>{@code
 * FakeDatabase database = new FakeDatabase();
 * SipProxyExtension.builder()
 *     .configure(proxy -> proxy.locationStore(StoreMode.writeThrough(database.bindings())))
 * ...
 * database.fail();
 * assertThat(phone.tryRegister(Duration.ofMinutes(5), parts -> {}).statusCode()).isEqualTo(500);
 * database.recover();
 * }</pre>
 *
 * <p>The rows of a closed proxy stay, so that another one may be started with them. Thread-safe.
 */
public final class FakeDatabase {

    private enum State {
        AVAILABLE,
        FAILING,
        HANGING
    }

    private final Duration timeout;
    private final Rows bindings = new Rows();
    private State state = State.AVAILABLE;
    private Kind kind = Kind.UNREACHABLE;

    /** Creates an empty database that is available, with a time-out of 10 s for a hanging operation. */
    public FakeDatabase() {
        this(Duration.ofSeconds(10));
    }

    /**
     * Creates an empty database that is available.
     *
     * @param timeout how long an operation hangs before it fails, and {@link BindingRepository#timeout}; positive
     * @throws IllegalArgumentException if {@code timeout} is not positive
     */
    public FakeDatabase(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout: " + timeout + " (expected a positive duration)");
        }
        this.timeout = timeout;
    }

    /** Makes every operation fail from now on, as if the database could not be reached. */
    public void fail() {
        fail(Kind.UNREACHABLE);
    }

    /** Makes every operation fail from now on. The kind matters for bindings only. */
    public synchronized void fail(Kind with) {
        kind = Objects.requireNonNull(with, "with");
        set(State.FAILING);
    }

    /** Makes every operation wait from now on, until {@link #recover}, {@link #fail} or its time-out. */
    public void hang() {
        set(State.HANGING);
    }

    /** Makes the database available again. Operations that hang continue. */
    public void recover() {
        set(State.AVAILABLE);
    }

    private synchronized void set(State next) {
        state = next;
        notifyAll();
    }

    /** Returns the rows of bindings, for a {@link org.sipproxy.api.location.StoreMode}. */
    public BindingRepository bindings() {
        return bindings;
    }

    /** Returns a view of credentials that is available only while this database is. Its methods may block. */
    public CredentialStore credentials(CredentialStore users) {
        Objects.requireNonNull(users, "users");
        return new CredentialStore() {
            @Override
            public Optional<Credential> find(String username, String realm) {
                String problem = awaitAvailable();
                if (problem != null) {
                    throw new TemporarilyUnavailableException(problem, 1, null);
                }
                return users.find(username, realm);
            }
        };
    }

    /** Waits while the database hangs. Returns why it is not available, or null if it is. */
    private synchronized @Nullable String awaitAvailable() {
        long limit = System.nanoTime() + timeout.toNanos();
        while (state == State.HANGING) {
            long millis = (limit - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return "FakeDatabase: no response within " + timeout;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return "FakeDatabase: interrupted while waiting";
            }
        }
        return state == State.FAILING ? "FakeDatabase: set to fail by the test" : null;
    }

    /** Table of bindings. */
    private final class Rows implements BindingRepository {

        private record Row(Aor aor, Binding binding) {}

        private final Map<String, Row> rows = new LinkedHashMap<>();

        @Override
        public Duration timeout() {
            return timeout;
        }

        private void checkAvailable() {
            String problem = awaitAvailable();
            if (problem != null) {
                Kind with = kindOfFailure();
                throw new LocationStoreException(with, problem, new IllegalStateException(problem));
            }
        }

        @Override
        public List<Binding> find(Aor aor, Instant now) {
            checkAvailable();
            return current(aor, now);
        }

        private synchronized List<Binding> current(Aor aor, Instant now) {
            return rows.values().stream()
                    .filter(row -> row.aor().equals(aor) && !row.binding().isExpiredAt(now))
                    .map(Row::binding)
                    .toList();
        }

        @Override
        public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
            checkAvailable();
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
            checkAvailable();
            apply(writes);
        }

        private synchronized void apply(List<BindingWrite> writes) {
            for (BindingWrite write : writes) {
                if (write instanceof BindingWrite.Put put) {
                    rows.put(put.id(), new Row(put.aor(), withoutFlow(put.binding())));
                } else {
                    rows.remove(write.id());
                }
            }
        }

        /** A row does not know the connection that its binding was registered over. */
        private static Binding withoutFlow(Binding binding) {
            return binding.toBuilder()
                    .socket(binding.socket().orElse(null))
                    .flow(null)
                    .build();
        }

        @Override
        public List<Binding> update(Aor aor, BindingChange change, Instant now) {
            checkAvailable();
            synchronized (this) {
                List<Binding> before = current(aor, now);
                List<Binding> after = change.apply(before).stream()
                        .filter(binding -> !binding.isExpiredAt(now))
                        .toList();
                Set<String> kept = after.stream().map(Binding::id).collect(Collectors.toSet());
                List<BindingWrite> writes = new ArrayList<>();
                for (Binding binding : before) {
                    if (!kept.contains(binding.id())) {
                        writes.add(new BindingWrite.Delete(aor, binding.id()));
                    }
                }
                after.forEach(binding -> writes.add(new BindingWrite.Put(aor, binding)));
                apply(writes);
                return after;
            }
        }

        @Override
        public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
            checkAvailable();
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

    private synchronized Kind kindOfFailure() {
        return state == State.FAILING ? kind : Kind.UNREACHABLE;
    }
}
