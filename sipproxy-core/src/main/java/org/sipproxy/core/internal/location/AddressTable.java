package org.sipproxy.core.internal.location;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * Hash table of AORs with a time for each at which it is looked at. It costs 12 bytes per slot and has no objects of
 * its own per AOR, neither nodes nor timers: with a million of them the collector would follow each.
 *
 * <p>The table is split into segments. Each has arrays with open addressing, and one timer that looks through the
 * times. It fires at the earliest time, but a large segment is not looked through more often than about once per
 * second.
 *
 * <p>Look-ups do not lock. Changes of the table lock a segment for a few instructions; an entry's own lock may be held
 * then.
 */
final class AddressTable {

    /** A power of two. */
    private static final int SEGMENTS = 64;

    private static final int LEAST_SLOTS = 16;
    private static final int NEVER = Integer.MIN_VALUE;

    /** Slots per millisecond between two passes of one segment. */
    private static final int SLOTS_PER_MILLI = 32;

    /** When an entry is looked at again if looking at it failed. */
    private static final int RETRY_MILLIS = 10_000;

    /** Entry of a slot whose AOR was removed, which a look-up has to pass. */
    private static final Object REMOVED = new Object();

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(Object[].class);

    private final Segment[] segments = new Segment[SEGMENTS];
    private final EntryForm form;
    private final ProxyTime time;
    private final TimerWheel wheel;
    private final Consumer<Object> whenDue;
    private final long startMillis;
    /** Secret, so that clients cannot choose users whose AORs collide. */
    private final long seed = new SecureRandom().nextLong();

    /**
     * Creates an empty table.
     *
     * @param whenDue called by the timer for each entry whose time has come, without a lock; has to call
     *     {@link #wakeAt} unless it removes the entry
     */
    AddressTable(EntryForm form, ProxyTime time, TimerWheel wheel, Consumer<Object> whenDue) {
        this.form = form;
        this.time = time;
        this.wheel = wheel;
        this.whenDue = whenDue;
        this.startMillis = time.millis();
        for (int i = 0; i < SEGMENTS; i++) {
            segments[i] = new Segment();
        }
    }

    /** Returns the hash of an AOR in this table. */
    int hash(Aor aor) {
        String user = aor.user();
        long odd = seed | 1;
        long hash = aor.domain().hashCode() ^ seed;
        for (int i = 0; i < user.length(); i++) {
            hash = (hash ^ user.charAt(i)) * odd;
            hash ^= hash >>> 29;
        }
        hash *= 0x9e3779b97f4a7c15L;
        return (int) (hash >>> 32);
    }

    private Segment segment(int hash) {
        return segments[hash >>> 26];
    }

    @Nullable
    Object get(Aor aor, int hash) {
        Slots slots = segment(hash).slots;
        int mask = slots.hashes.length - 1;
        for (int i = hash & mask; ; i = (i + 1) & mask) {
            Object entry = ENTRY.getAcquire(slots.entries, i);
            if (entry == null) {
                return null;
            }
            if (slots.hashes[i] == hash && entry != REMOVED && form.isOf(entry, aor)) {
                return entry;
            }
        }
    }

    /** Adds an entry unless the AOR has one. Returns the AOR's entry. */
    Object putIfAbsent(Aor aor, int hash, Object entry) {
        return segment(hash).putIfAbsent(aor, hash, entry);
    }

    /** Puts an entry into the place of another one of the same AOR. */
    void replace(int hash, Object entry, Object by) {
        segment(hash).replace(hash, entry, by);
    }

    void remove(int hash, Object entry) {
        segment(hash).remove(hash, entry);
    }

    /** Has the entry looked at no later than at {@code millis}. Called under the entry's lock. */
    void wakeBy(int hash, Object entry, long millis) {
        segment(hash).wakeBy(hash, entry, millis);
    }

    /** Has the entry looked at next at {@code millis}. Called under the entry's lock. */
    void wakeAt(int hash, Object entry, long millis) {
        segment(hash).wakeAt(hash, entry, millis);
    }

    /** Passes each entry to the visitor, without a lock. */
    void forEach(Consumer<Object> visitor) {
        for (Segment segment : segments) {
            Slots slots = segment.slots;
            for (int i = 0; i < slots.entries.length; i++) {
                Object entry = ENTRY.getAcquire(slots.entries, i);
                if (entry != null && entry != REMOVED) {
                    visitor.accept(entry);
                }
            }
        }
    }

    long size() {
        long sum = 0;
        for (Segment segment : segments) {
            sum += segment.live;
        }
        return sum;
    }

    /** Returns a time as a distance from the start. It wraps around after 49 days; times are at most an hour apart. */
    private int wake(long millis) {
        int wake = (int) (millis - startMillis);
        return wake == NEVER ? NEVER + 1 : wake;
    }

    /** Arrays of equal length, a power of two. A slot is written under the segment's lock, its entry last. */
    private static final class Slots {

        final @Nullable Object[] entries;
        final int[] hashes;
        final int[] wakes;

        Slots(int size) {
            entries = new @Nullable Object[size];
            hashes = new int[size];
            wakes = new int[size];
            Arrays.fill(wakes, NEVER);
        }

        int find(int hash, Object entry) {
            int mask = hashes.length - 1;
            for (int i = hash & mask; ; i = (i + 1) & mask) {
                Object one = ENTRY.getAcquire(entries, i);
                if (one == entry) {
                    return i;
                }
                if (one == null) {
                    return -1;
                }
            }
        }

        void set(int i, int hash, int wake, Object entry) {
            hashes[i] = hash;
            wakes[i] = wake;
            ENTRY.setRelease(entries, i, entry);
        }
    }

    /** A part of the table, and the timer of its entries. Its monitor guards its fields and writes to its slots. */
    private final class Segment extends Timer {

        volatile Slots slots = new Slots(LEAST_SLOTS);
        volatile int live;
        private int used;
        private long nextMillis = Long.MAX_VALUE;
        private long passedMillis = Long.MIN_VALUE / 2;

        synchronized Object putIfAbsent(Aor aor, int hash, Object entry) {
            if ((used + 1) * 3 > slots.hashes.length * 2) {
                rebuild();
            }
            Slots s = slots;
            int mask = s.hashes.length - 1;
            int free = -1;
            int i = hash & mask;
            for (Object one = s.entries[i]; one != null; one = s.entries[i]) {
                if (one == REMOVED) {
                    free = free < 0 ? i : free;
                } else if (s.hashes[i] == hash && form.isOf(one, aor)) {
                    return one;
                }
                i = (i + 1) & mask;
            }
            if (free < 0) {
                used++;
                free = i;
            }
            s.set(free, hash, NEVER, entry);
            live = live + 1;
            return entry;
        }

        /** Copies the entries to arrays of which they take at most half. */
        private void rebuild() {
            Slots old = slots;
            int size = LEAST_SLOTS;
            while (size < (live + 1) * 2) {
                size *= 2;
            }
            Slots s = new Slots(size);
            for (int from = 0; from < old.entries.length; from++) {
                Object entry = old.entries[from];
                if (entry != null && entry != REMOVED) {
                    int i = old.hashes[from] & (size - 1);
                    while (s.entries[i] != null) {
                        i = (i + 1) & (size - 1);
                    }
                    s.set(i, old.hashes[from], old.wakes[from], entry);
                }
            }
            used = live;
            slots = s;
        }

        synchronized void replace(int hash, Object entry, Object by) {
            Slots s = slots;
            int i = s.find(hash, entry);
            if (i >= 0) {
                ENTRY.setRelease(s.entries, i, by);
            }
        }

        synchronized void remove(int hash, Object entry) {
            Slots s = slots;
            int i = s.find(hash, entry);
            if (i < 0) {
                return;
            }
            int mask = s.hashes.length - 1;
            s.set(i, hash, NEVER, REMOVED);
            live = live - 1;
            if (s.entries[(i + 1) & mask] == null) {
                for (; s.entries[i] == REMOVED; i = (i - 1) & mask) {
                    ENTRY.setRelease(s.entries, i, null);
                    used--;
                }
            }
            if (live == 0) {
                wheel.cancel(this);
                nextMillis = Long.MAX_VALUE;
            }
        }

        /** Reads without the lock first: a refresh does not bring the time forward. */
        void wakeBy(int hash, Object entry, long millis) {
            Slots s = slots;
            int i = s.find(hash, entry);
            if (i < 0 || s.wakes[i] == NEVER || s.wakes[i] - wake(millis) > 0) {
                wakeAt(hash, entry, millis);
            }
        }

        synchronized void wakeAt(int hash, Object entry, long millis) {
            int i = slots.find(hash, entry);
            if (i >= 0) {
                slots.wakes[i] = wake(millis);
                fireBy(millis);
            }
        }

        private void fireBy(long millis) {
            if (millis < nextMillis) {
                nextMillis = millis;
                long at = Math.max(millis, passedMillis + slots.hashes.length / SLOTS_PER_MILLI);
                wheel.schedule(this, time.nanoTime(), (at - time.millis()) * 1_000_000);
            }
        }

        @Override
        protected void fire() {
            for (Object entry : takeDue()) {
                whenDue.accept(entry);
            }
        }

        private synchronized List<Object> takeDue() {
            List<Object> due = new ArrayList<>();
            long now = time.millis();
            nextMillis = Long.MAX_VALUE;
            passedMillis = now;
            int nowWake = wake(now);
            int least = Integer.MAX_VALUE;
            Slots s = slots;
            for (int i = 0; i < s.wakes.length; i++) {
                if (s.wakes[i] == NEVER) {
                    continue;
                }
                int left = s.wakes[i] - nowWake;
                Object entry = s.entries[i];
                if (left <= 0 && entry != null) {
                    due.add(entry);
                    left = RETRY_MILLIS;
                    s.wakes[i] = wake(now + left);
                }
                least = Math.min(least, left);
            }
            if (least < Integer.MAX_VALUE) {
                fireBy(now + least);
            }
            return due;
        }
    }
}
