package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.testkit.Phone;

/** Origin, names and end of the threads of a proxy with all add-ons. */
@Timeout(60)
class AddOnThreadsTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    /** Of the JDBC driver, which all its users share. */
    private static final String DRIVER = "PostgreSQL-JDBC";

    private final ThreadGroup group = new ThreadGroup("proxy");
    private final List<Thread> made = new CopyOnWriteArrayList<>();
    private volatile boolean isDatabaseDown;

    @Test
    void allThreadsOfAddOnsComeFromTheFactoryAndEndWithTheProxy() throws Exception {
        Subscribers.in(POSTGRES.dataSource()).add("alice", "sip.test", "secret");
        try (SipProxy proxy = inGroup(this::startedProxy)) {
            try (Phone alice = phone(proxy, "alice");
                    Phone carol = phone(proxy, "carol")) {
                alice.register();
                assertThat(names())
                        .contains(
                                "edge-timer",
                                "edge-accounting",
                                "edge-nat-store",
                                "edge-subscriber-listener",
                                "edge-subscriber-lookup-1");

                isDatabaseDown = true;
                carol.tryRegister(Duration.ofMinutes(1), parts -> {});
                Awaitility.await().until(() -> names().contains("edge-database-probe"));
            }
            assertThat(threadsOfGroup())
                    .filteredOn(thread -> !made.contains(thread))
                    .isEmpty();
        }

        Awaitility.await().untilAsserted(() -> {
            assertThat(made).filteredOn(Thread::isAlive).isEmpty();
            assertThat(threadsOfGroup()).isEmpty();
        });
        assertThat(names()).allMatch(name -> name.startsWith("edge-"));
    }

    /** The database-only mode lets the NAT component read the bindings on its own thread. */
    private SipProxy startedProxy() {
        DataSource database = interruptible(POSTGRES.dataSource());
        JdbcCredentials users = JdbcCredentials.builder(database).build();
        SipProxy proxy = withAddOns(database, users)
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .name("edge")
                .threadFactory(task -> {
                    Thread thread = new Thread(group, task);
                    thread.setDaemon(true);
                    made.add(thread);
                    return thread;
                })
                .build();
        proxy.start();
        return proxy;
    }

    private static SipProxyBuilder withAddOns(DataSource database, JdbcCredentials users) {
        return SipProxy.builder()
                .secret("a secret of this test".getBytes(StandardCharsets.US_ASCII))
                .locationStore(StoreMode.databaseOnly(
                        JdbcBindingRepository.builder(database).build()))
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .component(JdbcAliases.of(database))
                .component(JdbcAccounting.of(database))
                .component(NatTraversal.builder().build())
                .component(FloodGuard.builder().build());
    }

    /** Returns the database, which refuses connections while it is down. */
    private DataSource interruptible(DataSource database) {
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    if (isDatabaseDown && method.getName().equals("getConnection")) {
                        throw new SQLTransientConnectionException("down", "08001");
                    }
                    try {
                        return method.invoke(database, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static Phone phone(SipProxy proxy, String user) {
        return Phone.builder(user)
                .domain("sip.test")
                .password("secret")
                .proxy(new InetSocketAddress(
                        "127.0.0.1", proxy.boundEndpoints().get(0).port()))
                .open();
    }

    /** Runs the work on a thread of the group, so that every thread that it starts belongs to the group. */
    private <T> T inGroup(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = new Thread(group, task, "start");
        thread.start();
        T result = task.get(30, TimeUnit.SECONDS);
        thread.join();
        return result;
    }

    private List<Thread> threadsOfGroup() {
        Thread[] all = new Thread[group.activeCount() + 16];
        int count = group.enumerate(all);
        List<Thread> threads = new ArrayList<>(Arrays.asList(all).subList(0, count));
        threads.removeIf(thread -> thread.getName().startsWith(DRIVER));
        return threads;
    }

    private List<String> names() {
        return made.stream().map(Thread::getName).toList();
    }
}
