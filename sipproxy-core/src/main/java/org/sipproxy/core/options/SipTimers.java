package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * Timer values of RFC 3261 §17 and §16.6 for one proxy. Immutable.
 */
public final class SipTimers {

    private static final Duration T2 = Duration.ofSeconds(4);

    /** The defaults of {@link Builder}. */
    public static final SipTimers DEFAULT = builder().build();

    private final Duration t1;
    private final Duration t2;
    private final @Nullable Duration givenT2;
    private final Duration t4;
    private final Duration transactionTimeout;
    private final Duration ringTimeout;

    private SipTimers(Builder builder) {
        this.t1 = builder.t1;
        this.t2 = builder.t2();
        this.givenT2 = builder.t2;
        this.t4 = builder.t4;
        this.transactionTimeout = builder.transactionTimeout;
        this.ringTimeout = builder.ringTimeout;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.t1 = t1;
        builder.t2 = givenT2;
        builder.t4 = t4;
        builder.transactionTimeout = transactionTimeout;
        builder.ringTimeout = ringTimeout;
        return builder;
    }

    /** Returns T1, see {@link Builder#t1}. */
    public Duration t1() {
        return t1;
    }

    /** Returns T2, see {@link Builder#t2}. */
    public Duration t2() {
        return t2;
    }

    /** Returns T4, see {@link Builder#t4}. */
    public Duration t4() {
        return t4;
    }

    /** Returns Timers B, F and H, see {@link Builder#transactionTimeout}. */
    public Duration transactionTimeout() {
        return transactionTimeout;
    }

    /** Returns Timer C, see {@link Builder#ringTimeout}. */
    public Duration ringTimeout() {
        return ringTimeout;
    }

    @Override
    public String toString() {
        return "SipTimers[t1 " + t1 + ", t2 " + t2 + ", t4 " + t4 + ", transactionTimeout " + transactionTimeout
                + ", ringTimeout " + ringTimeout + "]";
    }

    /** Builder of {@link SipTimers}. Not thread-safe. */
    public static final class Builder {

        private Duration t1 = Duration.ofMillis(500);
        private @Nullable Duration t2;
        private Duration t4 = Duration.ofSeconds(5);
        private Duration transactionTimeout = Duration.ofSeconds(32);
        private Duration ringTimeout = Duration.ofSeconds(181);

        private Builder() {}

        /**
         * Sets T1, the estimate of a round trip. 10 ms to 10 s. Default 500 ms.
         */
        public Builder t1(Duration value) {
            t1 = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets T2, the longest interval between retransmissions of a non-INVITE request or an INVITE response. T1 to 1
         * min. Default 4 s, or T1 if that is longer.
         */
        public Builder t2(Duration value) {
            t2 = Objects.requireNonNull(value, "value");
            return this;
        }

        private Duration t2() {
            if (t2 != null) {
                return t2;
            }
            return t1.compareTo(T2) > 0 ? t1 : T2;
        }

        /**
         * Sets T4, how long a message may stay in the network. 10 ms to 1 min. Default 5 s.
         */
        public Builder t4(Duration value) {
            t4 = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets Timers B, F and H. 1 s to 5 min. Default 32 s, which is 64*T1.
         */
        public Builder transactionTimeout(Duration value) {
            transactionTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets Timer C, for an INVITE after a provisional response; RFC 3261 §16.6 step 11 requires more than 3
         * minutes. 1 s to 1 hour. Default 3 min 1 s.
         */
        public Builder ringTimeout(Duration value) {
            ringTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Returns the values.
         *
         * @throws ConfigurationException if a value is outside its range
         */
        public SipTimers build() {
            OptionProblems problems = new OptionProblems("");
            problems.range("t1", t1, Duration.ofMillis(10), Duration.ofSeconds(10));
            Duration shortestT2 = problems.isEmpty() ? t1 : Duration.ofMillis(10); // a wrong t1 is one mistake
            if (t2 != null) {
                problems.range("t2", t2, shortestT2, Duration.ofMinutes(1));
            }
            problems.range("t4", t4, Duration.ofMillis(10), Duration.ofMinutes(1));
            problems.range("transactionTimeout", transactionTimeout, Duration.ofSeconds(1), Duration.ofMinutes(5));
            problems.range("ringTimeout", ringTimeout, Duration.ofSeconds(1), Duration.ofHours(1));
            problems.throwIfAny();
            return new SipTimers(this);
        }
    }
}
