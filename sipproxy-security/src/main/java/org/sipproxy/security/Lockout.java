package org.sipproxy.security;

import java.time.Duration;
import java.util.Objects;

/**
 * What many failures lead to: further credentials are refused without a look at them, for longer each time. Only credentials
 * that were read and found wrong are failures: a wrong password, an unknown user. Requests without credentials and credentials
 * whose nonce is stale are none, so ten thousand phones behind one address that all register after a restart lock nobody out.
 *
 * <p>Failures are counted for a user at a source, and for a source; a source is an IPv4 address or an IPv6 /64. A success of the
 * user at the source ends its count, and takes one off the source's. Failures with a nonce that was sent to just that source are
 * counted apart from others: a client that forges a source address cannot receive a nonce there, so it cannot lock out who is
 * really there (this needs {@link NonceBinding#SOURCE_ADDRESS}, which is on by default).
 *
 * <p>An attacker may share its source, such as the address of an office or of a provider's NAT, with honest users. A user who
 * proved the password at a source within the last day is not affected by that source's lockout. On the address and port of the
 * proof the user is not affected by the lockout of the user at the source either: failures there have a count of their own. Who
 * proves a password there for the first time has to wait until the source's lockout ends, or to come from another address.
 *
 * <p>So a source can try at most {@code sourceFailures} passwords of users who never proved one there, and
 * {@code userFailures} of each user who did; after that one for each lockout that ended.
 *
 * @param userFailures failures of one user at one source until the lock-out, 1 to 1,000. Default 5
 * @param sourceFailures failures at one source, whatever the user, until it is locked out for all users who did not
 *     prove a password there, 1 to 1,000,000. Default 100
 * @param first how long the first lock-out is, 1 second to 1 day; each failure after it doubles the next. Default 30 seconds
 * @param longest no lock-out is longer, and failures are forgotten when that long there was none; up to 7 days. Default 1 hour
 * @param answer what a locked-out client sees. Default {@link Answer#CHALLENGE}
 */
public record Lockout(int userFailures, int sourceFailures, Duration first, Duration longest, Answer answer) {

    /** What a locked-out client sees. */
    public enum Answer {
        /** The challenge that everybody sees: an attacker cannot tell that even the right password is refused now. */
        CHALLENGE,
        /** 403, for which phones do not try again by themselves. */
        FORBIDDEN,
        /** No answer; the client repeats its request for 32 seconds. */
        SILENCE
    }

    // before DEFAULT, whose making checks it
    private static final Duration MAX_LONGEST = Duration.ofDays(7);

    /** 5 failures of a user, 100 of a source; 30 seconds, doubled up to 1 hour; the usual challenge. */
    public static final Lockout DEFAULT =
            new Lockout(5, 100, Duration.ofSeconds(30), Duration.ofHours(1), Answer.CHALLENGE);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is outside its range
     */
    public Lockout {
        Objects.requireNonNull(answer, "answer");
        range("userFailures", userFailures, 1_000);
        range("sourceFailures", sourceFailures, 1_000_000);
        if (first.compareTo(Duration.ofSeconds(1)) < 0 || first.compareTo(longest) > 0) {
            throw new IllegalArgumentException("first: " + first + " (expected 1 s to longest, " + longest + ")");
        }
        if (longest.compareTo(MAX_LONGEST) > 0) {
            throw new IllegalArgumentException("longest: " + longest + " (expected at most 7 days)");
        }
    }

    private static void range(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " (expected 1 to " + max + ")");
        }
    }

    /** The same with another answer. */
    public Lockout withAnswer(Answer other) {
        return new Lockout(userFailures, sourceFailures, first, longest, other);
    }
}
