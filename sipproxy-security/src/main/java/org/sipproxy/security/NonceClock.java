package org.sipproxy.security;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Clock for the dates of nonces. The date is that of the wall clock, because proxies with the same secret share it. The
 * wall clock may be set, so the nonce also contains the {@link Period} in which it was created. For this process's own
 * nonces the period gives the proxy's time, which never steps.
 *
 * <p>Thread-safe.
 */
final class NonceClock {

    /** Minimum difference between the two clocks that counts as a step. */
    static final long STEP_MILLIS = 1_000;

    private static final int MAX_PERIODS = 16;
    private static final int ID_BITS = 24;

    /**
     * Time between two steps of the wall clock.
     *
     * @param id random, 24 bits: distinguishes nonces of this process and period from all others
     * @param shift wall clock minus proxy's time, in milliseconds
     * @param from when it began, in the proxy's time; the first one begins with the first use
     * @param to when it ended
     */
    record Period(int id, long shift, long from, long to) {

        boolean covers(long wallMillis) {
            long at = wallMillis - shift;
            return at >= from && at <= to;
        }
    }

    /** Latest first; empty before the first use. Copy-on-write under this object's monitor. */
    private volatile Period[] periods = {};

    /** Returns the period for a reading of both clocks. */
    Period current(long proxyMillis, long wallMillis) {
        Period[] known = periods;
        return known.length > 0 && isSame(known[0], wallMillis - proxyMillis)
                ? known[0]
                : stepped(proxyMillis, wallMillis - proxyMillis);
    }

    private static boolean isSame(Period period, long shift) {
        return Math.abs(shift - period.shift) < STEP_MILLIS;
    }

    private synchronized Period stepped(long proxyMillis, long shift) {
        Period[] known = periods;
        if (known.length > 0 && isSame(known[0], shift)) {
            return known[0];
        }
        Period made = new Period(ThreadLocalRandom.current().nextInt(1 << ID_BITS), shift, proxyMillis, Long.MAX_VALUE);
        Period[] more = new Period[Math.min(known.length + 1, MAX_PERIODS)];
        more[0] = made;
        if (known.length > 0) {
            more[1] = new Period(known[0].id, known[0].shift, known[0].from, proxyMillis);
            System.arraycopy(known, 1, more, 2, more.length - 2);
        }
        periods = more;
        return made;
    }

    /**
     * Returns this process's period with the id; null if the nonce is another process's, or the period is no longer
     * stored.
     */
    @Nullable
    Period own(int id) {
        for (Period period : periods) {
            if (period.id == id) {
                return period;
            }
        }
        return null;
    }

    /**
     * Returns true if the wall clock showed this time before it was set. A nonce of another process with such a date
     * may have been used here at that time, and that use may have been evicted since.
     */
    boolean wasShown(long wallMillis) {
        Period[] known = periods;
        for (int i = 1; i < known.length; i++) {
            if (known[i].covers(wallMillis)) {
                return true;
            }
        }
        return false;
    }
}
