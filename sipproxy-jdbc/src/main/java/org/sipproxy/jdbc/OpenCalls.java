package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The calls that were answered and have not ended, by Call-ID and both tags (RFC 3261 §12). Bounded: a call whose BYE never
 * comes by is removed after the longest time, and the calls least likely to be asked for go when there are too many. A Call-ID or
 * tag longer than {@value #LONGEST_TEXT} characters is kept as its SHA-256, so that the bytes are bounded too and such a call is
 * still accounted.
 */
final class OpenCalls {

    /** Longer than what phones and proxies make. */
    private static final int LONGEST_TEXT = 256;

    /** The tags in an order of their own, as a BYE may come from either side. */
    private record Key(String callId, String lower, String higher) {

        static Key of(String callId, String fromTag, String toTag) {
            String id = bounded(callId);
            String one = bounded(fromTag);
            String other = bounded(toTag);
            return one.compareTo(other) <= 0 ? new Key(id, one, other) : new Key(id, other, one);
        }

        private static String bounded(String text) {
            if (text.length() <= LONGEST_TEXT) {
                return text;
            }
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                return "SHA-256 " + HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("this JVM has no SHA-256, which every JVM must have", e);
            }
        }
    }

    /**
     * A call.
     *
     * @param startMillis when its 2xx was sent
     * @param texts what its record gets in the configured columns
     */
    record Call(long startMillis, String[] texts) {}

    private final AtomicLong forgotten = new AtomicLong();
    private final Cache<Key, Call> calls;

    OpenCalls(int most, Duration longest, Ticker ticker) {
        this.calls = Caffeine.newBuilder()
                .maximumSize(most)
                .expireAfterWrite(longest)
                .ticker(ticker)
                .executor(Runnable::run) // counting is all that there is to do, and no thread of the JVM's is used
                .evictionListener(
                        (@Nullable Key key, @Nullable Call call, RemovalCause cause) -> forgotten.incrementAndGet())
                .build();
    }

    /** A 2xx of an INVITE outside a dialog; a repeated one changes nothing. */
    void answered(String callId, String fromTag, String toTag, Call call) {
        calls.asMap().putIfAbsent(Key.of(callId, fromTag, toTag), call);
    }

    /** The call that a BYE ended; null if it is none that we know of. */
    @Nullable
    Call ended(String callId, String fromTag, String toTag) {
        return calls.asMap().remove(Key.of(callId, fromTag, toTag));
    }

    /** Forgets what is too old, also when no call comes or goes. */
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
