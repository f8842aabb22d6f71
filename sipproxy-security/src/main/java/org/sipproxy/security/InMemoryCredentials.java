package org.sipproxy.security;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.message.SipParseException;

/**
 * In-memory credential store, for tests and small installations. Users are looked up byte for byte, because the name is
 * part of the hash that the phone computes (RFC 7616 §3.4.2). So is the realm of an HA1; the realm of a password is
 * compared ignoring case. {@code build()} of the proxy refuses credentials whose realm is not one of the proxy's.
 *
 * <p>Two users of one realm whose names differ only in the case of ASCII letters would share one AOR. The second one is
 * refused unless the store is {@link #caseSensitive}.
 *
 * <p>Thread-safe; a change applies to the next request. Never blocks.
 */
public final class InMemoryCredentials implements CredentialStore {

    private final UserCase userCase;
    /** Replaced under this object's monitor. */
    private volatile Map<Key, Credential> credentials = new ConcurrentHashMap<>();
    /**
     * The spellings of names that differ only in case, by their lower-case form. Written under this object's monitor.
     */
    private volatile Map<Key, Set<String>> spellings = new ConcurrentHashMap<>();

    private InMemoryCredentials(UserCase userCase) {
        this.userCase = userCase;
    }

    /**
     * Returns a store with these initial credentials; may be empty.
     *
     * @throws IllegalArgumentException if a user or realm is empty, or two credentials have the same user and realm
     */
    public static InMemoryCredentials of(Credential... credentials) {
        return of(UserCase.INSENSITIVE, credentials);
    }

    /**
     * Returns a store for a proxy whose users are case-sensitive: {@code Alice} and {@code alice} are two users.
     *
     * @throws IllegalArgumentException if a user or realm is empty, or two credentials have the same user and realm
     */
    public static InMemoryCredentials caseSensitive(Credential... credentials) {
        return of(UserCase.SENSITIVE, credentials);
    }

    private static InMemoryCredentials of(UserCase userCase, Credential... credentials) {
        InMemoryCredentials store = new InMemoryCredentials(userCase);
        for (Credential credential : credentials) {
            if (store.credentials.containsKey(Key.of(credential))) {
                throw new IllegalArgumentException("credentials: " + credential + " is given twice; remove one");
            }
            store.put(credential);
        }
        return store;
    }

    /**
     * Adds a credential, or replaces the one with the same user and realm.
     *
     * @throws IllegalArgumentException if the user or realm is empty, or the realm has the same user name in another
     *     case
     */
    public synchronized void put(Credential credential) {
        Key key = Key.of(credential);
        if (userCase == UserCase.INSENSITIVE && hasOtherSpelling(key.bareName(), key.realm())) {
            throw new IllegalArgumentException("credential: " + credential + " has the name of "
                    + spellings.get(key.lowerCase()) + " in another case, and both would be one address-of-record;"
                    + " rename one of them");
        }
        spellings
                .computeIfAbsent(key.lowerCase(), k -> ConcurrentHashMap.newKeySet(2))
                .add(key.bareName());
        credentials.put(key, credential);
    }

    /**
     * Removes a user's credential.
     *
     * @return false if there was none
     */
    public synchronized boolean remove(String username, String realm) {
        Key key = new Key(username, realm);
        boolean removed = credentials.remove(key) != null;
        String name = key.bareName();
        if (removed
                && !credentials.containsKey(new Key(name, realm))
                && !credentials.containsKey(new Key(name + "@" + realm, realm))) {
            spellings.computeIfPresent(key.lowerCase(), (k, names) -> {
                names.remove(name);
                return names.isEmpty() ? null : names;
            });
        }
        return removed;
    }

    /**
     * Replaces all credentials by those of another store. A request in progress is checked against either the old or
     * the new ones.
     *
     * @throws IllegalArgumentException if the other store has another rule for the case of users
     */
    public synchronized void replaceWith(InMemoryCredentials other) {
        if (other.userCase != userCase) {
            throw new IllegalArgumentException("credentials: the other store has another rule for the case of users");
        }
        InMemoryCredentials copy = of(userCase, other.credentials.values().toArray(new Credential[0]));
        credentials = copy.credentials;
        spellings = copy.spellings;
    }

    @Override
    public Optional<Credential> find(String username, String realm) {
        // an HA1 contains its realm as it was written
        return Optional.ofNullable(credentials.get(new Key(username, realm)))
                .filter(found -> found.password().isPresent() || found.realm().equals(realm));
    }

    @Override
    public boolean hasOtherSpelling(String username, String realm) {
        Set<String> names = spellings.get(new Key(username, realm).lowerCase());
        return names != null && names.stream().anyMatch(name -> !name.equals(username));
    }

    /** Returns the algorithms that all current credentials can verify; all of them if there are only passwords. */
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

    @Override
    public boolean isEmpty() {
        return credentials.isEmpty();
    }

    @Override
    public List<ConfigurationProblem> problems(Set<String> realms) {
        Set<String> unknown = new TreeSet<>();
        for (Credential credential : credentials.values()) {
            String realm = credential.realm();
            boolean fits = credential.password().isPresent()
                    ? realms.stream().anyMatch(one -> lowerCase(one).equals(lowerCase(realm)))
                    : realms.contains(realm);
            if (!fits) {
                unknown.add(realm);
            }
        }
        String why = "is not " + (realms.size() == 1 ? "that of the proxy (" : "one of the proxy's (")
                + String.join(", ", new TreeSet<>(realms)) + "), so its users could not log in";
        return unknown.stream()
                .map(realm -> new ConfigurationProblem(
                        "credentials", "", "the realm \"" + SipParseException.excerpt(realm) + "\"", why, ""))
                .toList();
    }

    private static String lowerCase(String realm) {
        return UserCase.INSENSITIVE.canonical(realm);
    }

    /** Returns false: a look-up is one read of a map. */
    @Override
    public boolean mayBlock() {
        return false;
    }

    @Override
    public String toString() {
        return "InMemoryCredentials[" + Quantity.of(credentials.size(), "user") + "]";
    }

    private record Key(String username, String realm) {

        Key {
            Objects.requireNonNull(username, "username");
            realm = InMemoryCredentials.lowerCase(Objects.requireNonNull(realm, "realm"));
        }

        /** Returns the user of {@code user} and of {@code user@realm}. */
        String bareName() {
            String suffix = "@" + realm;
            return username.length() > suffix.length()
                            && InMemoryCredentials.lowerCase(username).endsWith(suffix)
                    ? username.substring(0, username.length() - suffix.length())
                    : username;
        }

        Key lowerCase() {
            return new Key(UserCase.INSENSITIVE.canonical(bareName()), realm);
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
