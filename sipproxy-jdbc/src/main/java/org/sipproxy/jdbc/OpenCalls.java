package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls that were answered and have not ended, up to a limit. Beyond it, the calls that are least likely to be needed
 * are evicted, and looked up in the database when their BYE comes. A call without a BYE ends after the longest
 * duration.
 *
 * <p>Thread-safe.
 */
final class OpenCalls {

    /** Longer than the retransmissions of a BYE, and than a phone's later attempts. */
    private static final Duration ENDED_LIFE = Duration.ofMinutes(10);

    private static final int MAX_ENDED = 20_000;

    /**
     * A call.
     *
     * @param startMillis when its 2xx was sent, in milliseconds since 1970
     * @param startProxyMillis the same on the proxy's time, which does not step; -1 if another process began the call
     * @param fromTag the caller's tag
     * @param toTag the callee's tag
     * @param texts the texts of the configured columns of its record
     */
    record Call(long startMillis, long startProxyMillis, String fromTag, String toTag, String[] texts) {}

    /** Effect of a BYE. */
    enum End {
        /** The call was open and has ended now. */
        NOW,
        /** The call had ended before: the BYE was sent again, or by the other side too. */
        BEFORE,
        UNKNOWN
    }

    /** Effect of a BYE, and the call if it ended now. */
    record Ended(End end, @Nullable Call call) {}

    private final AtomicLong evicted = new AtomicLong();
    private final Cache<CallKey, Call> calls;
    private final Cache<CallKey, Boolean> ended;
    private final long longestNanos;

    /** @param timedOut receives each call whose BYE did not arrive in time; must not block */
    OpenCalls(int most, Duration longest, Ticker ticker, BiConsumer<CallKey, Call> timedOut) {
        this.longestNanos = longest.toNanos();
        this.calls = Caffeine.newBuilder()
                .maximumSize(most)
                .expireAfter(Expiry.creating((CallKey key, Call call) -> Duration.ofNanos(longestNanos)))
                .ticker(ticker)
                .executor(Runnable::run) // the work is short and needs no thread of the JVM
                .evictionListener((@Nullable CallKey key, @Nullable Call call, RemovalCause cause) -> {
                    if (cause == RemovalCause.EXPIRED && key != null && call != null) {
                        timedOut.accept(key, call);
                    } else {
                        evicted.incrementAndGet();
                    }
                })
                .build();
        this.ended = Caffeine.newBuilder()
                .maximumSize(MAX_ENDED)
                .expireAfterWrite(ENDED_LIFE)
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    /** Adds the call of a 2xx to an INVITE outside a dialog; a retransmission changes nothing. */
    void answered(CallKey key, Call call) {
        calls.asMap().putIfAbsent(key, call);
    }

    /** Adds a call from the database, which began {@code age} ago. */
    void restored(CallKey key, Call call, Duration age) {
        long left = Math.max(1, longestNanos - age.toNanos());
        if (ended.getIfPresent(key) == null) {
            calls.policy().expireVariably().ifPresent(policy -> {
                @Nullable Call unused = policy.putIfAbsent(key, call, Duration.ofNanos(left));
            });
        }
    }

    /** Returns true if the call is known and has not ended. */
    boolean isOpen(CallKey key) {
        return calls.asMap().containsKey(key);
    }

    /** Ends the call of a BYE. */
    Ended ended(CallKey key) {
        Call call = calls.asMap().remove(key);
        boolean again = ended.asMap().putIfAbsent(key, true) != null;
        return new Ended(call != null ? End.NOW : again ? End.BEFORE : End.UNKNOWN, call);
    }

    /** Ends the calls that exceed the longest duration, even if no call begins or ends. */
    void sweep() {
        calls.cleanUp();
    }

    int size() {
        return (int) calls.estimatedSize();
    }

    long evictedTotal() {
        return evicted.get();
    }
}
