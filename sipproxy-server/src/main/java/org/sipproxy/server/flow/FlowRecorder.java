package org.sipproxy.server.flow;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.SipProxy;

/**
 * Record of the messages on the wire that a {@link TraceFilter} selects, for one reader or several. Bounded in
 * messages, bytes and age: the oldest are dropped, and a reader notices a gap in the numbers. Costs the proxy nothing
 * unless it is open. Messages are masked when they are read. Thread-safe.
 */
public final class FlowRecorder implements WireListener, AutoCloseable {

    /**
     * Limits of a recorder.
     *
     * @param messages number of messages that are kept, at least 1
     * @param bytes their size together, in bytes; a larger message is kept alone
     * @param age how long a message is kept
     */
    public record Limits(int messages, long bytes, Duration age) {

        /** 10,000 messages, 16 MiB, one hour. */
        public static final Limits DEFAULT = new Limits(10_000, 16L << 20, Duration.ofHours(1));
    }

    /** Message and its number. */
    record Numbered(long number, WireMessage message) {}

    private final SipProxy proxy;
    private final TraceMatcher matcher;
    private final Limits limits;

    /** Guarded by its monitor, as the fields below. */
    private final Deque<Numbered> kept = new ArrayDeque<>();

    private long bytes;
    private long last;
    private boolean closed;

    private FlowRecorder(SipProxy proxy, TraceFilter filter, Limits limits) {
        this.proxy = Objects.requireNonNull(proxy, "proxy");
        this.matcher = new TraceMatcher(filter);
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    /** Starts recording. Close the recorder to stop. */
    public static FlowRecorder open(SipProxy proxy, TraceFilter filter, Limits limits) {
        FlowRecorder recorder = new FlowRecorder(proxy, filter, limits);
        proxy.addWireListener(recorder);
        return recorder;
    }

    @Override
    public void onMessage(WireMessage message) {
        if (!matcher.accepts(message)) {
            return;
        }
        synchronized (kept) {
            if (closed) {
                return;
            }
            kept.addLast(new Numbered(++last, message));
            bytes += message.length();
            evict(message.time());
            kept.notifyAll();
        }
    }

    private void evict(Instant now) {
        Instant eldest = now.minus(limits.age());
        Numbered first = kept.getFirst();
        while (kept.size() > 1
                && (kept.size() > limits.messages()
                        || bytes > limits.bytes()
                        || first.message().time().isBefore(eldest))) {
            kept.removeFirst();
            bytes -= first.message().length();
            first = kept.getFirst();
        }
    }

    /** Returns the messages that are kept. */
    public List<TracedMessage> messages() {
        return masked(numbered(0));
    }

    /**
     * Waits for messages.
     *
     * @param after number of the last message that the caller has got, or 0
     * @param patience how long to wait for the first one
     * @return the messages behind it, in their order; empty if there are none in time or the recorder is closed
     */
    public List<TracedMessage> await(long after, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (kept) {
            long left = patience.toNanos();
            while (last <= after && !closed && left > 0) {
                kept.wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                left = deadline - System.nanoTime();
            }
        }
        return masked(numbered(after));
    }

    /** Returns the messages behind a number, not masked. */
    List<Numbered> numbered(long after) {
        synchronized (kept) {
            List<Numbered> found = new ArrayList<>();
            for (Numbered one : kept) {
                if (one.number() > after) {
                    found.add(one);
                }
            }
            return found;
        }
    }

    private static List<TracedMessage> masked(List<Numbered> messages) {
        return messages.stream()
                .map(one -> TracedMessage.of(one.number(), one.message()))
                .toList();
    }

    /** Returns true once {@link #close} was called. */
    public boolean isClosed() {
        synchronized (kept) {
            return closed;
        }
    }

    /** Stops recording. What was recorded can still be read. */
    @Override
    public void close() {
        proxy.removeWireListener(this);
        synchronized (kept) {
            closed = true;
            kept.notifyAll();
        }
    }
}
