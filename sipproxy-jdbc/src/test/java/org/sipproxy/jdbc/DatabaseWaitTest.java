package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** A database that starts beside the proxy. */
class DatabaseWaitTest {

    private final Queue<String> failures = new ArrayDeque<>();

    /** Fails with each of the SQLSTATEs, and works then. */
    private final DataSource database = proxy(DataSource.class);

    private <T> T proxy(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    if (!method.getName().equals("getConnection")) {
                        return null;
                    }
                    String state = failures.poll();
                    if (state != null) {
                        throw new SQLException("not yet", state);
                    }
                    return proxy(Connection.class);
                }));
    }

    @Test
    void aDatabaseThatStartsIsWaitedFor() {
        failures.addAll(List.of("08001", "57P03"));

        assertThat(DatabaseWait.untilReachable(database, Duration.ofMinutes(1))).isTrue();
        assertThat(failures).isEmpty();
    }

    @Test
    void anotherFailureEndsTheWait() {
        failures.addAll(List.of("08001", "28P01", "08001"));

        assertThat(DatabaseWait.untilReachable(database, Duration.ofMinutes(1))).isFalse();
        assertThat(failures).containsExactly("08001");
    }

    @Test
    void theWaitHasALimit() {
        for (int i = 0; i < 1_000; i++) {
            failures.add("08001");
        }

        assertThat(DatabaseWait.untilReachable(database, Duration.ofMillis(1))).isFalse();
        assertThat(DatabaseWait.untilReachable(database, Duration.ZERO)).isFalse();
        assertThat(failures).hasSizeBetween(990, 998);
        assertThatThrownBy(() -> DatabaseWait.untilReachable(database, Duration.ofHours(1)))
                .hasMessage("limit: PT1H (expected 0 s to 10 min)");
    }
}
