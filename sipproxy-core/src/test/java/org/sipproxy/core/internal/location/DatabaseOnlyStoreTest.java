package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreContract;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.transport.RecordingTransport;

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

    private Flow connection() {
        return new RecordingTransport(scene.clock).flow(TransportKind.TCP, "192.0.2.9", 40_000);
    }

    private Binding over(Flow flow, Binding binding, long cseq) {
        return binding.toBuilder().callId("of-the-phone").cseq(cseq).flow(flow).build();
    }

    @Test
    void connectionOfTheClientIsRememberedBesideTheRow() {
        Flow connection = connection();
        scene.add(store, ALICE, over(connection, scene.binding("a"), 1));

        scene.add(store, ALICE, "b");

        assertThat(scene.repository.written)
                .as("the row of a is not written again")
                .containsExactly(List.of("a"), List.of("b"));
        assertThat(store.lookup(ALICE))
                .extracting(Binding::flow)
                .containsExactly(Optional.of(connection), Optional.empty());
        store.update(ALICE, current -> {
            assertThat(current.get(0).flow()).contains(connection);
            return List.of(current.get(1));
        });
        assertThat(store.rememberedFlows()).isZero();
    }

    @Test
    void connectionOfAClientThatRegisteredElsewhereSinceIsNotUsed() {
        Flow connection = connection();
        DatabaseOnlyStore other = new DatabaseOnlyStore(scene.repository, scene.time, ProxyThreads.named("test"));
        scene.add(store, ALICE, over(connection, scene.binding("a"), 1));

        scene.add(other, ALICE, over(connection(), scene.binding("a"), 2));

        assertThat(store.lookup(ALICE)).extracting(Binding::flow).containsExactly(Optional.empty());
        other.close();
    }

    @Test
    void connectionOfAnExpiredBindingIsReleased() {
        scene.add(store, ALICE, over(connection(), scene.binding("a", Duration.ofMinutes(1)), 1));

        advance(Duration.ofMinutes(2));

        assertThat(store.rememberedFlows()).isZero();
    }
}
