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
 * The calls that were answered and have not ended. Bounded: of too many the calls least likely to be asked for go, and are looked up in
 * the database when their BYE comes. A call without a BYE is over after the longest time.
 *
 * <p>Safe for use by several threads.
 */
final class OpenCalls {

    /** Longer than a BYE and its retransmissions last, and than a phone that tries again. */
    private static final Duration ENDED_LIFE = Duration.ofMinutes(10);

    private static final int MAX_ENDED = 20_000;

    /**
     * A call.
     *
     * @param startMillis when its 2xx was sent, since 1970
     * @param startProxyMillis the same on the proxy's time, which does not step; -1 if another process began it
     * @param fromTag the caller's tag
     * @param toTag the callee's tag
     * @param texts what its record gets in the configured columns
     */
    record Call(long startMillis, long startProxyMillis, String fromTag, String toTag, String[] texts) {}

    /** What a BYE means. */
    enum End {
        /** The call is known and has ended now. */
        NOW,
        /** It has ended before: the BYE came again, or from the other side too. */
        BEFORE,
        UNKNOWN
    }

    /** What a BYE means, and the call if it ended now. */
    record Ended(End end, @Nullable Call call) {}

    private final AtomicLong forgotten = new AtomicLong();
    private final Cache<CallKey, Call> calls;
    private final Cache<CallKey, Boolean> ended;
    private final long longestNanos;

    /** @param timedOut is shown each call whose BYE did not come in time; must not block */
    OpenCalls(int most, Duration longest, Ticker ticker, BiConsumer<CallKey, Call> timedOut) {
        this.longestNanos = longest.toNanos();
        this.calls = Caffeine.newBuilder()
                .maximumSize(most)
                .expireAfter(Expiry.creating((CallKey key, Call call) -> Duration.ofNanos(longestNanos)))
                .ticker(ticker)
                .executor(Runnable::run) // what there is to do is short, and no thread of the JVM's is used
                .evictionListener((@Nullable CallKey key, @Nullable Call call, RemovalCause cause) -> {
                    if (cause == RemovalCause.EXPIRED && key != null && call != null) {
                        timedOut.accept(key, call);
                    } else {
                        forgotten.incrementAndGet();
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

    /** A 2xx of an INVITE outside a dialog; a repeated one changes nothing. */
    void answered(CallKey key, Call call) {
        calls.asMap().putIfAbsent(key, call);
    }

    /** A call that the database holds, which began {@code age} ago. */
    void restored(CallKey key, Call call, Duration age) {
        long left = Math.max(1, longestNanos - age.toNanos());
        if (ended.getIfPresent(key) == null) {
            calls.policy().expireVariably().ifPresent(policy -> {
                @Nullable Call unused = policy.putIfAbsent(key, call, Duration.ofNanos(left));
            });
        }
    }

    /** True if the call is known and has not ended. */
    boolean isOpen(CallKey key) {
        return calls.asMap().containsKey(key);
    }

    /** A BYE. */
    Ended ended(CallKey key) {
        Call call = calls.asMap().remove(key);
        boolean again = ended.asMap().putIfAbsent(key, true) != null;
        return new Ended(call != null ? End.NOW : again ? End.BEFORE : End.UNKNOWN, call);
    }

    /** Ends what is too old, also when no call comes or goes. */
    void sweep() {
        calls.cleanUp();
    }

    int size() {
        return (int) calls.estimatedSize();
    }

    long forgottenTotal() {
        return forgotten.get();
    }
}
