package org.sipproxy.api.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.NeedsWorkerException;

/**
 * Contract tests for {@link CredentialStore}. The test of a store implements this interface, creates a store without
 * the users {@code alice}, {@code bob} and {@code carol} for each test, and inherits the tests.
 */
public interface CredentialStoreContract {

    /** Realm of all users. */
    String REALM = "sip.test";

    /** Returns the store under test: the same one throughout a test. */
    CredentialStore store();

    /** Adds a user, or changes the password of one. */
    void put(String user, String password);

    /** Removes a user. */
    void remove(String user);

    @Test
    default void userIsFoundUnderTheNameAndRealmOfTheDigest() {
        put("alice", "wonderland");

        Credential found = store().find("alice", REALM).orElseThrow();

        assertThat(found.username()).isEqualTo("alice");
        assertThat(found.realm()).isEqualTo(REALM);
        assertThat(ha1(Optional.of(found))).isEqualTo(ha1("alice", "wonderland"));
        assertThat(found.toString()).doesNotContain("wonderland", ha1("alice", "wonderland"));
    }

    @Test
    default void usersAreNotMixedUp() {
        put("alice", "wonderland");
        put("bob", "builder");

        assertThat(ha1(store().find("alice", REALM))).isEqualTo(ha1("alice", "wonderland"));
        assertThat(ha1(store().find("bob", REALM))).isEqualTo(ha1("bob", "builder"));
        assertThat(store().find("carol", REALM)).isEmpty();
        assertThat(store().find("alice", "other.test")).isEmpty();
    }

    /** A store that caches applies the change soon. */
    @Test
    default void changedPasswordAppliesAndARemovedUserIsUnknown() {
        put("alice", "wonderland");
        assertThat(store().find("alice", REALM)).isPresent();

        put("alice", "looking-glass");
        await().until(() -> ha1(store().find("alice", REALM)).equals(ha1("alice", "looking-glass")));

        remove("alice");
        await().until(() -> store().find("alice", REALM).isEmpty());
    }

    /** The name is part of the hash, so a credential of another spelling could not be verified. */
    @Test
    default void nameInAnotherCaseIsAnotherUser() {
        put("alice", "wonderland");

        assertThat(store().find("Alice", REALM)).isEmpty();
        assertThat(store().hasOtherSpelling("Alice", REALM)).isTrue();
        assertThat(store().hasOtherSpelling("alice", REALM)).isFalse();
        assertThat(store().hasOtherSpelling("Bob", REALM)).isFalse();
    }

    /** Names from the network, before anything has been verified. */
    @ParameterizedTest
    @ValueSource(strings = {"", "@", "@sip.test", "a\0b", "alice' OR ''='", "%", "\ud83d\ude00"})
    default void anyTextMayBeLookedUp(String name) {
        put("alice", "wonderland");

        assertThat(store().find(name, REALM)).isEmpty();
        assertThat(store().find("alice", name)).isEmpty();
        assertThat(store().find(name.repeat(200), REALM)).isEmpty();
        assertThat(store().hasOtherSpelling(name, REALM)).isFalse();
    }

    @Test
    default void everyUserCanBeCheckedWithEachAlgorithmThatIsOffered() {
        put("alice", "wonderland");
        Credential alice = store().find("alice", REALM).orElseThrow();

        assertThat(store().algorithms())
                .isNotEmpty()
                .allSatisfy(algorithm -> assertThat(alice.password().or(() -> alice.ha1(algorithm)))
                        .isPresent());
    }

    /** A store that may block says so by an exception; it must not return that the user does not exist. */
    @Test
    default void withoutWaitingAUserIsFoundOrLeftToAWorker() {
        put("alice", "wonderland");
        CredentialStore atOnce = store().withoutWaiting();

        Optional<Credential> found;
        try {
            found = atOnce.find("alice", REALM);
        } catch (NeedsWorkerException e) {
            assertThat(store().mayBlock()).as("the store may block").isTrue();
            found = store().find("alice", REALM);
        }

        assertThat(ha1(found)).isEqualTo(ha1("alice", "wonderland"));
    }

    @Test
    default void storeWithAUserIsNotEmptyAndIsCurrent() {
        put("alice", "wonderland");

        assertThat(store().isEmpty()).isFalse();
        assertThat(store().isCurrent()).isTrue();
    }

    @Test
    default void severalThreadsLookUpAtOnce() throws Exception {
        put("alice", "wonderland");
        put("bob", "builder");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Optional<Credential>>> found = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String user = i % 2 == 0 ? "alice" : "bob";
                found.add(threads.submit(() -> store().find(user, REALM)));
            }
            for (int i = 0; i < found.size(); i++) {
                assertThat(ha1(found.get(i).get(10, TimeUnit.SECONDS)))
                        .isEqualTo(i % 2 == 0 ? ha1("alice", "wonderland") : ha1("bob", "builder"));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns the MD5 HA1 that a credential is checked with, {@code none} without one. */
    private static String ha1(Optional<Credential> credential) {
        return credential
                .flatMap(found -> found.password()
                        .map(password -> ha1(found.username(), password))
                        .or(() -> found.ha1(DigestAlgorithm.MD5)))
                .orElse("none");
    }

    private static String ha1(String user, String password) {
        try {
            byte[] text = (user + ":" + REALM + ":" + password).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
