package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreContract;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.location.ManagedLocationStore;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/** All storage modes on a real database, over a pool of three connections that must all be returned at the end. */
class StorageModesTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    abstract static class OnPostgres implements LocationStoreContract {

        final FakeClock clock = new FakeClock();
        final TimerWheel wheel = new TimerWheel(clock.nanoTime());
        private HikariDataSource pool;
        private ManagedLocationStore store;

        abstract StoreMode mode(BindingRepository repository);

        @BeforeEach
        void open() {
            POSTGRES.execute("DELETE FROM location");
            HikariConfig config = new HikariConfig();
            config.setDataSource(POSTGRES.dataSource());
            config.setMaximumPoolSize(3);
            config.setConnectionTimeout(10_000);
            pool = new HikariDataSource(config);
            store = ManagedLocationStore.of(
                    mode(JdbcBindingRepository.builder(pool).build()),
                    new ProxyTime(clock),
                    wheel,
                    ProxyThreads.named("test"));
            store.open();
        }

        @AfterEach
        void everyConnectionIsReturned() {
            store.close();
            assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
            pool.close();
        }

        @Override
        public LocationStore store() {
            return store;
        }

        @Override
        public Instant now() {
            return clock.now();
        }

        @Override
        public void advance(Duration by) {
            clock.advance(by);
            wheel.advance(clock.nanoTime());
            store.sweep();
        }

        List<String> rows() {
            return Rows.of(POSTGRES, "SELECT ruid FROM location ORDER BY id");
        }

        void add(String id) {
            store.update(
                    ALICE,
                    current -> List.of(org.sipproxy.api.location.Binding.builder(
                                    id, org.sipproxy.message.SipUri.of("sip:a@192.0.2.1"))
                            .granted(clock.currentTimeMillis(), Duration.ofHours(1))
                            .build()));
        }
    }

    @Nested
    class WriteThrough extends OnPostgres {

        @Override
        StoreMode mode(BindingRepository repository) {
            return StoreMode.writeThrough(repository);
        }

        @Test
        void rowIsWrittenWhenTheUpdateReturns() {
            add("a");
            assertThat(rows()).containsExactly("a");
        }
    }

    @Nested
    class WriteBack extends OnPostgres {

        @Override
        StoreMode mode(BindingRepository repository) {
            return StoreMode.writeBack(repository);
        }

        @Test
        void rowIsWrittenByTheFlushOrByClose() {
            add("a");
            assertThat(rows()).isEmpty();
            ((ManagedLocationStore) store()).flush();
            assertThat(rows()).containsExactly("a");

            add("b");
            store().close();
            assertThat(rows()).containsExactly("b");
        }
    }

    @Nested
    class DatabaseOnly extends OnPostgres {

        @Override
        StoreMode mode(BindingRepository repository) {
            return StoreMode.databaseOnly(repository);
        }
    }

    @Nested
    class LoadAtStart extends OnPostgres {

        @Override
        StoreMode mode(BindingRepository repository) {
            return StoreMode.loadAtStart(repository);
        }

        @Test
        void nothingIsEverWritten() {
            add("a");
            store().close();
            assertThat(rows()).isEmpty();
        }
    }
}
