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
 * Cache of subscribers' credentials, with rules for how long an entry may be used.
 *
 * <p>Any entry is valid for {@link #UNWATCHED_LIFE}. It is valid for longer, up to the configured life, only under a
 * watch: while the {@link SubscriberListener} confirms that it has received every change since the entry was read. The
 * watch is renewed several times a second and expires by itself, so that a listener that hangs counts as stopped.
 *
 * <p>While the database does not respond, an entry that was covered by the watch until the outage may still be
 * {@link #remembered}. Entries are kept beyond their life for this purpose.
 *
 * <p>Users that do not exist have a separate cache, so that a flood of invented names cannot evict real ones.
 */
final class CredentialCache {

    /** A change must take effect within one second on every node; the remainder is left for processing. */
    static final Duration UNWATCHED_LIFE = Duration.ofMillis(700);

    /** How long an entry is kept for an outage: most phones register again within that time. */
    private static final Duration OUTAGE_LIFE = Duration.ofHours(2);

    private final Cache<Key, Entry> known;
    private final Cache<Key, Entry> unknown;
    private final ConcurrentMap<Key, Read> loading = new ConcurrentHashMap<>();

    /**
     * The names with capital letters that are cached or being read, by their spelling in lower case: the result for one
     * depends on all subscribers that differ from it in case only. Holds existing subscribers only, not invented names.
     */
    private final ConcurrentMap<Key, Set<Key>> spellings = new ConcurrentHashMap<>();

    private final long knownLifeNanos;
    private final long unknownLifeNanos;
    private final LongSupplier nanoTime;

    /** Number of the watch: an entry that was read before the current watch began was not covered all the time. */
    private final AtomicLong watch = new AtomicLong();

    /** Written by the listener's thread. */
    private volatile long watchedUntil;

    /** The watch that was renewed last, whether or not it has ended since. Written by the listener's thread. */
    private volatile long confirmedWatch = -1;

    CredentialCache(CacheLimits limits, LongSupplier nanoTime) {
        this.knownLifeNanos = limits.knownLife().toNanos();
        this.unknownLifeNanos = limits.unknownLife().toNanos();
        this.known = cache(
                limits.known(), limits.knownLife().plus(limits.remembers() ? OUTAGE_LIFE : Duration.ZERO), nanoTime);
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

    /** Limits of the cache: sizes and lives; {@code remembers} if entries are kept for an outage. */
    record CacheLimits(int known, Duration knownLife, int unknown, Duration unknownLife, boolean remembers) {}

    /** Key of a row in {@code subscriber}. */
    record Key(String username, String domain) {

        Key lowerCase() {
            return new Key(UserCase.INSENSITIVE.canonical(username), domain);
        }
    }

    /**
     * Cached credentials of a row for digests with the bare user name and with {@code user@domain}; both empty if there
     * is no such row.
     */
    record Entry(Credentials credentials, long readAt, long watch) {}

    /** Read of a row. Its result counts as read when the read began. */
    static final class Read {

        final CompletableFuture<Credentials> result = new CompletableFuture<>();
        private final Key key;
        private long beganNanos;
        private long watchAtBegin;
        /** Written after the other fields. */
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

    /**
     * Returns the credentials that may be used without reading the row; null if there are none. Never waits, not even
     * for a read in progress.
     */
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
     * Returns the read of the row that is queued or in progress, so that only one of several threads that miss the same
     * row reads it. If there is none, a new one is passed to {@code starter}. Does not wait.
     */
    Read read(Key key, Consumer<Read> starter) {
        Read created = new Read(key);
        Read other = loading.putIfAbsent(key, created);
        if (other != null) {
            return other;
        }
        addSpelling(key);
        starter.accept(created);
        return created;
    }

    /** Marks the beginning of a read. Call it before the row is read. */
    void begin(Read read) {
        read.watchAtBegin = watch.get();
        read.begin(nanoTime.getAsLong());
    }

    /** Completes a read with its result. */
    void end(Read read, Credentials credentials) {
        Entry entry = new Entry(credentials, read.beganNanos, read.watchAtBegin);
        // An invalidation during the read has removed it from the map: its result is used once and not cached.
        loading.computeIfPresent(read.key(), (k, present) -> {
            if (present == read) {
                store(k, entry);
                return null;
            }
            return present;
        });
        removeSpellingUnlessKnown(read.key());
        read.result.complete(credentials);
    }

    /** Completes a read that failed. */
    void fail(Read read, Throwable cause) {
        loading.remove(read.key(), read);
        removeSpellingUnlessKnown(read.key());
        read.result.completeExceptionally(cause);
    }

    private void addSpelling(Key key) {
        Key lower = key.lowerCase();
        if (!lower.equals(key)) {
            spellings.compute(lower, (k, keys) -> {
                Set<Key> more = keys == null ? new HashSet<>(2) : new HashSet<>(keys);
                more.add(key);
                return more;
            });
        }
    }

    private void removeSpellingUnlessKnown(Key key) {
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
     * Returns the entry, of any age, for use during an outage; null unless every change of it was received until the
     * watch ended, and no other watch has begun since.
     */
    @Nullable
    Credentials remembered(Key key) {
        Entry entry = known.getIfPresent(key);
        return entry != null && entry.watch() == confirmedWatch ? entry.credentials() : null;
    }

    private boolean isFresh(Entry entry, long lifeNanos) {
        long now = nanoTime.getAsLong();
        long age = now - entry.readAt();
        if (age >= lifeNanos) {
            return false;
        }
        return age < UNWATCHED_LIFE.toNanos() || (entry.watch() == watch.get() && now - watchedUntil < 0);
    }

    /** Removes a changed row, and the entries of names that differ from it in case only. */
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

    /** Removes all entries, because any row may have changed. */
    void invalidateAll() {
        watch.incrementAndGet();
        loading.clear();
        known.invalidateAll();
        unknown.invalidateAll();
    }

    /** Begins a watch: changes are received from now on. Entries that were read before keep their short life. */
    void beginWatch() {
        watch.incrementAndGet();
    }

    /** Confirms that every change up to {@code at} was received; this is valid for {@link #UNWATCHED_LIFE}. */
    void renewWatch(long at) {
        confirmedWatch = watch.get();
        watchedUntil = at + UNWATCHED_LIFE.toNanos();
    }

    /** Ends the watch: changes are not received any longer. */
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
