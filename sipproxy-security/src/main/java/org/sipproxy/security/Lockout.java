package org.sipproxy.security;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * Policy for lockouts: after many failures further credentials are refused without being checked, each time for longer.
 * Only credentials that were checked and found wrong are failures: a wrong password or an unknown user. Requests
 * without credentials, or with a stale nonce, do not count. Therefore ten thousand phones behind one address that
 * register after a restart cause no lockout.
 *
 * <p>Failures are counted per user at a source, and per source; a source is an IPv4 address or an IPv6 /64. A success
 * of the user at the source resets the user's count and reduces the source's by one. Failures with a nonce that was
 * sent to this source are counted separately. A client that forges a source address cannot receive a nonce there, so it
 * cannot lock out the real users of that address. This requires {@link NonceBinding#SOURCE_ADDRESS}, which is on by
 * default.
 *
 * <p>An attacker may share its source, such as the address of an office or of a provider's NAT, with honest users. A
 * user who proved the password at a source within the last day is not affected by that source's lockout. On the address
 * and port of that proof, the user is not affected by the lockout of the user at the source either: failures there have
 * a separate count. A user without such a proof has to wait until the source's lockout ends, or use another address.
 *
 * <p>So a source can try at most {@link Builder#sourceFailures} passwords of users without a proof there, and
 * {@link Builder#userFailures} of each user with one. After that it can try one for each lockout that has ended.
 *
 * <p>Immutable.
 */
public final class Lockout {

    /** The defaults of {@link Builder}. */
    public static final Lockout DEFAULT = builder().build();

    /** The response to a locked-out client. */
    public enum Answer {
        /** The usual challenge: an attacker cannot detect that even the right password is refused now. */
        CHALLENGE,
        /** 403, after which phones do not retry automatically. */
        FORBIDDEN,
        /** No response; the client retransmits its request for 32 seconds. */
        SILENCE
    }

    private final int userFailures;
    private final int sourceFailures;
    private final Duration first;
    private final Duration longest;
    private final Answer answer;

    private Lockout(Builder builder) {
        this.userFailures = builder.userFailures;
        this.sourceFailures = builder.sourceFailures;
        this.first = builder.first;
        this.longest = builder.longest;
        this.answer = builder.answer;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.userFailures = userFailures;
        builder.sourceFailures = sourceFailures;
        builder.first = first;
        builder.longest = longest;
        builder.answer = answer;
        return builder;
    }

    /** Returns the failures of a user until the lockout, see {@link Builder#userFailures}. */
    public int userFailures() {
        return userFailures;
    }

    /** Returns the failures of a source until the lockout, see {@link Builder#sourceFailures}. */
    public int sourceFailures() {
        return sourceFailures;
    }

    /** Returns the duration of the first lockout, see {@link Builder#first}. */
    public Duration first() {
        return first;
    }

    /** Returns the maximum duration of a lockout, see {@link Builder#longest}. */
    public Duration longest() {
        return longest;
    }

    /** Returns the response to a locked-out client, see {@link Builder#answer}. */
    public Answer answer() {
        return answer;
    }

    @Override
    public String toString() {
        return "Lockout[userFailures " + userFailures + ", sourceFailures " + sourceFailures + ", first " + first
                + ", longest " + longest + ", answer " + answer + "]";
    }

    /** Builder of {@link Lockout}. Not thread-safe. */
    public static final class Builder {

        private int userFailures = 5;
        private int sourceFailures = 100;
        private Duration first = Duration.ofSeconds(30);
        private Duration longest = Duration.ofHours(1);
        private Answer answer = Answer.CHALLENGE;

        private Builder() {}

        /**
         * Sets the failures of one user at one source until the lockout, 1 to 1,000. Default 5.
         */
        public Builder userFailures(int value) {
            userFailures = value;
            return this;
        }

        /**
         * Sets the failures at one source, whatever the user, until it is locked out for all users without a proof of
         * their password there, 1 to 1,000,000. Default 100.
         */
        public Builder sourceFailures(int value) {
            sourceFailures = value;
            return this;
        }

        /**
         * Sets the duration of the first lockout, 1 second to 1 day; each further failure doubles the next. Default 30
         * seconds.
         */
        public Builder first(Duration value) {
            first = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the maximum duration of a lockout; failures are reset if none follows for this long. Up to 7 days.
         * Default 1 hour.
         */
        public Builder longest(Duration value) {
            longest = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the response to a locked-out client. Default {@link Answer#CHALLENGE}.
         */
        public Builder answer(Answer value) {
            answer = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Returns the values.
         *
         * @throws ConfigurationException if a value is outside its range
         */
        public Lockout build() {
            OptionProblems problems = new OptionProblems("lockout");
            problems.range("userFailures", userFailures, 1, 1_000);
            problems.range("sourceFailures", sourceFailures, 1, 1_000_000);
            problems.range("first", first, Duration.ofSeconds(1), Duration.ofDays(1));
            problems.range("longest", longest, first, Duration.ofDays(7));
            problems.throwIfAny();
            return new Lockout(this);
        }
    }
}
