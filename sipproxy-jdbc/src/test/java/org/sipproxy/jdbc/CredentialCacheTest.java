package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/** Life of cache entries, with a clock that the test advances. */
class CredentialCacheTest {

    private static final CredentialCache.Key USER = new CredentialCache.Key("1001", "sip.test");
    private static final Credentials OLD = credentials("old");
    private static final Credentials NEW = credentials("new");

    /** Near the overflow, because nanoTime may have any value. */
    private long nanos = Long.MAX_VALUE - Duration.ofSeconds(2).toNanos();

    private final AtomicInteger loads = new AtomicInteger();
    private final CredentialCache cache = new CredentialCache(
            new CredentialCache.CacheLimits(100, Duration.ofSeconds(60), 100, Duration.ofSeconds(10), true),
            () -> nanos);

    @Test
    void unwatchedItLivesLessThanASecond() {
        find(OLD);
        turn(CredentialCache.UNWATCHED_LIFE.minusMillis(1));
        assertThat(cache.fresh(USER)).isNotNull();

        turn(Duration.ofMillis(1));
        assertThat(cache.fresh(USER)).isNull();

        turn(Duration.ofMillis(999).minus(CredentialCache.UNWATCHED_LIFE)); // less than a second after it was read
        assertThat(find(NEW)).isSameAs(NEW);
    }

    @Test
    void watchedItLivesAsLongAsConfigured() {
        watch();
        find(OLD);
        for (int i = 0; i < 119; i++) {
            turn(Duration.ofMillis(500));
            cache.renewWatch(nanos);
            assertThat(cache.fresh(USER)).isNotNull();
        }
        turn(Duration.ofMillis(500));
        cache.renewWatch(nanos);
        assertThat(cache.fresh(USER)).isNull();
    }

    @Test
    void watchThatIsNotRenewedExpires() {
        watch();
        find(OLD);
        turn(Duration.ofMillis(500));
        cache.renewWatch(nanos);
        turn(Duration.ofMillis(950));

        assertThat(cache.isWatched()).isFalse();
        assertThat(cache.fresh(USER)).isNull();
    }

    @Test
    void entryReadBeforeTheWatchIsNotCoveredByIt() {
        find(OLD);
        watch();
        turn(Duration.ofMillis(500));
        cache.renewWatch(nanos);
        turn(Duration.ofMillis(500));
        cache.renewWatch(nanos);

        assertThat(cache.fresh(USER)).isNull();
    }

    @Test
    void changeDuringTheReadPreventsCaching() {
        watch();

        Credentials found = find(key -> {
            cache.invalidate(key);
            return OLD;
        });

        assertThat(found).isSameAs(OLD);
        assertThat(cache.fresh(USER)).isNull();
        assertThat(find(NEW)).isSameAs(NEW);
    }

    @Test
    void failureIsNotCached() {
        try {
            find(key -> {
                throw new TemporarilyUnavailableException("down", 1, null);
            });
        } catch (TemporarilyUnavailableException e) {
            assertThat(e).hasMessage("down");
        }

        assertThat(find(NEW)).isSameAs(NEW);
    }

    @Test
    void unknownUsersExpireSooner() {
        watch();
        find(Credentials.NONE);
        for (int i = 0; i < 20; i++) {
            assertThat(cache.fresh(USER)).isNotNull();
            turn(Duration.ofMillis(500));
            cache.renewWatch(nanos);
        }
        assertThat(cache.fresh(USER)).isNull();
    }

    @Test
    void onlyFindWaitsForAReadInProgress() {
        Credentials found = find(key -> {
            assertThat(cache.fresh(USER)).isNull();
            return OLD;
        });

        assertThat(found).isSameAs(OLD);
        assertThat(cache.fresh(USER)).isSameAs(OLD);
    }

    @Test
    void entriesCoveredUntilTheWatchEndedAreRemembered() {
        watch();
        find(OLD);
        turn(Duration.ofMinutes(59));
        cache.renewWatch(nanos);
        cache.endWatch();

        assertThat(cache.fresh(USER)).isNull();
        assertThat(cache.remembered(USER)).isSameAs(OLD);

        cache.beginWatch();
        cache.renewWatch(nanos);
        assertThat(cache.remembered(USER)).isNull();
    }

    @Test
    void entriesReadWithoutAWatchOrChangedAreNotRemembered() {
        find(OLD);
        assertThat(cache.remembered(USER)).isNull();

        watch();
        turn(Duration.ofSeconds(1));
        find(OLD);
        cache.invalidate(USER);
        cache.endWatch();
        assertThat(cache.remembered(USER)).isNull();
    }

    private void watch() {
        cache.beginWatch();
        cache.renewWatch(nanos);
    }

    private Credentials find(Credentials row) {
        return find(key -> {
            loads.incrementAndGet();
            return row;
        });
    }

    /** Reads the row at once, in place of the queue's threads. */
    private Credentials find(Function<CredentialCache.Key, Credentials> row) {
        Credentials fresh = cache.fresh(USER);
        return fresh != null
                ? fresh
                : new LookupQueue(1, none -> {}, cache::fail, new LookupThreads()).await(cache.read(USER, read -> {
                    cache.begin(read);
                    try {
                        cache.end(read, row.apply(USER));
                    } catch (RuntimeException e) {
                        cache.fail(read, e);
                    }
                }));
    }

    private void turn(Duration duration) {
        nanos += duration.toNanos();
    }

    private static Credentials credentials(String password) {
        return new Credentials(Optional.of(Credential.ofPassword("1001", "sip.test", password)), Optional.empty());
    }
}
