package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;

class WatchedRepositoryTest {

    private static final Aor ALICE = new Aor("alice", "sip.test");

    private final StoreScene scene = new StoreScene();
    private final WatchedRepository watched = new WatchedRepository(scene.repository, scene.time);

    @Test
    void whileTheDatabaseIsDownOneThreadTriesAndTheOthersFailAtOnce() throws Exception {
        scene.repository.fail(Kind.UNREACHABLE);
        assertThatThrownBy(() -> watched.find(ALICE, scene.clock.now())).isInstanceOf(LocationStoreException.class);

        CountDownLatch trying = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.repository.beforeWrite(() -> {
            trying.countDown();
            StoreScene.await(goOn);
            scene.repository.fail(null);
        });
        Thread first = new Thread(() -> watched.write(List.of(new BindingWrite.Put(ALICE, scene.binding("a")))));
        first.start();
        StoreScene.await(trying);

        assertThatThrownBy(() -> watched.find(ALICE, scene.clock.now()))
                .isInstanceOf(LocationStoreException.class)
                .hasMessage("the database does not respond: set to fail");
        assertThat(watched.status().databaseAnswers()).isFalse();

        goOn.countDown();
        first.join(10_000);
        assertThat(watched.status().databaseAnswers()).isTrue();
        assertThat(watched.find(ALICE, scene.clock.now())).hasSize(1);
    }

    @Test
    void failureOfOneRequestDoesNotDelayTheOthers() {
        scene.repository.fail(Kind.FAILED);
        assertThatThrownBy(() -> watched.find(ALICE, scene.clock.now())).isInstanceOf(LocationStoreException.class);

        assertThat(watched.status().databaseAnswers()).isTrue();
        assertThat(watched.status().lastError()).contains("set to fail");
        assertThat(watched.status().lastErrorAt()).contains(scene.clock.now());
    }

    @Test
    void aRepositoryThatReturnsNullHasNoOutage() {
        BindingRepository real = scene.repository;
        BindingRepository broken = (BindingRepository) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BindingRepository.class},
                (self, method, arguments) -> method.getName().equals("outage") ? null : method.invoke(real, arguments));

        assertThat(new WatchedRepository(broken, scene.time).status().databaseAnswers())
                .isTrue();
    }
}
