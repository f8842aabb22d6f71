package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class JdbcCredentialsOutageTest {

    @Test
    void whileTheDatabaseIsGoneNobodyIsLetInAndAfterItEverybodyWithoutARestart() {
        try (PostgresServer server = PostgresServer.launch()) {
            DataSource database = server.createDatabase("users");
            KamailioSchema.on(database).create();
            KamailioSchema.on(database).addSubscriberNotifications();
            Subscribers.in(database).add("1001", "sip.test", "test1234");
            JdbcCredentials credentials = JdbcCredentials.builder(database).build();
            credentials.listen();
            try {
                await().until(credentials::isListening);
                credentials.find("1001", "sip.test");

                server.kill();

                await().atMost(Duration.ofSeconds(1)).until(() -> !credentials.isListening());
                await().atMost(Duration.ofSeconds(1)).until(() -> credentials.mayBlock("1001", "sip.test"));
                assertThatThrownBy(() -> credentials.find("1001", "sip.test"))
                        .isInstanceOf(CredentialLookupException.class)
                        .hasMessageStartingWith("subscriber cannot be looked up: ");

                server.start();

                assertThat(credentials.find("1001", "sip.test")).isPresent();
                await().atMost(Duration.ofSeconds(11)).until(credentials::isListening);
            } finally {
                credentials.close();
            }
        }
    }

    @Test
    void aPoolerThatSwallowsNotificationsIsNotTrusted() {
        try (PostgresFixture postgres = PostgresFixture.withSchema().open()) {
            KamailioSchema.on(postgres.dataSource()).addSubscriberNotifications();
            Subscribers subscribers = Subscribers.in(postgres.dataSource());
            subscribers.add("1001", "sip.test", "test1234");
            JdbcCredentials credentials =
                    JdbcCredentials.builder(deaf(postgres.dataSource())).build();
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

    /** Connections that work but never hear a notification, as those of a pooler that hands out a server per transaction. */
    private static DataSource deaf(DataSource dataSource) {
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
