package org.sipproxy.api.support;

/**
 * Rate limit for each of many keys, for log lines about what the network sends: a burst at once, and then one per
 * interval (generic cell rate algorithm).
 *
 * <p>The table has a fixed size: sets of {@value #WAYS} entries. A new key replaces the entry that was seen least
 * recently, first among those seen only once. Therefore sources that are forged for each datagram do not evict others.
 * A key is a {@linkplain KeyedHash keyed hash}, so that peers cannot choose its set.
 *
 * <p>Times are those of a monotonic clock, in the unit of the interval; they may overflow. Not thread-safe: the owner
 * guards it with the lock of its own counters, which it keeps in arrays of {@link #size()} elements.
 */
public final class KeyedBursts {

    private static final int WAYS = 8;

    private final int sets;
    private final long interval;
    private final long longestDebt;
    private final long[] keys;
    private final long[] lastSeen;
    /** When the whole burst is available again. */
    private final long[] fullAgain;
    /** How often the key was seen since its entry was created, at most 2; 0 for an entry that was never used. */
    private final byte[] seen;

    /**
     * Creates a table.
     *
     * @param entries how many keys it holds, a power of two from 8 to 1,048,576; an entry takes 25 bytes
     * @param burst how many lines a key may have at once, 1 or more
     * @param interval the time after which a key may have another line, 1 or more
     * @throws IllegalArgumentException if a value is outside its range
     */
    public KeyedBursts(int entries, int burst, long interval) {
        if (entries < WAYS || entries > 1 << 20 || Integer.bitCount(entries) != 1) {
            throw new IllegalArgumentException(
                    "entries: " + entries + " (expected a power of two from 8 to 1,048,576)");
        }
        if (burst < 1 || interval < 1) {
            throw new IllegalArgumentException("burst: " + burst + ", interval: " + interval + " (expected 1 or more)");
        }
        this.sets = entries / WAYS;
        this.interval = interval;
        this.longestDebt = (burst - 1) * interval;
        this.keys = new long[entries];
        this.lastSeen = new long[entries];
        this.fullAgain = new long[entries];
        this.seen = new byte[entries];
    }

    /** Returns the number of entries. */
    public int size() {
        return keys.length;
    }

    /** Returns the key's entry, 0 to {@link #size()} − 1. If it has none, another key loses its entry to it. */
    public int enter(long key, long now) {
        int first = ((int) (key >>> 32) & (sets - 1)) * WAYS;
        int replaced = first;
        for (int at = first; at < first + WAYS; at++) {
            if (seen[at] > 0 && keys[at] == key) {
                seen[at] = 2;
                lastSeen[at] = now;
                return at;
            }
            if (seen[at] < seen[replaced] || (seen[at] == seen[replaced] && lastSeen[at] - lastSeen[replaced] < 0)) {
                replaced = at;
            }
        }
        keys[replaced] = key;
        seen[replaced] = 1;
        lastSeen[replaced] = now;
        fullAgain[replaced] = now;
        return replaced;
    }

    /** Returns true if the latest {@link #enter} of this entry created it. */
    public boolean isNew(int entry) {
        return seen[entry] == 1;
    }

    /** Returns true if the key may have a line now. Does not take it. */
    public boolean mayTake(int entry, long now) {
        return debt(entry, now) <= longestDebt;
    }

    /** Takes a line of the key. */
    public void take(int entry, long now) {
        fullAgain[entry] = now + debt(entry, now) + interval;
    }

    private long debt(int entry, long now) {
        return Math.max(fullAgain[entry] - now, 0);
    }
}
