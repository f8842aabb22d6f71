package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.operations.RemovedUsers.Names;
import org.sipproxy.testkit.fakes.FakeRuntime;

/** Bindings of users and domains that a reload has removed; the runtime serves example.org. */
class RemovedUsersTest {

    private final Store store = new Store();
    private final FakeRuntime runtime = new FakeRuntime(Instant.EPOCH, store);
    private final RemovedUsers users;

    RemovedUsersTest() {
        ServerComponents components = new ServerComponents();
        components.start(runtime);
        users = new RemovedUsers(components, names(Set.of("alice", "bob"), "example.org", "old.test"));
    }

    private static Names names(Set<String> users, String... domains) {
        return new Names(users, Set.of(domains));
    }

    @BeforeEach
    void register() {
        store.register("alice", "example.org");
        store.register("bob", "example.org");
        store.register("bob", "old.test");
        store.register("bob", "other.test"); // of another server with the same database
    }

    @Test
    void onlyBindingsOfWhatWasRemovedAreRemoved() {
        users.replace(names(Set.of("bob", "carol"), "example.org"));

        assertThat(store.bindings.keySet())
                .containsExactlyInAnyOrder(new Aor("bob", "example.org"), new Aor("bob", "other.test"));
    }

    @Test
    void withoutARemovalNothingIsSearched() {
        users.replace(names(Set.of("alice", "bob", "carol"), "example.org", "old.test", "new.test"));

        assertThat(store.bindings).hasSize(4);
        assertThat(runtime.scheduled()).isZero();
    }

    @Test
    void registrationThatWasInProgressIsRemovedLater() {
        users.replace(names(Set.of("bob"), "example.org", "old.test"));
        store.register("alice", "example.org");
        runtime.advance(Duration.ofSeconds(2));

        await().until(() -> !store.bindings.containsKey(new Aor("alice", "example.org")));
    }

    @Test
    void userThatIsBackMayRegister() {
        users.replace(names(Set.of("bob"), "example.org", "old.test"));
        users.replace(names(Set.of("alice"), "example.org", "old.test"));
        store.register("alice", "example.org");
        store.register("bob", "example.org");
        runtime.advance(Duration.ofSeconds(2));

        await().until(() -> !store.bindings.containsKey(new Aor("bob", "example.org")));
        assertThat(store.bindings).containsKey(new Aor("alice", "example.org"));
    }

    @Test
    void failureOfTheStoreIsNotAFailureOfTheReload() {
        store.fails = true;

        users.replace(names(Set.of("bob"), "example.org"));

        assertThat(store.bindings).hasSize(4);
    }

    /** Store in memory. */
    private static final class Store implements LocationStore {

        private final Map<Aor, List<Binding>> bindings = new ConcurrentHashMap<>();
        private boolean fails;

        void register(String user, String domain) {
            bindings.put(
                    new Aor(user, domain),
                    List.of(Binding.builder("1", SipUri.of("sip:" + user + "@192.0.2.1"))
                            .granted(0, Duration.ofHours(1))
                            .build()));
        }

        private void check() {
            if (fails) {
                throw new LocationStoreException("down", new IllegalStateException());
            }
        }

        @Override
        public List<Binding> lookup(Aor aor) {
            check();
            return bindings.getOrDefault(aor, List.of());
        }

        @Override
        public List<Binding> update(Aor aor, BindingChange change) {
            check();
            List<Binding> changed = change.apply(lookup(aor));
            bindings.put(aor, changed);
            bindings.values().removeIf(List::isEmpty);
            return changed;
        }

        @Override
        public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
            check();
            bindings.forEach(visitor);
        }

        @Override
        public void addListener(LocationListener listener) {}

        @Override
        public Blocking blocking() {
            return Blocking.NEVER;
        }

        @Override
        public void close() {}
    }
}
