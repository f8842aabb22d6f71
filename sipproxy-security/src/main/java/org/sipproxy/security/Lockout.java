package org.sipproxy.security;

import java.time.Duration;
import java.util.Objects;

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
 * <p>So a source can try at most {@code sourceFailures} passwords of users without a proof there, and
 * {@code userFailures} of each user with one. After that it can try one for each lockout that has ended.
 *
 * @param userFailures failures of one user at one source until the lockout, 1 to 1,000. Default 5
 * @param sourceFailures failures at one source, whatever the user, until it is locked out for all users without a proof
 *     of their password there, 1 to 1,000,000. Default 100
 * @param first duration of the first lockout, 1 second to 1 day; each further failure doubles the next. Default 30
 *     seconds
 * @param longest maximum duration of a lockout; failures are reset if none follows for this long. Up to 7 days. Default
 *     1 hour
 * @param answer the response to a locked-out client. Default {@link Answer#CHALLENGE}
 */
public record Lockout(int userFailures, int sourceFailures, Duration first, Duration longest, Answer answer) {

    /** The response to a locked-out client. */
    public enum Answer {
        /** The usual challenge: an attacker cannot detect that even the right password is refused now. */
        CHALLENGE,
        /** 403, after which phones do not retry automatically. */
        FORBIDDEN,
        /** No response; the client retransmits its request for 32 seconds. */
        SILENCE
    }

    // before DEFAULT, whose constructor uses it
    private static final Duration MAX_LONGEST = Duration.ofDays(7);

    /** 5 failures of a user, 100 of a source; 30 seconds, doubled up to 1 hour; the usual challenge. */
    public static final Lockout DEFAULT =
            new Lockout(5, 100, Duration.ofSeconds(30), Duration.ofHours(1), Answer.CHALLENGE);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a value is outside its range
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

    /** Returns a copy with another {@code answer}. */
    public Lockout withAnswer(Answer other) {
        return new Lockout(userFailures, sourceFailures, first, longest, other);
    }
}
