package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;

/** Subscribers that are removed from the table cannot be called any longer, whatever the mode of the store. */
class RemovedSubscriberTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private final Subscribers subscribers = Subscribers.in(postgres.dataSource());

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE location, subscriber");
        KamailioSchema.on(postgres.dataSource()).addSubscriberNotifications();
        subscribers.add("bob", "sip.test", "x");
        subscribers.add("carol", "sip.test", "x");
    }

    private static StoreMode mode(String name) {
        JdbcBindingRepository repository =
                JdbcBindingRepository.builder(postgres.dataSource()).build();
        return switch (name) {
            case "memory" -> StoreMode.memory();
            case "write-through" -> StoreMode.writeThrough(repository);
            case "write-back" -> StoreMode.writeBack(repository, Duration.ofMinutes(5));
            case "database-only" -> StoreMode.databaseOnly(repository);
            case "load-at-start" -> StoreMode.loadAtStart(repository);
            default -> throw new IllegalArgumentException(name);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory", "write-through", "write-back", "database-only", "load-at-start"})
    void onlyBindingsOfTheRemovedSubscriberAreRemoved(String mode) {
        JdbcCredentials users = JdbcCredentials.builder(postgres.dataSource()).build();
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(builder -> builder.component(users).locationStore(mode(mode)))) {
            List<LocationEvent> events = new CopyOnWriteArrayList<>();
            proxy.proxy().locationStore().addListener(events::add);
            proxy.registered("bob");
            proxy.registered("carol");
            proxy.proxy().flushLocationStore();
            WireClient caller = proxy.udp("caller");
            Awaitility.await().until(users::isListening);

            subscribers.changePassword("carol", "sip.test", "y");
            subscribers.remove("bob", "sip.test");

            Awaitility.await()
                    .until(() -> proxy.proxy()
                            .locationStore()
                            .lookup(new Aor("bob", "sip.test"))
                            .isEmpty());
            assertThat(caller.awaitFinal(caller.send(caller.request("MESSAGE", "sip:bob@sip.test")))
                            .status())
                    .isIn(404, 480);
            assertThat(proxy.proxy().locationStore().lookup(new Aor("carol", "sip.test")))
                    .hasSize(1);
            if (!mode.equals("database-only")) { // there the row was removed with the subscriber
                Awaitility.await()
                        .until(() -> events.stream()
                                .anyMatch(event -> event.kind() == LocationEvent.Kind.REMOVED
                                        && event.aor().user().equals("bob")
                                        && event.removal().equals(Optional.of(RemovalReason.ADMIN))));
            }
        }
    }
}
