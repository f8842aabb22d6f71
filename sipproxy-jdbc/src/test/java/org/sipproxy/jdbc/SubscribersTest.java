package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.DigestAlgorithm;

class SubscribersTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private Subscribers subscribers;

    @BeforeEach
    void empty() {
        postgres.execute(
                "TRUNCATE subscriber; TRUNCATE dbaliases; ALTER TABLE subscriber DROP COLUMN IF EXISTS ha1_sha256");
        subscribers = Subscribers.in(postgres.dataSource());
    }

    @Test
    void hashesAreThoseThatKamctlComputes() {
        subscribers.add("1001", "sip.test", "test1234");

        // echo -n 1001:sip.test:test1234 | md5sum; echo -n 1001@sip.test:sip.test:test1234 | md5sum
        assertThat(row("1001"))
                .isEqualTo("1001|sip.test||c8366238c0ecb4adbdb5b4d5d64740fd|febec9cb1a8540bc6ad7537b05fb4971");
    }

    @Test
    void plainPasswordIsStoredOnlyOnRequest() {
        Subscribers plain =
                Subscribers.builder(postgres.dataSource()).storePlainPasswords().build();
        plain.add("1001", "sip.test", "test1234");
        assertThat(row("1001")).startsWith("1001|sip.test|test1234|");
        assertThat(plain.find("1001", "sip.test")).contains(new Subscriber("1001", "sip.test", true, true, false));

        subscribers.changePassword("1001", "sip.test", "test5678");

        assertThat(row("1001")).startsWith("1001|sip.test||");
    }

    @Test
    void sha256HashHasAColumnOfItsOwn() {
        KamailioSchema.on(postgres.dataSource()).addSha256Column();

        subscribers.add("1001", "sip.test", "test1234");

        assertThat(sha256("1001")).isEqualTo(DigestAlgorithm.SHA_256.ha1("1001", "sip.test", "test1234"));
        assertThat(subscribers.find("1001", "sip.test"))
                .map(Subscriber::hasSha256)
                .contains(true);
        subscribers.changePassword("1001", "sip.test", "other");
        assertThat(sha256("1001")).isEqualTo(DigestAlgorithm.SHA_256.ha1("1001", "sip.test", "other"));
    }

    @Test
    void changingHa1AloneEmptiesTheSha256Hash() {
        KamailioSchema.on(postgres.dataSource()).addSha256Column();
        subscribers.add("1001", "sip.test", "test1234");

        postgres.execute("UPDATE subscriber SET ha1 = md5('1001:sip.test:new'), ha1b = '', password = ''");

        assertThat(sha256("1001")).isNull();
    }

    @Test
    void existingSubscriberIsNotAddedAgain() {
        subscribers.add("1001", "sip.test", "test1234");
        String before = row("1001");

        assertThatThrownBy(() -> subscribers.add("1001", "SIP.test", "other"))
                .isInstanceOfSatisfying(SubscriberException.class, e -> {
                    assertThat(e.reason()).isEqualTo(SubscriberException.Reason.EXISTS);
                    assertThat(e.address()).isEqualTo("1001@sip.test");
                })
                .hasMessage("subscriber 1001@sip.test exists; change the password instead");

        assertThat(row("1001")).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Alice", "ALICE", "aLiCe"})
    void subscriberWhoseNameDiffersInCaseOnlyIsNotAdded(String name) {
        subscribers.add("alice", "sip.test", "x");
        subscribers.add(name, "other.test", "x");

        assertThatThrownBy(() -> subscribers.add(name, "SIP.test", "x"))
                .isInstanceOfSatisfying(
                        SubscriberException.class,
                        e -> assertThat(e.reason()).isEqualTo(SubscriberException.Reason.OTHER_SPELLING))
                .hasMessage("subscriber " + name + "@sip.test would share the address-of-record of alice@sip.test,"
                        + " because the names differ in case only; choose another name");

        assertThat(rows("SELECT username FROM subscriber WHERE domain = 'sip.test'"))
                .containsExactly("alice");
        Subscribers.builder(postgres.dataSource()).caseSensitive().build().add(name, "sip.test", "x");
    }

    @Test
    void lettersBeyondAsciiHaveNoCase() {
        for (String name :
                List.of("\u00e9", "\u00c9", "k", "\u212a", "i", "\u0130", "ss", "\u00df", "_a", "\\a", "%a")) {
            subscribers.add(name, "sip.test", "x");
        }

        assertThat(subscribers.count()).isEqualTo(11);
    }

    @Test
    void onlyOneOfConcurrentAdditionsThatDifferInCaseSucceeds() throws Exception {
        List<String> spellings = List.of("alice", "Alice", "ALICE", "aLiCe");
        ExecutorService threads = Executors.newFixedThreadPool(spellings.size());
        try {
            for (int round = 0; round < 5; round++) {
                String number = "-" + round;
                CountDownLatch together = new CountDownLatch(spellings.size());
                List<Future<Boolean>> added = new ArrayList<>();
                for (String name : spellings) {
                    added.add(threads.submit(() -> {
                        together.countDown();
                        together.await();
                        try {
                            subscribers.add(name + number, "sip.test", "x");
                            return true;
                        } catch (SubscriberException e) {
                            return false;
                        }
                    }));
                }
                int count = 0;
                for (Future<Boolean> one : added) {
                    count += one.get(30, TimeUnit.SECONDS) ? 1 : 0;
                }
                assertThat(count).isEqualTo(1);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(subscribers.count()).isEqualTo(5);
    }

    @Test
    void otherSpellingIsNeitherChangedNorRemovedNorShown() {
        subscribers.add("alice", "sip.test", "x");
        String before = row("alice");

        assertThatThrownBy(() -> subscribers.changePassword("Alice", "sip.test", "y"))
                .hasMessage("no subscriber Alice@sip.test; names are case-sensitive, and there is" + " alice@sip.test");
        assertThatThrownBy(() -> subscribers.remove("ALICE", "sip.test"))
                .hasMessageContaining("there is alice@sip.test");
        assertThat(subscribers.find("Alice", "sip.test")).isEmpty();
        assertThat(subscribers.find("Alice")).isEmpty();

        assertThat(row("alice")).isEqualTo(before);
    }

    @Test
    void nameThatNoUriCanMeanIsRefused() {
        for (String name : List.of("a\0b", "a\u0085", "\ufffd", "\ud83d")) {
            assertThatThrownBy(() -> subscribers.add(name, "sip.test", "x"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("username: ");
        }
    }

    @Test
    void unknownSubscriberIsNeitherChangedNorRemoved() {
        subscribers.add("1001", "sip.test", "test1234");

        assertThatThrownBy(() -> subscribers.changePassword("1002", "sip.test", "x"))
                .hasMessage("no subscriber 1002@sip.test");
        assertThatThrownBy(() -> subscribers.remove("1001", "other.test"))
                .isInstanceOfSatisfying(
                        SubscriberException.class,
                        e -> assertThat(e.reason()).isEqualTo(SubscriberException.Reason.UNKNOWN));
        assertThat(subscribers.count()).isEqualTo(1);
    }

    @Test
    void removingRemovesTheAliasesToo() {
        subscribers.add("1001", "sip.test", "test1234");
        postgres.execute("INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES "
                + "('alice', 'sip.test', '1001', 'sip.test'), ('bob', 'sip.test', '1002', 'sip.test')");

        subscribers.remove("1001", "sip.test");

        assertThat(subscribers.find("1001", "sip.test")).isEmpty();
        assertThat(rows("SELECT alias_username FROM dbaliases")).containsExactly("bob");
    }

    @Test
    void pagesHoldEachSubscriberOnceAndInOrder() {
        for (String user : List.of("b", "a", "c", "a2", "d")) {
            subscribers.add(user, "sip.test", "x");
        }
        subscribers.add("a", "other.test", "x");

        List<String> all = new ArrayList<>();
        List<Subscriber> page = subscribers.list(Optional.empty(), 2);
        while (!page.isEmpty()) {
            page.forEach(subscriber -> all.add(subscriber.address()));
            page = subscribers.list(Optional.of(page.get(page.size() - 1)), 2);
        }

        assertThat(all)
                .containsExactly("a@other.test", "a@sip.test", "a2@sip.test", "b@sip.test", "c@sip.test", "d@sip.test");
    }

    @Test
    void sqlInANameIsAName() {
        String name = "x'; DROP TABLE subscriber; --";

        subscribers.add(name, "sip.test", "\"'\\:pw");

        assertThat(subscribers.find(name, "sip.test")).isPresent();
    }

    @Test
    void problemsOfAUserAreReportedAtOnceWithoutThePassword() {
        assertThatThrownBy(() -> subscribers.add("a@b", "", "se\ncret"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("username: has an @")
                .hasMessageContaining("domain: 0 characters (expected 1 to 64)")
                .hasMessageContaining("password: empty, or has control characters")
                .hasMessageNotContaining("se\ncret");
        assertThatThrownBy(() -> subscribers.add("u".repeat(65), "sip.test", "x"))
                .hasMessageContaining("65 characters");
        assertThatThrownBy(() -> Subscribers.builder(postgres.dataSource())
                        .storePlainPasswords()
                        .build()
                        .add("u", "sip.test", "x".repeat(65)))
                .hasMessageContaining("choose a shorter one");
        subscribers.add("u", "sip.test", "x".repeat(65));
    }

    @Test
    void databaseErrorContainsNoSecrets() {
        try (PostgresFixture without = PostgresFixture.empty().open()) {
            assertThatThrownBy(() -> Subscribers.in(without.dataSource()).add("1001", "sip.test", "s3cret"))
                    .hasMessageContaining("subscriber")
                    .hasMessageNotContaining("s3cret")
                    .hasMessageNotContaining(DigestAlgorithm.MD5.ha1("1001", "sip.test", "s3cret"));
        }
    }

    private static String row(String username) {
        return rows("SELECT concat_ws('|', username, domain, password, ha1, ha1b) FROM subscriber WHERE username = '"
                        + username + "'")
                .get(0);
    }

    private static String sha256(String username) {
        return rows("SELECT ha1_sha256 FROM subscriber WHERE username = '" + username + "'")
                .get(0);
    }

    private static List<String> rows(String query) {
        return QuietJdbi.over("test", postgres.dataSource())
                .withHandle(
                        handle -> handle.createQuery(query).mapTo(String.class).list());
    }
}
