package org.sipproxy.api.client;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.config.OptionProblems;

/**
 * Call between two users that the proxy sets up by third-party call control (RFC 3725), as for click-to-dial.
 * Immutable; may be used several times.
 *
 * @see RequestClient#connect
 */
public final class CallSetup {

    /** Default of {@link Participant.Builder#ringFor} for the first user. */
    public static final Duration FIRST_RINGS_FOR = Duration.ofSeconds(30);
    /** Default of {@link Participant.Builder#ringFor} for the second user. */
    public static final Duration SECOND_RINGS_FOR = Duration.ofSeconds(25);

    private static final Duration SECOND_RINGS_AT_MOST = Duration.ofSeconds(30);
    private static final Duration SHORTEST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofDays(30);

    private final Participant first;
    private final Participant second;
    private final Duration maxDuration;

    private CallSetup(Builder builder) {
        this.first = builder.first;
        this.second = builder.second;
        this.maxDuration = builder.maxDuration;
    }

    /**
     * Returns a call of at most 12 hours.
     *
     * @throws IllegalArgumentException as {@link #builder}
     */
    public static CallSetup of(Participant first, Participant second) {
        return builder(first, second).build();
    }

    /**
     * Returns a builder.
     *
     * @param first the user who is called first
     * @param second the user who is called when the first one has answered
     * @throws IllegalArgumentException if the second user may be called for more than 30 s
     */
    public static Builder builder(Participant first, Participant second) {
        return new Builder(first, second);
    }

    /** Returns the user who is called first. */
    public Participant first() {
        return first;
    }

    /** Returns the user who is called when the first one has answered. */
    public Participant second() {
        return second;
    }

    /** Returns the longest duration, see {@link Builder#maxDuration}. */
    public Duration maxDuration() {
        return maxDuration;
    }

    /** Returns both URIs. */
    @Override
    public String toString() {
        return first + " to " + second;
    }

    /** Builder of a {@link CallSetup}. Not thread-safe. */
    public static final class Builder {

        private final Participant first;
        private final Participant second;
        private Duration maxDuration = Duration.ofHours(12);

        private Builder(Participant first, Participant second) {
            this.first = Objects.requireNonNull(first, "first");
            this.second = Objects.requireNonNull(second, "second");
            Duration rings = second.ringFor().orElse(SECOND_RINGS_FOR);
            if (rings.compareTo(SECOND_RINGS_AT_MOST) > 0) {
                throw new IllegalArgumentException("ringFor: " + OptionProblems.text(rings)
                        + " for the second user (expected at most 30s, because the first one waits for the ACK)");
            }
        }

        /**
         * Sets how long after the answer of the second user the call is ended, with a BYE to both. 10 s to 30 days.
         * Default 12 hours. It also ends the state of a call whose BYE was lost.
         *
         * @throws IllegalArgumentException if it is outside the range
         */
        public Builder maxDuration(Duration limit) {
            OptionProblems problems = new OptionProblems("");
            problems.range("maxDuration", Objects.requireNonNull(limit, "limit"), SHORTEST, LONGEST);
            problems.throwIfAny();
            maxDuration = limit;
            return this;
        }

        /** Returns the call. */
        public CallSetup build() {
            return new CallSetup(this);
        }
    }
}
