package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.UserCase;

/**
 * What was read of subscribers, and for how long it may be believed.
 *
 * <p>An entry is good for {@link #UNWATCHED_LIFE} in any case. It is good for longer, up to the configured life, only while
 * the {@link SubscriberListener} vouches that every change since the entry was read has been told: that is the watch. It is
 * renewed every fraction of a second and lapses by itself, so that a listener that hangs counts as one that is gone.
 *
 * <p>When the database does not answer any more, an entry that was vouched for up to then may still be {@link #remembered}: that
 * is what entries that have outlived their life are kept for.
 *
 * <p>Users that do not exist have a cache of their own, so that a flood of invented names cannot push out the real ones.
 */
final class CredentialCache {

    /** A change must be obeyed within one second on every node; the rest of it is left for the work itself. */
    static final Duration UNWATCHED_LIFE = Duration.ofMillis(700);

    /** How long an entry is kept to be remembered: most phones register again within that. */
    private static final Duration MEMORY = Duration.ofHours(2);

    private final Cache<Key, Entry> known;
    private final Cache<Key, Entry> unknown;
    private final ConcurrentMap<Key, Read> loading = new ConcurrentHashMap<>();

    /**
     * The names with capital letters that are cached or being read, by their spelling in lower case: what was read of one depends on
     * all subscribers that differ from it in case only. Holds subscribers, not what strangers invent.
     */
    private final ConcurrentMap<Key, Set<Key>> spellings = new ConcurrentHashMap<>();

    private final long knownLifeNanos;
    private final long unknownLifeNanos;
    private final LongSupplier nanoTime;

    /** Counts the watches: what was read before the present one began has not been watched all the time. */
    private final AtomicLong watch = new AtomicLong();

    /** Written by the listener's thread. */
    private volatile long watchedUntil;

    /** The watch that was renewed last, whether or not it has ended since. Written by the listener's thread. */
    private volatile long vouchedWatch = -1;

    CredentialCache(CacheLimits limits, LongSupplier nanoTime) {
        this.knownLifeNanos = limits.knownLife().toNanos();
        this.unknownLifeNanos = limits.unknownLife().toNanos();
        this.known =
                cache(limits.known(), limits.knownLife().plus(limits.remembers() ? MEMORY : Duration.ZERO), nanoTime);
        this.unknown = cache(limits.unknown(), limits.unknownLife(), nanoTime);
        this.nanoTime = nanoTime;
        this.watchedUntil = nanoTime.getAsLong();
    }

    private static Cache<Key, Entry> cache(int size, Duration life, LongSupplier nanoTime) {
        return Caffeine.newBuilder()
                .maximumSize(size)
                .expireAfterWrite(life.plus(UNWATCHED_LIFE))
                .ticker(nanoTime::getAsLong)
                .executor(Runnable::run)
                .build();
    }

    /** How much is kept and how long at most; {@code remembers} if entries are kept for an outage. */
    record CacheLimits(int known, Duration knownLife, int unknown, Duration unknownLife, boolean remembers) {}

    /** A row of {@code subscriber}. */
    record Key(String username, String domain) {

        Key lowerCase() {
            return new Key(UserCase.INSENSITIVE.canonical(username), domain);
        }
    }

    /** What a row holds for digests with the bare user name and with {@code user@domain}; both empty for no such row. */
    record Entry(Credentials credentials, long readAt, long watch) {}

    /** A row that is to be read. What it gets counts as read when that began. */
    static final class Read {

        final CompletableFuture<Credentials> result = new CompletableFuture<>();
        private final Key key;
        private long beganNanos;
        private long watchAtBegin;
        /** Written after the others. */
        private volatile boolean begun;

        private Read(Key key) {
            this.key = key;
        }

        Key key() {
            return key;
        }

        private void begin(long nanos) {
            beganNanos = nanos;
            begun = true;
        }

        boolean hasBegun() {
            return begun;
        }
    }

    /** Returns what may be believed without reading the row; null otherwise. Never waits, not for a read that is under way either. */
    @Nullable
    Credentials fresh(Key key) {
        Entry entry = known.getIfPresent(key);
        if (entry != null) {
            return isFresh(entry, knownLifeNanos) ? entry.credentials() : null;
        }
        entry = unknown.getIfPresent(key);
        return entry != null && isFresh(entry, unknownLifeNanos) ? entry.credentials() : null;
    }

    /**
     * Returns the read of the row that waits or is under way, so that of several threads that miss the same row one reads it; a new
     * one, given to {@code starter}, if there is none. Does not wait.
     */
    Read read(Key key, Consumer<Read> starter) {
        Read mine = new Read(key);
        Read other = loading.putIfAbsent(key, mine);
        if (other != null) {
            return other;
        }
        noteSpelling(key);
        starter.accept(mine);
        return mine;
    }

    /** To be called before the row is read. */
    void begin(Read read) {
        read.watchAtBegin = watch.get();
        read.begin(nanoTime.getAsLong());
    }

    /** The row was read. */
    void end(Read read, Credentials credentials) {
        Entry entry = new Entry(credentials, read.beganNanos, read.watchAtBegin);
        // An invalidation that came while it was read has taken it off the map: then it is used once and not kept.
        loading.computeIfPresent(read.key(), (k, present) -> {
            if (present == read) {
                store(k, entry);
                return null;
            }
            return present;
        });
        forgetSpellingUnlessKnown(read.key());
        read.result.complete(credentials);
    }

    /** The row could not be read. */
    void fail(Read read, Throwable cause) {
        loading.remove(read.key(), read);
        forgetSpellingUnlessKnown(read.key());
        read.result.completeExceptionally(cause);
    }

    private void noteSpelling(Key key) {
        Key lower = key.lowerCase();
        if (!lower.equals(key)) {
            spellings.compute(lower, (k, keys) -> {
                Set<Key> more = keys == null ? new HashSet<>(2) : new HashSet<>(keys);
                more.add(key);
                return more;
            });
        }
    }

    private void forgetSpellingUnlessKnown(Key key) {
        if (known.getIfPresent(key) != null) {
            return;
        }
        spellings.computeIfPresent(key.lowerCase(), (k, keys) -> {
            Set<Key> fewer = new HashSet<>(keys);
            fewer.remove(key);
            return fewer.isEmpty() ? null : fewer;
        });
    }

    private void store(Key key, Entry entry) {
        boolean exists = entry.credentials() != Credentials.NONE;
        (exists ? known : unknown).put(key, entry);
        (exists ? unknown : known).invalidate(key);
    }

    /**
     * For while the database does not answer: the entry, however old, if every change of it was told until the watch ended, and
     * no other watch has begun since.
     */
    @Nullable
    Credentials remembered(Key key) {
        Entry entry = known.getIfPresent(key);
        return entry != null && entry.watch() == vouchedWatch ? entry.credentials() : null;
    }

    private boolean isFresh(Entry entry, long lifeNanos) {
        long now = nanoTime.getAsLong();
        long age = now - entry.readAt();
        if (age >= lifeNanos) {
            return false;
        }
        return age < UNWATCHED_LIFE.toNanos() || (entry.watch() == watch.get() && now - watchedUntil < 0);
    }

    /** The row has changed, and with it what was read of the rows that differ from it in case only. */
    void invalidate(Key key) {
        invalidateOne(key);
        spellings.getOrDefault(key.lowerCase(), Set.of()).forEach(this::invalidateOne);
    }

    private void invalidateOne(Key key) {
        loading.compute(key, (k, present) -> {
            known.invalidate(k);
            unknown.invalidate(k);
            return null;
        });
    }

    /** Any row may have changed. */
    void invalidateAll() {
        watch.incrementAndGet();
        loading.clear();
        known.invalidateAll();
        unknown.invalidateAll();
    }

    /** From now on changes are told. Entries that were read before live their short life. */
    void beginWatch() {
        watch.incrementAndGet();
    }

    /** Every change up to {@code at} has been told; that is believed for {@link #UNWATCHED_LIFE}. */
    void renewWatch(long at) {
        vouchedWatch = watch.get();
        watchedUntil = at + UNWATCHED_LIFE.toNanos();
    }

    /** Changes are not told any more. */
    void endWatch() {
        watchedUntil = nanoTime.getAsLong();
        watch.incrementAndGet();
    }

    boolean isWatched() {
        return nanoTime.getAsLong() - watchedUntil < 0;
    }

    long size() {
        return known.estimatedSize();
    }
}
