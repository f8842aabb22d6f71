package org.sipproxy.server.flow;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes every message to a file or a collector on a thread of its own. The proxy never waits for it: if the queue is
 * full, or the receiver fails, messages are dropped and counted. Keepalives are not passed on.
 */
public final class WireQueue implements WireListener, ServerPart {

    /** Receiver of messages. Called by one thread. */
    interface Receiver extends AutoCloseable {

        /**
         * Takes a message, or throws.
         *
         * @throws IOException if the message is lost; the receiver is called again for the next one
         */
        void take(TracedMessage message) throws IOException;

        @Override
        void close();
    }

    /**
     * Counts since the start.
     *
     * @param passed messages that the receiver has taken
     * @param dropped messages that were dropped
     */
    public record Statistics(long passed, long dropped) {}

    private static final Logger LOG = LoggerFactory.getLogger(WireQueue.class);

    private static final int MOST_MESSAGES = 10_000;
    private static final long MOST_BYTES = 16L << 20;
    private static final long STOP_MILLIS = 2_000;
    private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final String option;
    private final Receiver receiver;
    private final BlockingQueue<WireMessage> queue;
    private final AtomicLong queuedBytes = new AtomicLong();
    private final LongAdder passed = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable SipProxy proxy;

    // only on the thread
    private long number;
    private boolean hasReported;
    private long reportedNanos;
    private long reportedDrops;

    /**
     * Creates a queue.
     *
     * @param option name of the option, for the log
     */
    WireQueue(String option, Receiver receiver) {
        this(option, receiver, MOST_MESSAGES);
    }

    /** Creates a queue of another size. */
    WireQueue(String option, Receiver receiver, int mostMessages) {
        this.option = option;
        this.receiver = receiver;
        this.queue = new ArrayBlockingQueue<>(mostMessages);
        this.thread = new Thread(this::run, "sipproxy" + option.replace("--", "-"));
        thread.setDaemon(true);
    }

    @Override
    public void start(SipProxy started) {
        proxy = started;
        thread.start();
        started.addWireListener(this);
    }

    @Override
    public void stop() {
        SipProxy running = proxy;
        if (running == null) {
            return;
        }
        running.removeWireListener(this);
        stopping = true;
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }

    @Override
    public void onMessage(WireMessage message) {
        if (message.isKeepalive()) {
            return;
        }
        if (queuedBytes.get() > MOST_BYTES || !queue.offer(message)) {
            dropped.increment();
        } else {
            queuedBytes.addAndGet(message.length());
        }
    }

    private void run() {
        try (receiver) {
            while (!stopping || !queue.isEmpty()) {
                WireMessage next = queue.poll(100, TimeUnit.MILLISECONDS);
                if (next != null) {
                    queuedBytes.addAndGet(-next.length());
                    pass(next);
                }
            }
        } catch (InterruptedException e) {
            // the server does not wait any longer
        }
    }

    private void pass(WireMessage message) {
        String reason = "the queue is full";
        try {
            receiver.take(TracedMessage.of(++number, message));
            passed.increment();
        } catch (Throwable e) { // also an Error: the thread must not end with it
            dropped.increment();
            reason = e instanceof IOException ? String.valueOf(e.getMessage()) : e.toString();
        }
        long drops = dropped.sum();
        long now = System.nanoTime();
        if (drops > reportedDrops && (!hasReported || now - reportedNanos > REPORT_NANOS)) {
            LOG.warn("{}: messages dropped: {}, {}", option, drops - reportedDrops, reason);
            hasReported = true;
            reportedNanos = now;
            reportedDrops = drops;
        }
    }

    /** Returns the name of the option without dashes. */
    public String name() {
        return option.substring(2);
    }

    /** Returns the counts. */
    public Statistics statistics() {
        return new Statistics(passed(), dropped());
    }

    /** Returns the number of messages that the receiver has taken. */
    public long passed() {
        return passed.sum();
    }

    /** Returns the number of messages that were dropped. */
    public long dropped() {
        return dropped.sum();
    }
}
