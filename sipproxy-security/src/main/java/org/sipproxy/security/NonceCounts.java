package org.sipproxy.security;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Used counts (nc) of each nonce (RFC 7616 §3.4.5). A nonce gets an entry when a password has been proved with it, so
 * unauthenticated requests cost no memory.
 *
 * <p>Counts may arrive out of order by up to {@value #WINDOW}, as parallel requests do; each is accepted once. The
 * number of entries is limited. If an unexpired entry is evicted, its time of issue becomes a limit: an earlier nonce
 * without an entry is stale, because it may have been used. For nonces of other processes the proxy's start is also
 * such a limit. All times are the proxy's.
 */
final class NonceCounts {

    /** How far a count may be below the highest one seen. */
    static final int WINDOW = 64;

    /** 64*T1: how long a client retransmits a request. */
    private static final long REPETITION_MILLIS = 32_000;

    /** Number of locks, enough that threads seldom wait for each other. */
    private static final int STRIPES = 64;

    private final Stripe[] stripes = new Stripe[STRIPES];

    /**
     * Creates a table.
     *
     * @param capacity minimum number of nonces; rounded up to a multiple of 64
     * @param lifetimeMillis how long a nonce is accepted
     * @param oneTime true if a nonce may be used only once, whatever the count
     */
    NonceCounts(int capacity, long lifetimeMillis, boolean oneTime) {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe((capacity + STRIPES - 1) / STRIPES, lifetimeMillis, oneTime);
        }
    }

    /** Sets the earliest time of issue for nonces of other processes. */
    void startedAt(long millis) {
        for (Stripe stripe : stripes) {
            stripe.startedAt(millis);
        }
    }

    /**
     * Records the use of a count. Returns false if it was used before, or that is no longer known.
     *
     * @param request identifies the request. The latest accepted one is accepted again for 32 s, because a client
     *     retransmits it if the response was lost (RFC 3261 §17.1.2.2).
     */
    boolean use(NonceIssuer.Nonce nonce, int count, long request, long nowMillis) {
        return stripes[(int) (nonce.number() & (STRIPES - 1))].use(nonce, count, request, nowMillis);
    }

    /** Returns what {@link #use} would return. Changes nothing. */
    boolean wouldUse(NonceIssuer.Nonce nonce, int count, long request, long nowMillis) {
        return stripes[(int) (nonce.number() & (STRIPES - 1))].wouldUse(nonce, count, request, nowMillis);
    }

    /** Returns the number of nonces with an entry; for tests. */
    int size() {
        int size = 0;
        for (Stripe stripe : stripes) {
            size += stripe.size();
        }
        return size;
    }

    private static final class Stripe {

        /** In order of first use; guarded by this. */
        private final Map<Long, Uses> uses = new LinkedHashMap<>();

        private final int capacity;
        private final long lifetimeMillis;
        private final boolean oneTime;
        /** Nonces issued earlier and without an entry may have been used. Guarded by this. */
        private long knownSinceMillis = Long.MIN_VALUE;
        /** The same limit for nonces of other processes. */
        private long startedAtMillis = Long.MIN_VALUE;

        Stripe(int capacity, long lifetimeMillis, boolean oneTime) {
            this.capacity = capacity;
            this.lifetimeMillis = lifetimeMillis;
            this.oneTime = oneTime;
        }

        synchronized void startedAt(long millis) {
            startedAtMillis = millis;
        }

        synchronized boolean use(NonceIssuer.Nonce nonce, int count, long request, long nowMillis) {
            Uses known = uses.get(nonce.number());
            if (known != null) {
                if (known.isRepetition(request, nowMillis)) {
                    return true;
                }
                boolean isNew = !oneTime && known.use(count);
                if (isNew) {
                    known.passed(request, nowMillis);
                }
                return isNew;
            }
            if (mayHaveBeenUsed(nonce)) {
                return false;
            }
            makeRoom(nowMillis);
            Uses first = new Uses(nonce.issuedMillis(), count);
            first.passed(request, nowMillis);
            uses.put(nonce.number(), first);
            return true;
        }

        synchronized boolean wouldUse(NonceIssuer.Nonce nonce, int count, long request, long nowMillis) {
            Uses known = uses.get(nonce.number());
            return known == null
                    ? !mayHaveBeenUsed(nonce)
                    : known.isRepetition(request, nowMillis) || (!oneTime && known.isUnused(count));
        }

        private boolean mayHaveBeenUsed(NonceIssuer.Nonce nonce) {
            return nonce.issuedMillis() < knownSinceMillis
                    || (!nonce.isOwn() && nonce.issuedMillis() < startedAtMillis);
        }

        /** Removes up to two expired entries per new one, so that no request waits for a full cleanup. */
        private void makeRoom(long nowMillis) {
            Iterator<Uses> eldest = uses.values().iterator();
            for (int i = 0; i < 2 && eldest.hasNext(); i++) {
                Uses entry = eldest.next();
                if (nowMillis - entry.issuedMillis > lifetimeMillis) {
                    eldest.remove();
                } else if (i == 0 && uses.size() >= capacity) {
                    eldest.remove();
                    knownSinceMillis = Math.max(knownSinceMillis, entry.issuedMillis + 1);
                } else {
                    return;
                }
            }
        }

        synchronized int size() {
            return uses.size();
        }
    }

    /** The used counts of one nonce. */
    private static final class Uses {

        final long issuedMillis;
        /** The highest count used, unsigned. */
        private int highest;
        /** Bit i is set if the count {@code highest - i} was used. */
        private long used = 1;
        /** The latest accepted request, and its time. */
        private long lastRequest;

        private long lastMillis;

        Uses(long issuedMillis, int count) {
            this.issuedMillis = issuedMillis;
            this.highest = count;
        }

        boolean isRepetition(long request, long nowMillis) {
            return request == lastRequest && nowMillis - lastMillis <= REPETITION_MILLIS;
        }

        void passed(long request, long nowMillis) {
            lastRequest = request;
            lastMillis = nowMillis;
        }

        boolean isUnused(int count) {
            long behind = Integer.toUnsignedLong(highest) - Integer.toUnsignedLong(count);
            return behind < 0 || (behind < WINDOW && (used & 1L << behind) == 0);
        }

        boolean use(int count) {
            long ahead = Integer.toUnsignedLong(count) - Integer.toUnsignedLong(highest);
            if (ahead > 0) {
                used = ahead >= WINDOW ? 1 : used << ahead | 1;
                highest = count;
                return true;
            }
            if (-ahead >= WINDOW) {
                return false;
            }
            long bit = 1L << -ahead;
            boolean isNew = (used & bit) == 0;
            used |= bit;
            return isNew;
        }
    }
}
