package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreContract;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.core.internal.guard.ProxyThreads;

class DatabaseOnlyStoreTest implements LocationStoreContract {

    private final StoreScene scene = new StoreScene();
    private final DatabaseOnlyStore store =
            new DatabaseOnlyStore(scene.repository, scene.time, ProxyThreads.named("test"));

    @Override
    public LocationStore store() {
        return store;
    }

    @Override
    public Instant now() {
        return scene.clock.now();
    }

    @Override
    public void advance(Duration by) {
        scene.advance(by);
        store.sweep();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void twoStoresOnOneDatabaseSeeEachOther() {
        DatabaseOnlyStore other = new DatabaseOnlyStore(scene.repository, scene.time, ProxyThreads.named("test"));
        scene.add(store, ALICE, "a");
        scene.add(other, ALICE, "b");

        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a", "b");
        assertThat(StoreScene.ids(other.lookup(ALICE))).containsExactly("a", "b");
        other.close();
    }

    @Test
    void failureIsThrownAndNothingIsRemembered() {
        scene.add(store, ALICE, "a");
        scene.repository.fail(Kind.UNREACHABLE);

        assertThatThrownBy(() -> store.lookup(ALICE)).isInstanceOf(LocationStoreException.class);
        assertThatThrownBy(() -> scene.add(store, ALICE, "b")).isInstanceOf(LocationStoreException.class);
        assertThat(store.status().databaseAnswers()).isFalse();

        scene.repository.fail(null);
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a");
        assertThat(store.status().databaseAnswers()).isTrue();
    }

    @Test
    void databaseThatCannotBeReadStopsTheStart() {
        scene.repository.fail(Kind.UNREACHABLE);

        assertThatThrownBy(store::open)
                .isInstanceOf(LocationStoreException.class)
                .hasMessageContaining("cannot be read at the start");
    }

    @Test
    void everythingMayWait() {
        assertThat(store.blocking()).isEqualTo(LocationStore.Blocking.ALWAYS);
    }
}
