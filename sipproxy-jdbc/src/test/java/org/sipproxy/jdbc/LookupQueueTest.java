package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.jdbc.CredentialCache.CacheLimits;

/**
 * Look-ups of many subscribers at the same time, in batches, in which one must not delay the others or make them fail.
 */
@Timeout(60)
class LookupQueueTest {

    private static final int USERS = 40;

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CredentialCache cache = new CredentialCache(
            new CacheLimits(100, Duration.ofSeconds(60), 100, Duration.ofSeconds(10), true), System::nanoTime);
    private final List<List<String>> batches = new CopyOnWriteArrayList<>();

    /** Closed while queries must block. */
    private volatile CountDownLatch gate = new CountDownLatch(0);

    @BeforeEach
    void subscribers() {
        postgres.execute("TRUNCATE subscriber");
        for (int i = 0; i < USERS; i += 2) {
            Subscribers.in(postgres.dataSource()).add("user" + i, "sip.test", "secret" + i);
        }
    }

    @AfterEach
    void end() {
        gate.countDown();
        threads.shutdownNow();
    }

    // ---- with a reader of the test

    private void read(List<CredentialCache.Read> reads) {
        batches.add(reads.stream().map(read -> read.key().username()).toList());
        reads.forEach(cache::begin);
        awaitGate();
        reads.forEach(read -> cache.end(read, Credentials.NONE));
    }

    private void awaitGate() {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Future<Credentials> find(LookupQueue queue, String user) {
        CredentialCache.Read read = cache.read(new CredentialCache.Key(user, "sip.test"), queue::add);
        return threads.submit(() -> queue.await(read));
    }

    @Test
    void readsAreCollectedWhileOneIsInProgress() throws Exception {
        LookupQueue queue = new LookupQueue(1, this::read, cache::fail, new LookupThreads());
        gate = new CountDownLatch(1);
        List<Future<Credentials>> found = new ArrayList<>();
        found.add(find(queue, "first"));
        await().until(() -> batches.size() == 1);
        for (int i = 0; i < LookupQueue.BATCH + 10; i++) {
            found.add(find(queue, "user" + i));
        }
        gate.countDown();

        for (Future<Credentials> one : found) {
            assertThat(one.get(5, TimeUnit.SECONDS)).isSameAs(Credentials.NONE);
        }
        assertThat(batches.stream().map(List::size)).containsExactly(1, LookupQueue.BATCH, 10);
    }

    @Test
    void readIsNotDelayedByAQueryThatHangs() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        gate = hangs;
        LookupQueue queue = new LookupQueue(2, this::read, cache::fail, new LookupThreads());
        Future<Credentials> first = find(queue, "hangs");
        await().until(() -> batches.size() == 1);
        gate = new CountDownLatch(0);

        assertThat(find(queue, "other").get(1, TimeUnit.SECONDS)).isSameAs(Credentials.NONE);

        assertThat(first.isDone()).isFalse();
        hangs.countDown();
        first.get(5, TimeUnit.SECONDS);
    }

    @Test
    void requestStopsWaitingAtItsDeadlineAndTheReadContinues() throws Exception {
        LookupQueue queue = new LookupQueue(1, this::read, cache::fail, new LookupThreads());
        gate = new CountDownLatch(1);
        CredentialCache.Read read = cache.read(new CredentialCache.Key("user", "sip.test"), queue::add);
        await().until(read::hasBegun);

        RequestDeadline.run(
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50),
                () -> assertThatThrownBy(() -> queue.await(read)).isInstanceOf(TemporarilyUnavailableException.class));

        gate.countDown();
        assertThat(queue.await(read)).isSameAs(Credentials.NONE);
    }

    @Test
    void exceptionOfTheReaderFailsItsBatchOnly() throws Exception {
        boolean[] fails = {true};
        LookupQueue queue = new LookupQueue(
                1,
                reads -> {
                    if (fails[0]) {
                        throw new OutOfMemoryError("thrown by the test");
                    }
                    read(reads);
                },
                cache::fail,
                new LookupThreads());
        assertThatThrownBy(() -> queue.await(cache.read(new CredentialCache.Key("user", "sip.test"), queue::add)))
                .isInstanceOf(IllegalStateException.class)
                .hasRootCauseMessage("thrown by the test");

        fails[0] = false;
        assertThat(find(queue, "user").get(5, TimeUnit.SECONDS)).isSameAs(Credentials.NONE);
    }

    @Test
    void waitingRequestReadsItselfIfNoThreadIsAvailable() {
        LookupQueue queue = new LookupQueue(1, this::read, cache::fail, task -> {
            throw new OutOfMemoryError("thrown by the test");
        });

        assertThat(queue.await(cache.read(new CredentialCache.Key("user", "sip.test"), queue::add)))
                .isSameAs(Credentials.NONE);
    }

    // ---- with a database

    /** Data source that returns connections while the gate is open. */
    private DataSource gated(DataSource real) {
        return new PGSimpleDataSource() {
            @Override
            public Connection getConnection() throws SQLException {
                awaitGate();
                return real.getConnection();
            }
        };
    }

    private static Callable<String> md5Of(JdbcCredentials credentials, String user) {
        return () -> {
            Optional<Credential> found = credentials.find(user, "sip.test");
            return found.flatMap(one -> one.ha1(DigestAlgorithm.MD5)).orElse("none");
        };
    }

    private static String hashOf(int user) {
        return user % 2 == 0 ? DigestAlgorithm.MD5.ha1("user" + user, "sip.test", "secret" + user) : "none";
    }

    @Test
    void lookUpsThatWaitAreOneQueryAndEachHasItsOwnRow() throws Exception {
        JdbcCredentials credentials = JdbcCredentials.builder(gated(postgres.dataSource()))
                .lookupsAtOnce(1)
                .build();
        gate = new CountDownLatch(1);

        List<Future<String>> found = IntStream.range(0, USERS)
                .mapToObj(i -> threads.submit(md5Of(credentials, "user" + i)))
                .toList();
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        gate.countDown();

        for (int i = 0; i < USERS; i++) {
            assertThat(found.get(i).get(5, TimeUnit.SECONDS)).as("user" + i).isEqualTo(hashOf(i));
        }
        assertThat(credentials.lookups()).isBetween(2L, 3L);
    }

    @Test
    void nameThatTheDatabaseCannotRepresentDoesNotFailOthers() throws Exception {
        String latin1 = "lookups_latin1";
        postgres.execute(
                "CREATE DATABASE " + latin1 + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        try {
            PGSimpleDataSource database = (PGSimpleDataSource) postgres.dataSource();
            database.setDatabaseName(latin1);
            KamailioSchema.on(database).create();
            Subscribers.in(database).add("user2", "sip.test", "secret2");
            JdbcCredentials credentials =
                    JdbcCredentials.builder(gated(database)).lookupsAtOnce(1).build();
            gate = new CountDownLatch(1);

            List<Future<String>> found = new ArrayList<>();
            for (String user : List.of("first", "user2", "\u20ac", "user1")) {
                found.add(threads.submit(md5Of(credentials, user)));
            }
            await().pollDelay(Duration.ofMillis(300)).until(() -> true);
            gate.countDown();

            assertThat(found.get(1).get(5, TimeUnit.SECONDS)).isEqualTo(hashOf(2));
            for (int i : new int[] {0, 2, 3}) {
                assertThat(found.get(i).get(5, TimeUnit.SECONDS)).isEqualTo("none");
            }
            assertThat(credentials.isCurrent()).isTrue();
        } finally {
            postgres.execute("DROP DATABASE " + latin1 + " WITH (FORCE)");
        }
    }

    @Test
    void rowIsReadWhileTheRequestWaitsForAWorker() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();

        assertThatThrownBy(() -> credentials.withoutWaiting().find("user2", "sip.test"))
                .isInstanceOf(NeedsWorkerException.class);

        await().until(() -> credentials.lookups() == 1 && credentials.cached() == 1);
        assertThat(credentials.withoutWaiting().find("user2", "sip.test")).isPresent();
        assertThat(credentials.lookups()).isEqualTo(1);
    }
}
