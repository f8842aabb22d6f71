package org.sipproxy.security;

import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;

/**
 * Credentials in memory, for tests and small installations. User and realm are compared byte for byte, because both are part of
 * the hash that the phone computes (RFC 7616 §3.4.2): {@code Alice} is not {@code alice}. A realm that follows the domain is in
 * lower case.
 *
 * <p>Safe for use by several threads; a change is seen by the next request. It never blocks.
 */
public final class InMemoryCredentials implements CredentialStore {

    private final Map<Key, Credential> credentials = new ConcurrentHashMap<>();

    private InMemoryCredentials() {}

    /**
     * A store that starts with these credentials; none is fine.
     *
     * @throws IllegalArgumentException if a user or realm is empty, or the same user and realm come twice
     */
    public static InMemoryCredentials of(Credential... credentials) {
        InMemoryCredentials store = new InMemoryCredentials();
        for (Credential credential : credentials) {
            if (store.credentials.putIfAbsent(Key.of(credential), credential) != null) {
                throw new IllegalArgumentException("credentials: " + credential + " comes twice; remove one");
            }
        }
        return store;
    }

    /**
     * Adds a credential, or replaces the one of the same user and realm.
     *
     * @throws IllegalArgumentException if the user or realm is empty
     */
    public void put(Credential credential) {
        credentials.put(Key.of(credential), credential);
    }

    /**
     * Removes a user's credential.
     *
     * @return false if there was none
     */
    public boolean remove(String username, String realm) {
        return credentials.remove(new Key(username, realm)) != null;
    }

    @Override
    public Optional<Credential> find(String username, String realm) {
        return Optional.ofNullable(credentials.get(new Key(username, realm)));
    }

    /** What those that are in it now can all be checked with: every algorithm where only passwords are. */
    @Override
    public Set<DigestAlgorithm> algorithms() {
        Set<DigestAlgorithm> all = EnumSet.allOf(DigestAlgorithm.class);
        for (Credential credential : credentials.values()) {
            if (credential.password().isEmpty()) {
                all.removeIf(algorithm -> credential.ha1(algorithm).isEmpty());
            }
        }
        return all.isEmpty() ? EnumSet.of(DigestAlgorithm.MD5) : all;
    }

    /** False: a look-up is one read of a map. */
    @Override
    public boolean mayBlock() {
        return false;
    }

    @Override
    public String toString() {
        return "InMemoryCredentials[" + credentials.size() + " users]";
    }

    private record Key(String username, String realm) {

        Key {
            Objects.requireNonNull(username, "username");
            Objects.requireNonNull(realm, "realm");
        }

        static Key of(Credential credential) {
            Objects.requireNonNull(credential, "credential");
            if (credential.username().isEmpty() || credential.realm().isEmpty()) {
                throw new IllegalArgumentException("credential: " + credential + " needs a user name and a realm");
            }
            return new Key(credential.username(), credential.realm());
        }
    }
}
