package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.location.UserCase;

/**
 * Rules of the registrar for lifetimes, numbers and matching of bindings (RFC 3261 §10.3). Immutable.
 */
public final class RegistrarPolicy {

    /** The defaults of {@link Builder}. */
    public static final RegistrarPolicy DEFAULT = builder().build();

    /** Rule for a REGISTER that adds a binding to an AOR with {@link Builder#maxContacts} bindings. */
    public enum WhenFull {
        /** Refuse with 503 and change nothing. */
        REJECT,
        /** Remove the least recently refreshed bindings, with reason LIMIT. */
        REPLACE_OLDEST,
        /**
         * Remove bindings whose connection is closed, the least recently refreshed first, with reason LIMIT. Refuse
         * with 503 if there are too few of them.
         */
        REPLACE_UNREACHABLE
    }

    /**
     * Choice of the bindings that are removed, with reason CONNECTION_LOST, when the connection over which they were
     * registered closes. A binding that was refreshed over another connection stays. When the proxy itself stops, all
     * bindings stay.
     */
    public enum ConnectionLoss {
        /** None: bindings stay until they expire. For clients that a push notification wakes. */
        KEEP,
        /**
         * Those that can be reached only over this connection: of a browser, of a phone on TLS, and of a phone behind a
         * NAT. The binding of a TCP phone stays if a connection can be opened to its contact.
         */
        REMOVE_UNREACHABLE,
        /** All of them. */
        REMOVE
    }

    /**
     * Rule for a Path (RFC 3327) in a REGISTER whose client does not declare support for Path, for example because an
     * edge proxy added the Path for an old phone. Corresponds to Kamailio's {@code path_mode} 2, 0 and 1. The first hop
     * is always checked.
     */
    public enum PathWithoutSupported {
        /** Refuse with 420, as RFC 3327 §5.3 recommends: the client would not know the path of its calls. */
        REFUSE,
        /** Store it: calls follow the Path. */
        STORE,
        /** Register the contact as if there were no Path. */
        IGNORE
    }

    /** Rule by which a contact equals one that is already bound. */
    public enum ContactMatching {
        /** URI equality of RFC 3261 §19.1.4. */
        RFC3261,
        /** Identical text, as Kamailio compares. */
        EXACT_TEXT
    }

    private final Lifetimes given;
    private final Duration minExpires;
    private final Duration defaultExpires;
    private final Duration maxExpires;
    private final int maxContacts;
    private final WhenFull whenFull;
    private final ContactMatching contactMatching;
    private final boolean userCaseSensitive;
    private final ConnectionLoss connectionLoss;
    private final PathWithoutSupported pathWithoutSupported;

    private RegistrarPolicy(Builder builder) {
        this.given = builder.given;
        this.minExpires = given.minExpires();
        this.defaultExpires = given.defaultExpires();
        this.maxExpires = given.maxExpires();
        this.maxContacts = builder.maxContacts;
        this.whenFull = builder.whenFull;
        this.contactMatching = builder.contactMatching;
        this.userCaseSensitive = builder.userCaseSensitive;
        this.connectionLoss = builder.connectionLoss;
        this.pathWithoutSupported = builder.pathWithoutSupported;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values, in which a lifetime that was not set still adapts to the others. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.given = given;
        builder.maxContacts = maxContacts;
        builder.whenFull = whenFull;
        builder.contactMatching = contactMatching;
        builder.userCaseSensitive = userCaseSensitive;
        builder.connectionLoss = connectionLoss;
        builder.pathWithoutSupported = pathWithoutSupported;
        return builder;
    }

    /** Returns the shortest lifetime, see {@link Builder#minExpires}. */
    public Duration minExpires() {
        return minExpires;
    }

    /** Returns the lifetime without a request, see {@link Builder#defaultExpires}. */
    public Duration defaultExpires() {
        return defaultExpires;
    }

    /** Returns the longest lifetime, see {@link Builder#maxExpires}. */
    public Duration maxExpires() {
        return maxExpires;
    }

    /** Returns the maximum number of bindings, see {@link Builder#maxContacts}. */
    public int maxContacts() {
        return maxContacts;
    }

    /** Returns what happens beyond the maximum, see {@link Builder#whenFull}. */
    public WhenFull whenFull() {
        return whenFull;
    }

    /** Returns when two contacts are equal, see {@link Builder#contactMatching}. */
    public ContactMatching contactMatching() {
        return contactMatching;
    }

    /** Returns whether case distinguishes users, see {@link Builder#userCaseSensitive}. */
    public boolean userCaseSensitive() {
        return userCaseSensitive;
    }

    /** Returns which bindings end with their connection, see {@link Builder#connectionLoss}. */
    public ConnectionLoss connectionLoss() {
        return connectionLoss;
    }

    /** Returns what happens to a Path without Supported, see {@link Builder#pathWithoutSupported}. */
    public PathWithoutSupported pathWithoutSupported() {
        return pathWithoutSupported;
    }

    /** Returns {@link #userCaseSensitive} as the rule that all parts of the proxy follow. */
    public UserCase userCase() {
        return UserCase.of(userCaseSensitive);
    }

    @Override
    public String toString() {
        return "RegistrarPolicy[minExpires " + minExpires + ", defaultExpires " + defaultExpires + ", maxExpires "
                + maxExpires + ", maxContacts " + maxContacts + ", whenFull " + whenFull + ", contactMatching "
                + contactMatching + ", userCaseSensitive " + userCaseSensitive + ", connectionLoss " + connectionLoss
                + ", pathWithoutSupported " + pathWithoutSupported + "]";
    }

    /** The lifetimes that were set. The default of one that was not must not contradict them. */
    private record Lifetimes(
            @Nullable Duration least,
            @Nullable Duration usual,
            @Nullable Duration most) {

        private static final Duration MINUTE = Duration.ofSeconds(60);
        private static final Duration HOUR = Duration.ofHours(1);

        Duration minExpires() {
            return least != null ? least : shorter(MINUTE, shorter(maxExpires(), usual == null ? MINUTE : usual));
        }

        Duration defaultExpires() {
            return usual != null ? usual : shorter(HOUR, maxExpires());
        }

        Duration maxExpires() {
            return most != null ? most : usual == null ? HOUR : longer(HOUR, usual);
        }

        private static Duration shorter(Duration a, Duration b) {
            return a.compareTo(b) <= 0 ? a : b;
        }

        private static Duration longer(Duration a, Duration b) {
            return a.compareTo(b) >= 0 ? a : b;
        }
    }

    /** Builder of {@link RegistrarPolicy}. Not thread-safe. */
    public static final class Builder {

        private Lifetimes given = new Lifetimes(null, null, null);
        private int maxContacts = 10;
        private WhenFull whenFull = WhenFull.REPLACE_UNREACHABLE;
        private ContactMatching contactMatching = ContactMatching.RFC3261;
        private boolean userCaseSensitive = false;
        private ConnectionLoss connectionLoss = ConnectionLoss.REMOVE_UNREACHABLE;
        private PathWithoutSupported pathWithoutSupported = PathWithoutSupported.REFUSE;

        private Builder() {}

        /**
         * Sets the lifetime below which a registration is refused with 423 and Min-Expires. 0 to 1 hour, because the
         * RFC allows 423 only below 1 hour. Default 60 s, or {@link #defaultExpires} or {@link #maxExpires} if that is
         * shorter.
         */
        public Builder minExpires(Duration value) {
            given = new Lifetimes(Objects.requireNonNull(value, "value"), given.usual(), given.most());
            return this;
        }

        /**
         * Sets the lifetime granted to a client that requests none. {@link #minExpires} to {@link #maxExpires}, at
         * least 1 s. Default 1 hour, or {@link #maxExpires} if that is shorter.
         */
        public Builder defaultExpires(Duration value) {
            given = new Lifetimes(given.least(), Objects.requireNonNull(value, "value"), given.most());
            return this;
        }

        /**
         * Sets the lifetime to which a longer registration is shortened. 1 s to 7 days. Default 1 hour, or
         * {@link #defaultExpires} if that is longer.
         */
        public Builder maxExpires(Duration value) {
            given = new Lifetimes(given.least(), given.usual(), Objects.requireNonNull(value, "value"));
            return this;
        }

        /**
         * Sets the maximum number of bindings of one AOR. 1 to 64. Default 10.
         */
        public Builder maxContacts(int value) {
            maxContacts = value;
            return this;
        }

        /**
         * Sets what happens when a REGISTER would exceed {@link #maxContacts}. Default {@link
         * WhenFull#REPLACE_UNREACHABLE}.
         */
        public Builder whenFull(WhenFull value) {
            whenFull = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets when two contacts are the same binding. Default {@link ContactMatching#RFC3261}.
         */
        public Builder contactMatching(ContactMatching value) {
            contactMatching = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets whether users that differ only in the case of ASCII letters are different users. Default false, as in
         * Kamailio; RFC 3261 §19.1.4 says true. The rule also applies to digest identities. Configure the subscriber
         * store with the same rule, so that it refuses names that would be the same user here.
         */
        public Builder userCaseSensitive(boolean value) {
            userCaseSensitive = value;
            return this;
        }

        /**
         * Sets which bindings are removed when the connection over which they were registered closes. Default
         * {@link ConnectionLoss#REMOVE_UNREACHABLE}.
         */
        public Builder connectionLoss(ConnectionLoss value) {
            connectionLoss = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets what happens to a Path in a REGISTER without {@code Supported: path}. Default
         * {@link PathWithoutSupported#REFUSE}.
         */
        public Builder pathWithoutSupported(PathWithoutSupported value) {
            pathWithoutSupported = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Returns the values.
         *
         * @throws ConfigurationException if a value is outside its range, or contradicts another that was set
         */
        public RegistrarPolicy build() {
            OptionProblems problems = new OptionProblems("");
            Duration minExpires = given.minExpires();
            Duration defaultExpires = given.defaultExpires();
            Duration maxExpires = given.maxExpires();
            checkRange(problems, "minExpires", given.least(), Duration.ZERO, Duration.ofHours(1));
            checkRange(problems, "maxExpires", given.most(), Duration.ofSeconds(1), Duration.ofDays(7));
            checkRange(problems, "defaultExpires", given.usual(), Duration.ofSeconds(1), Duration.ofDays(7));
            boolean inRange = problems.isEmpty(); // otherwise comparing them would report one mistake twice
            problems.range("maxContacts", maxContacts, 1, 64);
            if (inRange && minExpires.compareTo(maxExpires) > 0) {
                problems.add(
                        "minExpires",
                        OptionProblems.text(minExpires),
                        "is above {maxExpires} " + OptionProblems.text(maxExpires));
            } else if (inRange
                    && (defaultExpires.compareTo(minExpires) < 0 || defaultExpires.compareTo(maxExpires) > 0)) {
                problems.add(
                        "defaultExpires",
                        OptionProblems.text(defaultExpires),
                        "expected {minExpires} " + OptionProblems.text(minExpires) + " to {maxExpires} "
                                + OptionProblems.text(maxExpires));
            }
            problems.throwIfAny();
            return new RegistrarPolicy(this);
        }

        private static void checkRange(
                OptionProblems problems, String option, @Nullable Duration value, Duration least, Duration most) {
            if (value != null) {
                problems.range(option, value, least, most);
            }
        }
    }
}
