package org.sipproxy.core.internal.transaction;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Table of transactions that are over and only wait for retransmissions: Timer J of a non-INVITE request with the
 * response to retransmit, Timers L and M of an accepted INVITE without a response.
 *
 * <p>All entries wait equally long, so they expire in the order of their arrival, and their bytes are stored in rings.
 * An entry costs its bytes and about 40 more. It needs no object, no timer and no work of the garbage collector. A
 * proxy that responds to 30,000 requests per second keeps a million entries.
 *
 * <p>The table is bounded: when the byte limit is reached, the oldest entry is evicted early. A retransmission of its
 * request then counts as a new request.
 *
 * <p>Thread-safe: the table is striped by key, and each stripe has its own lock, held for one look-up or one copy.
 */
public final class LingeringTable {

    private static final int STRIPES = 32;

    /** Bytes that an entry costs in addition to its value. */
    private static final int OVERHEAD = 40;

    private final Stripe[] stripes = new Stripe[STRIPES];
    private final LongSupplier nanoTime;
    private final long startNanos;

    /**
     * Creates an empty table.
     *
     * @param maxBytes limit in bytes for all entries together; at least 64 KiB
     * @param lingerNanos how long an entry is kept
     */
    public LingeringTable(long maxBytes, long lingerNanos, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
        int share = (int) Math.min(Math.max(maxBytes / STRIPES, 2048), 1 << 30);
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe(share, (int) (lingerNanos / 1_000_000));
        }
    }

    private int nowMillis() {
        return (int) ((nanoTime.getAsLong() - startNanos) / 1_000_000);
    }

    private Stripe stripe(long k1) {
        return stripes[(int) (k1 >>> 59)];
    }

    /** Adds {@code value}; it hides an earlier one under the same key. */
    public void put(long k1, long k2, byte[] value) {
        stripe(k1).put(k1, k2, value, nowMillis());
    }

    /** Returns the value under a key; null if there is none, or if it has expired. */
    public byte @Nullable [] get(long k1, long k2) {
        return stripe(k1).get(k1, k2, this);
    }

    /** Returns the number of entries that have not expired. */
    public long size() {
        int now = nowMillis();
        long sum = 0;
        for (Stripe stripe : stripes) {
            sum += stripe.size(now);
        }
        return sum;
    }

    /** Returns how many entries were evicted early because the byte limit was reached. */
    public long lingeringEvictions() {
        long sum = 0;
        for (Stripe stripe : stripes) {
            sum += stripe.early();
        }
        return sum;
    }

    /**
     * Entries in the order of their arrival in circular arrays, their values in a circular byte array, and an
     * open-addressing hash table of entry numbers. Guarded by its own monitor.
     */
    private static final class Stripe {

        private final int maxBytes;
        private final int lingerMillis;

        // the entries: circular, [first, first + count)
        private long[] key1 = new long[64];
        private long[] key2 = new long[64];
        private int[] deadline = new int[64];
        private int[] position = new int[64];
        private int[] length = new int[64];
        private int first;
        private int count;

        /** Entry number + 1, or 0; linear probing from the low bits of key1. */
        private int[] slots = new int[128];

        /**
         * A byte of the key for each slot, or 0 if the slot is empty. Most look-ups find nothing, and a quarter of the
         * memory answers them: with a million entries they are a third of the cost of a small request otherwise.
         */
        private byte[] tags = new byte[128];

        private byte[] ring = new byte[1024];
        private int ringTail;
        private int ringUsed;
        private long early;

        Stripe(int maxBytes, int lingerMillis) {
            this.maxBytes = maxBytes;
            this.lingerMillis = lingerMillis;
        }

        synchronized int size(int now) {
            removeExpired(now);
            return count;
        }

        synchronized long early() {
            return early;
        }

        synchronized void put(long k1, long k2, byte[] value, int now) {
            if (value.length + OVERHEAD > maxBytes) {
                early++;
                return;
            }
            removeExpired(now);
            while (count > 0 && ringUsed + value.length + (count + 1) * OVERHEAD > maxBytes) {
                early++;
                removeFirst();
            }
            if (count == key1.length) {
                growEntries();
            }
            if (ring.length - ringUsed < value.length) {
                growRing(ringUsed + value.length);
            }
            int entry = (first + count) & (key1.length - 1);
            key1[entry] = k1;
            key2[entry] = k2;
            deadline[entry] = now + lingerMillis;
            position[entry] = ringTail;
            length[entry] = value.length;
            count++;
            int head = Math.min(value.length, ring.length - ringTail);
            System.arraycopy(value, 0, ring, ringTail, head);
            System.arraycopy(value, head, ring, 0, value.length - head);
            ringTail += value.length;
            if (ringTail >= ring.length) {
                ringTail -= ring.length;
            }
            ringUsed += value.length;
            link(entry);
        }

        /** Reads the clock only if the key is found, because most requests are not retransmissions. */
        synchronized byte @Nullable [] get(long k1, long k2, LingeringTable clock) {
            int mask = slots.length - 1;
            int newest = -1;
            byte tag = tag(k1);
            for (int slot = (int) k1 & mask; tags[slot] != 0; slot = (slot + 1) & mask) {
                if (tags[slot] != tag) {
                    continue;
                }
                int entry = slots[slot] - 1;
                if (key1[entry] == k1 && key2[entry] == k2 && (newest < 0 || isNewer(entry, newest))) {
                    newest = entry;
                }
            }
            if (newest < 0 || deadline[newest] - clock.nowMillis() <= 0) {
                return null;
            }
            byte[] value = new byte[length[newest]];
            int head = Math.min(value.length, ring.length - position[newest]);
            System.arraycopy(ring, position[newest], value, 0, head);
            System.arraycopy(ring, 0, value, head, value.length - head);
            return value;
        }

        private boolean isNewer(int entry, int other) {
            int mask = key1.length - 1;
            return ((entry - first) & mask) > ((other - first) & mask);
        }

        private void link(int entry) {
            int mask = slots.length - 1;
            int slot = (int) key1[entry] & mask;
            while (slots[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            slots[slot] = entry + 1;
            tags[slot] = tag(key1[entry]);
        }

        /** Returns bits of a key that choose neither its stripe nor its slot; never 0. */
        private static byte tag(long k1) {
            return (byte) (k1 >>> 48 | 1);
        }

        private void removeExpired(int now) {
            while (count > 0 && deadline[first] - now <= 0) {
                removeFirst();
            }
        }

        private void removeFirst() {
            unlink(first);
            ringUsed -= length[first];
            first = (first + 1) & (key1.length - 1);
            count--;
        }

        /** Empties the entry's slot and moves up later entries that were displaced by a collision. */
        private void unlink(int entry) {
            int mask = slots.length - 1;
            int hole = (int) key1[entry] & mask;
            while (slots[hole] != entry + 1) {
                hole = (hole + 1) & mask;
            }
            int slot = hole;
            while (true) {
                slot = (slot + 1) & mask;
                if (slots[slot] == 0) {
                    break;
                }
                int home = (int) key1[slots[slot] - 1] & mask;
                if (((slot - home) & mask) >= ((slot - hole) & mask)) {
                    slots[hole] = slots[slot];
                    tags[hole] = tags[slot];
                    hole = slot;
                }
            }
            slots[hole] = 0;
            tags[hole] = 0;
        }

        private void growEntries() {
            int old = key1.length;
            key1 = unrolled(key1, old * 2);
            key2 = unrolled(key2, old * 2);
            deadline = unrolled(deadline, old * 2);
            position = unrolled(position, old * 2);
            length = unrolled(length, old * 2);
            first = 0;
            slots = new int[old * 4];
            tags = new byte[old * 4];
            for (int i = 0; i < count; i++) {
                link(i);
            }
        }

        private long[] unrolled(long[] a, int size) {
            long[] copy = new long[size];
            System.arraycopy(a, first, copy, 0, a.length - first);
            System.arraycopy(a, 0, copy, a.length - first, first);
            return copy;
        }

        private int[] unrolled(int[] a, int size) {
            int[] copy = new int[size];
            System.arraycopy(a, first, copy, 0, a.length - first);
            System.arraycopy(a, 0, copy, a.length - first, first);
            return copy;
        }

        private void growRing(int needed) {
            int size = Math.min(Integer.highestOneBit(Math.max(needed, 1024) - 1) * 2, maxBytes); // put() needs no more
            byte[] copy = new byte[size];
            int at = 0;
            for (int i = 0; i < count; i++) {
                int entry = (first + i) & (key1.length - 1);
                int head = Math.min(length[entry], ring.length - position[entry]);
                System.arraycopy(ring, position[entry], copy, at, head);
                System.arraycopy(ring, 0, copy, at + head, length[entry] - head);
                position[entry] = at;
                at += length[entry];
            }
            ring = copy;
            ringTail = at == size ? 0 : at;
        }
    }
}
