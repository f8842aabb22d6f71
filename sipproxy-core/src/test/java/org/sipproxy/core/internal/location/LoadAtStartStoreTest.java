package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStore;

class LoadAtStartStoreTest implements RepositoryStoreContract {

    private final StoreScene scene = new StoreScene();
    private final LoadAtStartStore store = new LoadAtStartStore(scene.repository, scene.time, scene.wheel);

    @Override
    public LocationStore store() {
        return store;
    }

    @Override
    public StoreScene scene() {
        return scene;
    }

    @Test
    void readsOnceAndNeverWrites() {
        scene.repository.write(List.of(new BindingWrite.Put(ALICE, scene.binding("a"))));
        store.open();
        scene.add(store, ALICE, "b");
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a", "b");
        scene.removeAll(store, ALICE);
        scene.add(store, BOB, "c");

        store.close();

        assertThat(scene.repository.written).containsExactly(List.of("a"));
        assertThat(scene.repository.ids()).containsExactly("a");
    }
}
