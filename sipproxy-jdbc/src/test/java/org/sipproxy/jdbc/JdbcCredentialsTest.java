package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.CredentialStoreContract;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

class JdbcCredentialsTest implements CredentialStoreContract {

    /** A changed subscriber must be refused within this time. */
    private static final Duration OBEYED = Duration.ofSeconds(1);

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private final List<JdbcCredentials> opened = new ArrayList<>();
    private KamailioSchema schema;
    private Subscribers subscribers;
    private final JdbcCredentials ofContract =
            JdbcCredentials.builder(postgres.dataSource()).build();

    @BeforeEach
    void oneSubscriber() {
        schema = KamailioSchema.on(postgres.dataSource());
        postgres.execute("TRUNCATE subscriber; ALTER TABLE subscriber DROP COLUMN IF EXISTS ha1_sha256");
        schema.addSubscriberNotifications();
        subscribers = Subscribers.in(postgres.dataSource());
        subscribers.add("1001", "sip.test", "test1234");
    }

    @AfterEach
    void close() {
        opened.forEach(JdbcCredentials::close);
    }

    @Override
    public CredentialStore store() {
        return ofContract;
    }

    @Override
    public void put(String user, String password) {
        if (Rows.of(postgres, "SELECT 1 FROM subscriber WHERE username = '" + user + "'")
                .isEmpty()) {
            subscribers.add(user, REALM, password);
        } else {
            subscribers.changePassword(user, REALM, password);
        }
    }

    @Override
    public void remove(String user) {
        subscribers.remove(user, REALM);
    }

    @Test
    void eitherFormOfTheUserNameHasItsHash() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();

        assertThat(md5(credentials.find("1001", "sip.test"))).isEqualTo(hash("1001", "test1234"));
        assertThat(md5(credentials.find("1001@sip.test", "sip.test"))).isEqualTo(hash("1001@sip.test", "test1234"));
        assertThat(credentials.find("1001@sip.test", "sip.test").orElseThrow().username())
                .isEqualTo("1001@sip.test");
        assertThat(credentials.find("1001", "other.test")).isEmpty();
        assertThat(credentials.find("1001@other.test", "sip.test")).isEmpty();
        assertThat(credentials.find("1001@sip.tes", "sip.test")).isEmpty();
        assertThat(credentials.find("1002", "sip.test")).isEmpty();
    }

    @Test
    void tableWithoutARowIsEmpty() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();
        assertThat(credentials.isEmpty()).isFalse();

        postgres.execute("TRUNCATE subscriber");

        assertThat(credentials.isEmpty()).isTrue();
        assertThat(credentials.lookups()).isZero();
    }

    @Test
    void nameThatNoColumnCanHoldIsUnknownWithoutAQuery() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();

        for (String name : List.of("", "@", "@sip.test", "a\0b", "x".repeat(200))) {
            assertThat(isKnownAtOnce(credentials, name)).isTrue();
            assertThat(credentials.find(name, "sip.test")).isEmpty();
        }
        assertThat(credentials.find("1001", "")).isEmpty();
        assertThat(credentials.lookups()).isZero();
    }

    @Test
    void cachedSubscriberNeedsNoLookupAndDoesNotBlock() {
        JdbcCredentials credentials = listening();
        assertThat(credentials.mayBlock()).isTrue();
        assertThat(isKnownAtOnce(credentials, "1001")).isFalse();

        credentials.find("1001", "sip.test");
        credentials.find("nobody", "sip.test");

        assertThat(isKnownAtOnce(credentials, "1001")).isTrue();
        assertThat(isKnownAtOnce(credentials, "1001@sip.test")).isTrue();
        assertThat(isKnownAtOnce(credentials, "nobody")).isTrue();
        assertThat(credentials.find("1001@sip.test", "sip.test")).isPresent();
        assertThat(credentials.lookups()).isEqualTo(2);
        await().during(Duration.ofMillis(1_500))
                .atMost(Duration.ofSeconds(3))
                .until(() -> isKnownAtOnce(credentials, "1001"));
    }

    @Test
    void changeTakesEffectOnEveryNode() {
        List<JdbcCredentials> nodes = List.of(listening(), listening());
        nodes.forEach(node -> node.find("1001", "sip.test"));

        subscribers.changePassword("1001", "sip.test", "new");
        nodes.forEach(node ->
                within(OBEYED, () -> md5(node.find("1001", "sip.test")).equals(hash("1001", "new"))));

        postgres.execute("DELETE FROM subscriber WHERE username = '1001'");
        nodes.forEach(node -> within(OBEYED, () -> node.find("1001", "sip.test").isEmpty()));

        subscribers.add("1001", "sip.test", "again");
        nodes.forEach(node -> within(OBEYED, () -> node.find("1001", "sip.test").isPresent()));

        postgres.execute("UPDATE subscriber SET username = '2002'");
        nodes.forEach(node -> within(OBEYED, () -> node.find("1001", "sip.test").isEmpty()));

        nodes.forEach(node -> node.find("2002", "sip.test"));
        postgres.execute("TRUNCATE subscriber");
        nodes.forEach(node -> within(OBEYED, () -> node.find("2002", "sip.test").isEmpty()));
    }

    @Test
    void changeTakesEffectInTimeWithoutTheTrigger() {
        postgres.execute("DROP TRIGGER sipproxy_subscriber_changed ON subscriber");
        JdbcCredentials credentials = started();
        credentials.find("1001", "sip.test");

        subscribers.changePassword("1001", "sip.test", "new");

        within(OBEYED, () -> md5(credentials.find("1001", "sip.test")).equals(hash("1001", "new")));
        assertThat(credentials.isListening()).isFalse();
    }

    @Test
    void droppedTriggerIsNoticedInTime() {
        JdbcCredentials credentials = listening();
        credentials.find("1001", "sip.test");

        postgres.execute("ALTER TABLE subscriber DISABLE TRIGGER sipproxy_subscriber_changed");
        subscribers.changePassword("1001", "sip.test", "new");

        within(OBEYED, () -> md5(credentials.find("1001", "sip.test")).equals(hash("1001", "new")));
        postgres.execute("ALTER TABLE subscriber ENABLE TRIGGER sipproxy_subscriber_changed");
        await().until(credentials::isListening);
    }

    @Test
    void lostConnectionIsReplacedAndOldEntriesAreNotUsedMeanwhile() {
        JdbcCredentials credentials = listening();
        credentials.find("1001", "sip.test");

        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND pid <> pg_backend_pid()");
        subscribers.changePassword("1001", "sip.test", "new");

        within(OBEYED, () -> md5(credentials.find("1001", "sip.test")).equals(hash("1001", "new")));
        await().atMost(Duration.ofSeconds(5)).until(credentials::isListening);
        subscribers.changePassword("1001", "sip.test", "newer");
        within(OBEYED, () -> md5(credentials.find("1001", "sip.test")).equals(hash("1001", "newer")));
    }

    /** The first request of the morning must not fail because the database was restarted in the night. */
    @Test
    void afterARestartTheFirstRequestIsServed() {
        AtomicBoolean down = new AtomicBoolean();
        DataSource database = failingWhile(down);
        JdbcCredentials credentials = JdbcCredentials.builder(database).build();
        opened.add(credentials);
        credentials.listen();
        await().until(credentials::isListening);
        CircuitBreaker breaker = CircuitBreaker.of(database);

        down.set(true);
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND pid <> pg_backend_pid()");
        await().until(() -> breaker.openNanos() > 0); // unlike isOpen(), does not probe the database
        down.set(false);
        await().until(credentials::isListening);

        assertThat(credentials.find("1001", "sip.test")).isPresent();
    }

    private static DataSource failingWhile(AtomicBoolean down) {
        DataSource real = postgres.dataSource();
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    if (method.getName().equals("getConnection") && down.get()) {
                        throw new SQLException("set to fail", "08001");
                    }
                    return switch (method.getName()) {
                        case "equals" -> self == arguments[0];
                        case "hashCode" -> System.identityHashCode(self);
                        default -> method.invoke(real, arguments);
                    };
                });
    }

    @Test
    void threadsThatMissTheSameUserShareOneQuery() throws Exception {
        JdbcCredentials credentials = listening();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        CountDownLatch together = new CountDownLatch(8);
        try {
            List<Future<Optional<Credential>>> found = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                found.add(threads.submit(() -> {
                    together.countDown();
                    together.await();
                    return credentials.find("1001", "sip.test");
                }));
            }
            for (Future<Optional<Credential>> one : found) {
                assertThat(one.get(10, TimeUnit.SECONDS)).isPresent();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(credentials.lookups()).isEqualTo(1);
    }

    @Test
    void floodOfInventedNamesNeitherEvictsTheKnownNorReachesTheDatabaseForLong() {
        JdbcCredentials credentials = JdbcCredentials.builder(postgres.dataSource())
                .cacheSize(10)
                .unknownCacheSize(10)
                .unknownPerSecond(5) // far below the number of look-ups in the loop, even on a busy machine
                .build();
        opened.add(credentials);
        credentials.listen();
        await().until(credentials::isListening);
        credentials.find("1001", "sip.test");

        int refused = 0;
        for (int i = 0; i < 500; i++) {
            try {
                assertThat(credentials.find("invented" + i, "sip.test")).isEmpty();
            } catch (TemporarilyUnavailableException e) {
                refused++;
            }
        }

        assertThat(refused).isPositive();
        assertThat(credentials.lookups()).isLessThan(450);
        assertThat(isKnownAtOnce(credentials, "1001")).isTrue();
        await().until(() -> succeeds(() -> credentials.find("invented", "sip.test")));
    }

    @Test
    void otherSpellingOfASubscriberIsFoundAsSoonAsItExists() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();
        opened.add(credentials);
        credentials.listen();
        await().until(credentials::isListening);
        subscribers.add("Alice", "sip.test", "x");
        await().until(() -> credentials.find("Alice", "sip.test").isPresent());
        assertThat(credentials.hasOtherSpelling("Alice", "sip.test")).isFalse();
        assertThat(credentials.hasOtherSpelling("alice", "sip.test")).isTrue();
        assertThat(credentials.hasOtherSpelling("ALICE", "sip.test")).isTrue();
        assertThat(credentials.hasOtherSpelling("bob", "sip.test")).isFalse();
        assertThat(credentials.hasOtherSpelling("a\0b", "sip.test")).isFalse();

        // like kamctl, which has no such rule
        postgres.execute("INSERT INTO subscriber (username, domain, ha1) VALUES ('aLICE', 'sip.test', md5('x'))");

        await().until(() -> credentials.hasOtherSpelling("Alice", "sip.test"));
        assertThat(credentials.hasOtherSpelling("Alice@sip.test", "sip.test")).isTrue();
        long lookups = credentials.lookups();
        assertThat(credentials.hasOtherSpelling("Alice", "sip.test")).isTrue();
        assertThat(credentials.lookups()).as("cached with the row").isEqualTo(lookups);
        subscribers.remove("aLICE", "sip.test");
        await().until(() -> !credentials.hasOtherSpelling("Alice", "sip.test"));
    }

    @Test
    void sha256IsReadFromItsColumn() {
        schema.addSha256Column();
        subscribers.changePassword("1001", "sip.test", "test1234");
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).sha256Column().build();

        Credential found = credentials.find("1001", "sip.test").orElseThrow();

        assertThat(found.ha1(DigestAlgorithm.SHA_256))
                .contains(DigestAlgorithm.SHA_256.ha1("1001", "sip.test", "test1234"));
        assertThat(found.ha1(DigestAlgorithm.MD5)).contains(hash("1001", "test1234"));
    }

    @Test
    void sha256InHa1IsTakenForWhatItIs() {
        postgres.execute("UPDATE subscriber SET ha1 = encode(sha256('1001:sip.test:x'), 'hex')");
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();

        Credential found = credentials.find("1001", "sip.test").orElseThrow();

        assertThat(found.ha1(DigestAlgorithm.SHA_256)).contains(DigestAlgorithm.SHA_256.ha1("1001", "sip.test", "x"));
        assertThat(found.ha1(DigestAlgorithm.MD5)).isEmpty();
    }

    @Test
    void plainPasswordIsHashedAndDiscardedIfConfigured() {
        postgres.execute("UPDATE subscriber SET ha1 = '', ha1b = '', password = 'plain'");

        assertThat(JdbcCredentials.builder(postgres.dataSource()).build().find("1001", "sip.test"))
                .isEmpty();
        Credential found = JdbcCredentials.builder(postgres.dataSource())
                .plainPasswords()
                .build()
                .find("1001", "sip.test")
                .orElseThrow();

        assertThat(found.password()).isEmpty();
        assertThat(found.ha1(DigestAlgorithm.MD5)).contains(hash("1001", "plain"));
        assertThat(found.ha1(DigestAlgorithm.SHA_256)).isPresent();
    }

    @Test
    void plainPasswordTakesPrecedenceOverADifferentHash() {
        RecordingLogger log = new RecordingLogger();
        JdbcCredentials credentials = JdbcCredentials.builder(postgres.dataSource())
                .plainPasswords()
                .log(log.logger())
                .build();
        Subscribers.builder(postgres.dataSource()).storePlainPasswords().build().add("1009", "sip.test", "same");
        assertThat(credentials.find("1001", "sip.test").orElseThrow().ha1(DigestAlgorithm.MD5))
                .as("without a password")
                .isPresent();
        assertThat(credentials.find("1009", "sip.test")).isPresent();
        assertThat(log.lines()).isEmpty();

        postgres.execute("UPDATE subscriber SET password = 'new' WHERE username = '1001'");
        JdbcCredentials after = JdbcCredentials.builder(postgres.dataSource())
                .plainPasswords()
                .log(log.logger())
                .build();

        assertThat(after.find("1001", "sip.test").orElseThrow().ha1(DigestAlgorithm.MD5))
                .contains(hash("1001", "new"));
        assertThat(log.lines())
                .singleElement()
                .asString()
                .startsWith("WARN table subscriber, row \"1001@sip.test\": ha1 is not the hash of user:domain:password")
                .contains("--password-column=ha1");
    }

    @Test
    void subscriberWithoutAUsableHashIsLogged() {
        RecordingLogger log = new RecordingLogger();
        postgres.execute("UPDATE subscriber SET ha1 = 'not a hash', ha1b = ''");

        assertThat(JdbcCredentials.builder(postgres.dataSource())
                        .log(log.logger())
                        .build()
                        .find("1001", "sip.test"))
                .isEmpty();
        assertThat(log.lines())
                .singleElement()
                .asString()
                .startsWith("WARN table subscriber, row \"1001@sip.test\": no digest can be verified")
                .contains("--password-column=password");
    }

    @Test
    void databaseWithAnotherSchemaIsRefusedAtStart() {
        JdbcCredentials withSha256 =
                JdbcCredentials.builder(postgres.dataSource()).sha256Column().build();
        assertThatThrownBy(withSha256::listen).hasMessageContaining("no column ha1_sha256");
        try (PostgresFixture empty = PostgresFixture.empty().open()) {
            JdbcCredentials credentials =
                    JdbcCredentials.builder(empty.dataSource()).build();
            assertThatThrownBy(credentials::listen).hasMessageContaining("table subscriber: no such table");
        }
    }

    @Test
    void optionsOutOfRangeAreReportedTogether() {
        assertThatThrownBy(() -> JdbcCredentials.builder(postgres.dataSource())
                        .cacheSize(0)
                        .cacheLife(Duration.ZERO)
                        .build())
                .hasMessageContaining("cacheSize: 0 (expected 1 to 10,000,000)")
                .hasMessageContaining("cacheLife: 0s (expected 1s to 1h)");
    }

    @Test
    void closingReturnsTheConnection() {
        JdbcCredentials credentials = listening();

        credentials.close();

        await().until(() -> QuietJdbi.over("test", postgres.dataSource())
                .withHandle(handle -> handle.createQuery("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                        + "current_database() AND pid <> pg_backend_pid()")
                                .mapTo(Integer.class)
                                .one()
                        == 0));
        assertThat(credentials.isListening()).isFalse();
    }

    private JdbcCredentials started() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(postgres.dataSource()).build();
        opened.add(credentials);
        credentials.listen();
        return credentials;
    }

    private JdbcCredentials listening() {
        JdbcCredentials credentials = started();
        await().until(credentials::isListening);
        return credentials;
    }

    private static void within(Duration time, Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(10)).atMost(time).until(condition);
    }

    private static boolean succeeds(Runnable action) {
        try {
            action.run();
            return true;
        } catch (TemporarilyUnavailableException e) {
            return false;
        }
    }

    private static String md5(Optional<Credential> credential) {
        return credential.flatMap(found -> found.ha1(DigestAlgorithm.MD5)).orElse("none");
    }

    private static String hash(String digestUser, String password) {
        return DigestAlgorithm.MD5.ha1(digestUser, "sip.test", password);
    }

    private static boolean isKnownAtOnce(JdbcCredentials credentials, String user) {
        try {
            credentials.withoutWaiting().find(user, "sip.test");
            return true;
        } catch (NeedsWorkerException e) {
            return false;
        }
    }
}
