package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

class JdbcCredentialsOutageTest {

    @Test
    void onlyRememberedSubscribersAreFoundDuringAnOutageAndAllAfterIt() {
        outage(
                JdbcCredentials::builder,
                credentials -> {
                    assertThat(credentials.find("1001", "sip.test")).isPresent();
                    assertThat(credentials.withoutWaiting().find("1001", "sip.test"))
                            .isPresent();
                },
                credentials -> assertThat(credentials.withoutWaiting().find("1001", "sip.test"))
                        .isPresent());
    }

    @Test
    void withoutGraceNoSubscriberIsFound() {
        outage(
                database -> JdbcCredentials.builder(database).outageGrace(Duration.ZERO),
                credentials -> assertThatThrownBy(() -> credentials.find("1001", "sip.test"))
                        .isInstanceOf(TemporarilyUnavailableException.class)
                        // the first look-up, here or ahead of a request, detects the outage; the others fail at once
                        .hasMessageMatching(
                                "subscriber cannot be looked up: .*|the database of the subscribers does not respond"),
                credentials -> {});
    }

    private static void outage(
            Function<DataSource, JdbcCredentials.Builder> builder,
            Consumer<JdbcCredentials> atFirst,
            Consumer<JdbcCredentials> meanwhile) {
        try (PostgresServer server = PostgresServer.launch()) {
            DataSource database = server.createDatabase("users");
            KamailioSchema.on(database).create();
            KamailioSchema.on(database).addSubscriberNotifications();
            Subscribers.in(database).add("1001", "sip.test", "test1234");
            JdbcCredentials credentials = builder.apply(database).build();
            credentials.listen();
            try {
                await().until(credentials::isListening);
                credentials.find("1001", "sip.test");
                assertThat(credentials.isCurrent()).isTrue();

                server.kill();

                await().atMost(Duration.ofSeconds(1)).until(() -> !credentials.isListening());
                atFirst.accept(credentials);
                assertThat(credentials.isCurrent()).isFalse();
                long lookups = credentials.lookups();
                for (int i = 0; i < 100; i++) {
                    assertThatThrownBy(() -> credentials.find("1002", "sip.test"))
                            .isInstanceOf(TemporarilyUnavailableException.class);
                    assertThatThrownBy(() -> credentials.withoutWaiting().find("1002", "sip.test"))
                            .isInstanceOf(TemporarilyUnavailableException.class);
                    meanwhile.accept(credentials);
                }
                assertThat(credentials.lookups())
                        .as("requests do not connect, only the probe does")
                        .isEqualTo(lookups);

                server.start();

                await().atMost(Duration.ofSeconds(3)).until(() -> isFound(credentials, "1001"));
                assertThat(credentials.isCurrent()).isTrue();
                await().atMost(Duration.ofSeconds(11)).until(credentials::isListening);
            } finally {
                credentials.close();
            }
        }
    }

    private static boolean isFound(JdbcCredentials credentials, String user) {
        try {
            return credentials.find(user, "sip.test").isPresent() && credentials.isCurrent();
        } catch (TemporarilyUnavailableException e) {
            return false;
        }
    }

    @Test
    void poolerThatSwallowsNotificationsIsNotTrusted() {
        try (PostgresFixture postgres = PostgresFixture.withSchema().open()) {
            KamailioSchema.on(postgres.dataSource()).addSubscriberNotifications();
            Subscribers subscribers = Subscribers.in(postgres.dataSource());
            subscribers.add("1001", "sip.test", "test1234");
            JdbcCredentials credentials = JdbcCredentials.builder(withoutNotifications(postgres.dataSource()))
                    .build();
            credentials.listen();
            try {
                await().during(Duration.ofSeconds(3))
                        .atMost(Duration.ofSeconds(5))
                        .until(() -> !credentials.isListening());
                credentials.find("1001", "sip.test");

                subscribers.remove("1001", "sip.test");

                await().atMost(Duration.ofSeconds(1))
                        .until(() -> credentials.find("1001", "sip.test").isEmpty());
            } finally {
                credentials.close();
            }
        }
    }

    /** Connections that work but never receive a notification, like those of a pooler in transaction mode. */
    private static DataSource withoutNotifications(DataSource dataSource) {
        return wrap(
                DataSource.class,
                dataSource,
                (method, result) -> method.equals("getConnection")
                        ? wrap(
                                Connection.class,
                                (Connection) result,
                                (m, r) -> m.equals("unwrap")
                                        ? wrap(
                                                PGConnection.class,
                                                (PGConnection) r,
                                                (n, x) -> n.equals("getNotifications") ? null : x)
                                        : r)
                        : result);
    }

    private interface Change {
        Object of(String method, Object result);
    }

    private static <T> T wrap(Class<T> type, T wrapped, Change change) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> change.of(method.getName(), invoke(wrapped, method, arguments))));
    }

    private static Object invoke(Object on, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
