package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class CircuitBreakerTest {

    /** Near the overflow, because nanoTime may have any value. */
    private final AtomicLong nanos =
            new AtomicLong(Long.MAX_VALUE - Duration.ofMillis(1_500).toNanos());

    private final Queue<Runnable> probes = new ArrayDeque<>();
    private final Queue<Runnable> started = new ArrayDeque<>();
    private volatile boolean reachable;
    private final AtomicInteger asked = new AtomicInteger();

    private final DataSource database = proxy(DataSource.class, (method, arguments) -> {
        asked.incrementAndGet();
        if (!reachable) {
            throw new SQLTransientConnectionException("no connection", "08001");
        }
        return proxy(Connection.class, (m, a) -> m.equals("isValid") ? true : null);
    });

    private final CircuitBreaker breaker = new CircuitBreaker(database, probes::add, nanos::get);

    @Test
    void failedConnectionOpensItUntilAProbeSucceeds() {
        assertThatThrownBy(() -> breaker.dataSource().getConnection()).hasMessage("no connection");
        assertThat(breaker.isOpen()).isTrue();
        assertThat(asked).hasValue(1);

        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> breaker.dataSource().getConnection())
                    .isInstanceOf(SQLTransientConnectionException.class)
                    .hasMessage("the database does not respond");
        }
        assertThat(asked).hasValue(1);
        assertThat(probes).hasSize(1);

        probes.remove().run();
        assertThat(breaker.isOpen()).isTrue();
        assertThat(probes).as("a second later").isEmpty();
        turn(1_000);
        assertThat(breaker.openNanos()).isEqualTo(Duration.ofSeconds(1).toNanos());
        reachable = true;
        assertThat(breaker.isOpen()).isTrue();
        assertThat(breaker.isOpen()).isTrue();
        assertThat(probes).hasSize(1);

        probes.remove().run();
        assertThat(breaker.isOpen()).isFalse();
        assertThat(breaker.openNanos()).isZero();
        assertThat(probes).isEmpty();
    }

    @Test
    void lostConnectionOpensItIfThereIsNoOther() {
        reachable = true;
        breaker.lostConnection();
        breaker.lostConnection();
        assertThat(probes).hasSize(1);
        probes.remove().run();
        assertThat(breaker.outage()).isEmpty();

        reachable = false;
        breaker.lostConnection();
        assertThat(breaker.outage()).isEmpty();
        probes.remove().run();
        assertThat(breaker.outage()).hasValueSatisfying(why -> assertThat(why).contains("no connection"));

        turn(1_000);
        reachable = true;
        assertThat(breaker.outage()).isPresent();
        probes.remove().run();
        assertThat(breaker.outage()).isEmpty();
    }

    /** Without requests and queries of the health, nothing calls isOpen. */
    @Test
    void aConnectionOpenedPastItClosesIt() {
        breaker.failed(new SQLException("read timed out", "08006"));
        probes.remove().run();

        breaker.connected();
        reachable = true;
        assertThatCode(() -> breaker.dataSource().getConnection()).doesNotThrowAnyException();
    }

    @Test
    void refusedRowIsNotAnOutageButABrokenConnectionIs() {
        breaker.failed(new SQLException("too long", "22001"));
        breaker.failed(new SQLException("no table", "42P01"));
        assertThat(breaker.isOpen()).isFalse();

        breaker.failed(new IllegalStateException(new SQLException("read timed out", "08006")));
        assertThat(breaker.isOpen()).isTrue();
    }

    @Test
    void probesRunOnThreadsOfARunningProxy() {
        List<String> roles = new ArrayList<>();
        CircuitBreaker.Use first = breaker.probeOn((role, task) -> thread(roles, "first " + role, task));
        CircuitBreaker.Use second = breaker.probeOn((role, task) -> thread(roles, "second " + role, task));
        breaker.failed(new SQLException("read timed out", "08006"));
        assertThat(roles).containsExactly("first database-probe");
        assertThat(probes).isEmpty();

        first.close();
        breakerOpensAgain();
        assertThat(roles).containsExactly("first database-probe", "second database-probe");

        second.close();
        breakerOpensAgain();
        assertThat(roles).hasSize(2);
        assertThat(probes).as("outside a proxy").hasSize(1);
    }

    /** Aliases and domains ask for the state only when there is a request, which would then be the first to fail. */
    @Test
    void aProxyClosesItWithoutARequestWhenTheDatabaseRespondsAgain() throws InterruptedException {
        List<Thread> threads = new CopyOnWriteArrayList<>();
        CircuitBreaker.Use use = breaker.probeOn((role, task) -> {
            Thread thread = new Thread(task, role);
            thread.setDaemon(true);
            threads.add(thread);
            return thread;
        });
        breaker.failed(new SQLException("read timed out", "08006"));
        Awaitility.await().until(() -> asked.get() >= 2);
        assertThat(breaker.openNanos()).isNotNegative();
        reachable = true;
        turn(1_000);
        Awaitility.await().until(() -> breaker.openNanos() == 0);
        assertThat(threads).as("probes").hasSize(1);
        threads.get(0).join();

        reachable = false;
        breaker.failed(new SQLException("read timed out", "08006"));
        Awaitility.await().until(() -> threads.size() == 2);
        use.close();
        threads.get(1).join();
        assertThat(breaker.isOpen()).isTrue();
    }

    private void breakerOpensAgain() {
        reachable = true;
        started.remove().run();
        assertThat(breaker.isOpen()).isFalse();
        breaker.failed(new SQLException("read timed out", "08006"));
    }

    /** Returns a thread that does nothing when it is started: the test runs its task. */
    private Thread thread(List<String> names, String name, Runnable task) {
        names.add(name);
        started.add(task);
        return new Thread(() -> {});
    }

    @Test
    void probeThatCannotStartIsTriedAgainASecondLater() {
        int[] attempts = {0};
        CircuitBreaker.Use use = breaker.probeOn((role, task) -> {
            attempts[0]++;
            throw new IllegalStateException("threadFactory: returned null");
        });

        breaker.failed(new SQLException("read timed out", "08006"));
        assertThat(breaker.isOpen()).isTrue();
        assertThat(attempts[0]).isOne();
        turn(1_000);
        assertThat(breaker.isOpen()).isTrue();
        assertThat(attempts[0]).isEqualTo(2);

        use.close();
        reachable = true;
        turn(1_000);
        assertThat(breaker.isOpen()).isTrue();
        probes.remove().run();
        assertThat(breaker.isOpen()).isFalse();
    }

    @Test
    void usersOfOneDataSourceShareABreaker() {
        DataSource one = new PGSimpleDataSource();

        CircuitBreaker first = CircuitBreaker.of(one);

        assertThat(CircuitBreaker.of(one)).isSameAs(first);
        assertThat(CircuitBreaker.of(new PGSimpleDataSource())).isNotSameAs(first);
    }

    private void turn(long millis) {
        nanos.addAndGet(Duration.ofMillis(millis).toNanos());
    }

    private interface Call {
        Object of(String method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> call.of(method.getName(), arguments)));
    }
}
