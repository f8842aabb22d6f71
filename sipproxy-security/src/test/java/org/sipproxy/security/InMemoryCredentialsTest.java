package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.CredentialStoreContract;
import org.sipproxy.api.auth.DigestAlgorithm;

class InMemoryCredentialsTest implements CredentialStoreContract {

    private static final String HA1 = "939e7578ed9e3c518a452acee763bce9";

    private final InMemoryCredentials ofContract = InMemoryCredentials.of();

    @Override
    public CredentialStore store() {
        return ofContract;
    }

    @Override
    public void put(String user, String password) {
        ofContract.put(Credential.ofPassword(user, REALM, password));
    }

    @Override
    public void remove(String user) {
        ofContract.remove(user, REALM);
    }

    @Test
    void userAndRealmOfAHashAreFoundByteForByte() {
        InMemoryCredentials store = InMemoryCredentials.of(
                Credential.ofPassword("alice", "example.org", "a"), Credential.ofHa1("alice", "example.net", HA1));

        assertThat(store.find("alice", "example.org").flatMap(Credential::password))
                .contains("a");
        assertThat(store.find("alice", "example.net").flatMap(credential -> credential.ha1(DigestAlgorithm.MD5)))
                .contains(HA1);
        assertThat(store.find("Alice", "example.org")).isEmpty();
        assertThat(store.find("alice", "Example.org"))
                .as("a password matches its realm in any case")
                .isPresent();
        assertThat(store.find("alice", "Example.net")).isEmpty();
        assertThat(store.find("bob", "example.org")).isEmpty();
    }

    @Test
    void putReplacesAndRemoveRemoves() {
        InMemoryCredentials store = InMemoryCredentials.of(Credential.ofPassword("alice", "example.org", "old"));

        store.put(Credential.ofPassword("alice", "example.org", "new"));
        assertThat(store.find("alice", "example.org").flatMap(Credential::password))
                .contains("new");

        assertThat(store.remove("alice", "example.net")).isFalse();
        assertThat(store.remove("alice", "example.org")).isTrue();
        assertThat(store.remove("alice", "example.org")).isFalse();
        assertThat(store.find("alice", "example.org")).isEmpty();
    }

    @Test
    void sameUserTwiceIsRefusedWithoutShowingASecret() {
        Credential first = Credential.ofPassword("alice", "example.org", "hunter2");
        Credential second = Credential.ofPassword("alice", "example.org", "hunter3");

        assertThatThrownBy(() -> InMemoryCredentials.of(first, second))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("alice@example.org")
                .hasMessageContaining("twice")
                .hasMessageNotContaining("hunter");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Alice", "ALICE", "aLice", "Alice@example.org"})
    void userWhoseNameDiffersInCaseOnlyIsRefused(String other) {
        Credential alice = Credential.ofPassword("alice", "example.org", "a");
        InMemoryCredentials store = InMemoryCredentials.of(alice);

        assertThatThrownBy(() -> store.put(Credential.ofPassword(other, "example.org", "hunter2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[alice] in another case")
                .hasMessageNotContaining("hunter2");
        assertThatThrownBy(() -> InMemoryCredentials.of(Credential.ofPassword(other, "example.org", "x"), alice))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(store.find(other, "example.org")).isEmpty();
        store.put(Credential.ofPassword(other, "example.net", "in another realm"));
        store.put(Credential.ofPassword("alice@example.org", "example.org", "the same user"));
    }

    @Test
    void removingAUserFreesTheNameInAnyCase() {
        InMemoryCredentials store = InMemoryCredentials.of(
                Credential.ofPassword("alice", "example.org", "a"),
                Credential.ofPassword("alice@example.org", "example.org", "a"));

        store.remove("alice", "example.org");
        assertThat(store.hasOtherSpelling("Alice", "example.org")).isTrue();
        store.remove("alice@example.org", "example.org");

        assertThat(store.hasOtherSpelling("Alice", "example.org")).isFalse();
        store.put(Credential.ofPassword("Alice", "example.org", "b"));
        assertThat(store.hasOtherSpelling("alice", "example.org")).isTrue();
        assertThat(store.hasOtherSpelling("Alice", "example.org")).isFalse();
    }

    @Test
    void namesThatDifferInCaseAreTwoUsersOfACaseSensitiveStore() {
        InMemoryCredentials store = InMemoryCredentials.caseSensitive(
                Credential.ofPassword("alice", "example.org", "a"), Credential.ofPassword("Alice", "example.org", "b"));

        assertThat(store.find("alice", "example.org").flatMap(Credential::password))
                .contains("a");
        assertThat(store.find("Alice", "example.org").flatMap(Credential::password))
                .contains("b");
        assertThat(store.hasOtherSpelling("Alice", "example.org")).isTrue();
    }

    @Test
    void onlyOneOfTwoConcurrentUsersThatDifferInCaseIsAdded() throws Exception {
        InMemoryCredentials store = InMemoryCredentials.of();
        List<String> spellings = List.of("alice", "Alice", "ALICE", "aLiCe");
        ExecutorService threads = Executors.newFixedThreadPool(spellings.size());
        try {
            List<? extends Future<?>> jobs = spellings.stream()
                    .map(name -> threads.submit(() -> store.put(Credential.ofPassword(name, "example.org", "p"))))
                    .toList();
            for (Future<?> job : jobs) {
                try {
                    job.get();
                } catch (ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(IllegalArgumentException.class);
                }
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(store).hasToString("InMemoryCredentials[1 user]");
    }

    @Test
    void emptyUserOrRealmIsRefused() {
        InMemoryCredentials store = InMemoryCredentials.of();

        assertThatThrownBy(() -> store.put(Credential.ofPassword("", "example.org", "a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("needs a user name and a realm");
        assertThatThrownBy(() -> store.put(Credential.ofPassword("alice", "", "a")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void neverBlocksAndNeverShowsItsUsers() {
        InMemoryCredentials store = InMemoryCredentials.of(Credential.ofPassword("alice", "example.org", "hunter2"));

        assertThat(store.mayBlock()).isFalse();
        assertThat(store).hasToString("InMemoryCredentials[1 user]");
    }

    @Test
    void concurrentChangesAreAllApplied() throws Exception {
        InMemoryCredentials store = InMemoryCredentials.of();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<? extends Future<?>> jobs = IntStream.range(0, 4)
                    .mapToObj(t -> threads.submit(() -> IntStream.range(0, 1_000)
                            .forEach(i -> store.put(Credential.ofPassword(t + "-" + i, "example.org", "p")))))
                    .toList();
            for (Future<?> job : jobs) {
                job.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(store).hasToString("InMemoryCredentials[4000 users]");
    }

    @Test
    void algorithmsThatAUserHasNoHashForAreNotOffered() {
        InMemoryCredentials passwords = InMemoryCredentials.of(Credential.ofPassword("alice", "example.net", "x"));
        InMemoryCredentials mixed = InMemoryCredentials.of(
                Credential.ofPassword("alice", "example.net", "x"),
                Credential.ofHa1("bob", "example.net", "0123456789abcdef0123456789abcdef"));

        assertThat(passwords.algorithms()).containsExactlyInAnyOrder(DigestAlgorithm.values());
        assertThat(mixed.algorithms()).containsExactly(DigestAlgorithm.MD5);
    }

    @Test
    void replacedUsersAreTheOnlyOnes() {
        InMemoryCredentials store = InMemoryCredentials.of(
                Credential.ofPassword("alice", "example.org", "one"),
                Credential.ofPassword("bob", "example.org", "two"));

        store.replaceWith(InMemoryCredentials.of(
                Credential.ofPassword("alice", "example.org", "three"),
                Credential.ofPassword("carol", "example.org", "four")));

        assertThat(store.find("alice", "example.org").orElseThrow().password()).hasValue("three");
        assertThat(store.find("bob", "example.org")).isEmpty();
        assertThat(store.find("carol", "example.org")).isPresent();
        assertThat(store.hasOtherSpelling("BOB", "example.org")).isFalse();
        assertThatThrownBy(() -> store.replaceWith(InMemoryCredentials.caseSensitive()))
                .hasMessageContaining("another rule for the case");
    }
}
