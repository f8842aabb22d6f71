package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.sipproxy.api.location.LocationStoreContract;

/** Contract tests of a store over the repository and the clock of a {@link StoreScene}. */
interface RepositoryStoreContract extends LocationStoreContract {

    StoreScene scene();

    @Override
    default Instant now() {
        return scene().clock.now();
    }

    @Override
    default void advance(Duration by) {
        scene().advance(by);
    }

    @AfterEach
    default void closedStoreLeavesNoTimer() {
        store().close();
        assertThat(scene().wheel.size()).isZero();
    }
}
