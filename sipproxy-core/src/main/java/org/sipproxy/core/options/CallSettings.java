package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/** Settings for tracking, limiting and ending calls; see {@code SipProxyBuilder.calls}. Immutable. */
public final class CallSettings {

    /** Value of {@link Builder#maxCalls} and {@link Builder#maxCallsPerUser} for no limit. */
    public static final int NO_LIMIT = Integer.MAX_VALUE;

    private static final int TRACKED = 100_000;
    private static final int MOST_CALLS = 10_000_000;

    /** The defaults of {@link Builder}: no limits, 12 hours, no keepalive, 100,000 tracked calls. */
    public static final CallSettings DEFAULT = builder().build();

    private final Duration maxDuration;
    private final int maxCalls;
    private final int maxCallsPerUser;
    private final Duration keepalive;
    private final int trackedCalls;
    private final @Nullable Integer givenTrackedCalls;

    private CallSettings(Builder builder) {
        this.maxDuration = builder.maxDuration;
        this.maxCalls = builder.maxCalls;
        this.maxCallsPerUser = builder.maxCallsPerUser;
        this.keepalive = builder.keepalive;
        this.givenTrackedCalls = builder.trackedCalls;
        this.trackedCalls = builder.tracked();
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxDuration = maxDuration;
        builder.maxCalls = maxCalls;
        builder.maxCallsPerUser = maxCallsPerUser;
        builder.keepalive = keepalive;
        builder.trackedCalls = givenTrackedCalls;
        return builder;
    }

    /** Returns the longest duration of a call, see {@link Builder#maxDuration}. */
    public Duration maxDuration() {
        return maxDuration;
    }

    /** Returns the limit of all calls, see {@link Builder#maxCalls}. */
    public int maxCalls() {
        return maxCalls;
    }

    /** Returns the limit of the calls of one user, see {@link Builder#maxCallsPerUser}. */
    public int maxCallsPerUser() {
        return maxCallsPerUser;
    }

    /** Returns the interval of in-dialog OPTIONS, see {@link Builder#keepalive}; empty if none are sent. */
    public Optional<Duration> keepalive() {
        return keepalive.isZero() ? Optional.empty() : Optional.of(keepalive);
    }

    /** Returns how many calls are tracked at most, see {@link Builder#trackedCalls}. */
    public int trackedCalls() {
        return trackedCalls;
    }

    @Override
    public String toString() {
        return "CallSettings[maxDuration " + maxDuration + ", maxCalls " + limit(maxCalls) + ", maxCallsPerUser "
                + limit(maxCallsPerUser) + ", keepalive " + (keepalive.isZero() ? "off" : keepalive.toString())
                + ", trackedCalls " + trackedCalls + "]";
    }

    private static String limit(int value) {
        return value == NO_LIMIT ? "none" : Integer.toString(value);
    }

    /** Builder of {@link CallSettings}. Not thread-safe. */
    public static final class Builder {

        private Duration maxDuration = Duration.ofHours(12);
        private int maxCalls = NO_LIMIT;
        private int maxCallsPerUser = NO_LIMIT;
        private Duration keepalive = Duration.ZERO;
        private @Nullable Integer trackedCalls;

        private Builder() {}

        /**
         * Sets how long after its answer a call is ended, with a BYE to both sides. 10 s to 30 days. Default 12 hours,
         * as in Kamailio's dialog module. It also ends the state of a call whose BYE was lost. If it is longer than
         * {@code SipProxyBuilder.longestDialog}, the phones' own requests get 481 after that time.
         */
        public Builder maxDuration(Duration value) {
            maxDuration = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the limit of calls that are in progress at the same time, unanswered ones included. 1 to 10,000,000, or
         * {@link #NO_LIMIT}. Default none. A further INVITE gets 503 with Retry-After (RFC 3261 §21.5.4), so that the
         * client may try another server. Requests of existing calls are not affected.
         */
        public Builder maxCalls(int value) {
            maxCalls = value;
            return this;
        }

        /**
         * Sets the limit of calls of one user of this proxy, as caller and callee together, unanswered ones included. 1
         * to 10,000, or {@link #NO_LIMIT}. Default none. If the caller has that many, the INVITE gets 403 with the
         * reason phrase {@code Too Many Calls}: another server would not help, and the callee is not busy. If the
         * callee has, it gets 486, or what a relay plan does when the callee is busy. The caller is the user in From,
         * the callee the user whose bindings are the targets.
         */
        public Builder maxCallsPerUser(int value) {
            maxCallsPerUser = value;
            return this;
        }

        /**
         * Sets how often both sides of an answered call get an in-dialog OPTIONS, to find calls whose BYE was lost. 10
         * s to 1 hour, or zero for none. Default none. A side that responds 481 or 408, or does not respond, ends the
         * call; so does a side that cannot be reached twice in succession. Every other response keeps the call. The
         * OPTIONS has the CSeq number of the other side's latest request, so that the numbers of that side stay valid.
         *
         * <p>Without a keepalive, the sides are asked only when the session interval of the call (RFC 4028) has passed
         * without a refresh.
         */
        public Builder keepalive(Duration interval) {
            keepalive = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /**
         * Sets how many calls are tracked at most. 100 to 10,000,000. Default 100,000, about 100 MB, or
         * {@link #maxCalls} if that is larger. Further calls are relayed without being tracked: they are counted by {@code CallStatistics.untracked}, are not listed, have no
         * events, and do not count for the limit of a user.
         */
        public Builder trackedCalls(int most) {
            trackedCalls = most;
            return this;
        }

        private int tracked() {
            if (trackedCalls != null) {
                return trackedCalls;
            }
            return maxCalls == NO_LIMIT ? TRACKED : Math.max(TRACKED, Math.min(maxCalls, MOST_CALLS));
        }

        /**
         * Returns the values.
         *
         * @throws ConfigurationException if a value is outside its range, or contradicts another that was set
         */
        public CallSettings build() {
            OptionProblems problems = new OptionProblems("");
            problems.range("maxDuration", maxDuration, Duration.ofSeconds(10), Duration.ofDays(30));
            if (maxCalls != NO_LIMIT) {
                problems.range("maxCalls", maxCalls, 1, MOST_CALLS);
            }
            if (maxCallsPerUser != NO_LIMIT) {
                problems.range("maxCallsPerUser", maxCallsPerUser, 1, 10_000);
            }
            if (!keepalive.isZero()) {
                problems.range("keepalive", keepalive, Duration.ofSeconds(10), Duration.ofHours(1));
            }
            int trackedCalls = tracked();
            problems.range("trackedCalls", trackedCalls, 100, MOST_CALLS);
            if (maxCalls != NO_LIMIT && maxCalls <= MOST_CALLS && maxCalls > trackedCalls) {
                problems.add("maxCalls", Integer.toString(maxCalls), "is above {trackedCalls} " + trackedCalls);
            }
            if (maxCallsPerUser != NO_LIMIT && maxCalls != NO_LIMIT && maxCallsPerUser > maxCalls) {
                problems.add("maxCallsPerUser", Integer.toString(maxCallsPerUser), "is above {maxCalls} " + maxCalls);
            } else if (maxCallsPerUser != NO_LIMIT && maxCallsPerUser > trackedCalls) {
                problems.add(
                        "maxCallsPerUser",
                        Integer.toString(maxCallsPerUser),
                        "is above {trackedCalls} " + trackedCalls);
            }
            if (keepalive.compareTo(maxDuration) > 0) {
                problems.add(
                        "keepalive",
                        OptionProblems.text(keepalive),
                        "is longer than {maxDuration} " + OptionProblems.text(maxDuration));
            }
            problems.throwIfAny();
            return new CallSettings(this);
        }
    }
}
