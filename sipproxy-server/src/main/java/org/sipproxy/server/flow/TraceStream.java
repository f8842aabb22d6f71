package org.sipproxy.server.flow;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.sipproxy.core.SipProxy;

/** One trace in progress: reads its recorder on a thread of its own and passes events on until it ends. */
final class TraceStream implements AutoCloseable {

    /** Limits of a trace, below those of a recorder that keeps messages for later. */
    private static final FlowRecorder.Limits LIMITS = new FlowRecorder.Limits(5_000, 8L << 20, Duration.ofMinutes(10));

    private static final Duration PATIENCE = Duration.ofMillis(500);

    /** Messages that are missing, because they arrived faster than they were read. */
    record Missed(long missed) {}

    private final FlowRecorder recorder;
    private final Predicate<Object> events;
    private final Runnable ended;
    private final long most;
    private final long deadlineNanos;
    private long last;
    private long count;

    private TraceStream(FlowRecorder recorder, Duration duration, long most, Predicate<Object> events, Runnable ended) {
        this.recorder = recorder;
        this.events = events;
        this.ended = ended;
        this.most = most;
        this.deadlineNanos = System.nanoTime() + duration.toNanos();
    }

    /**
     * Starts a trace.
     *
     * @param duration when it ends at the latest
     * @param most number of messages after which it ends
     * @param events receiver of a {@link TraceEvent} or {@link Missed}; returns false to end the trace. Must not block
     * @param ended called once, on the thread of the trace
     */
    static TraceStream start(
            SipProxy proxy,
            TraceFilter filter,
            Duration duration,
            long most,
            Predicate<Object> events,
            Runnable ended) {
        TraceStream stream = new TraceStream(FlowRecorder.open(proxy, filter, LIMITS), duration, most, events, ended);
        Thread thread = new Thread(stream::run, "sipproxy-trace");
        thread.setDaemon(true);
        thread.start();
        return stream;
    }

    private void run() {
        MessageNotes notes = new MessageNotes();
        try {
            while (!recorder.isClosed() && count < most && System.nanoTime() - deadlineNanos < 0) {
                if (!pass(recorder.await(last, PATIENCE), notes)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            recorder.close();
            ended.run();
        }
    }

    private boolean pass(List<TracedMessage> messages, MessageNotes notes) {
        for (TracedMessage message : messages) {
            long missed = message.number() - last - 1;
            if (missed > 0 && !events.test(new Missed(missed))) {
                return false;
            }
            last = message.number();
            if (!events.test(TraceEvent.of(message, notes)) || ++count >= most) {
                return false;
            }
        }
        return true;
    }

    /** Ends the trace soon. */
    @Override
    public void close() {
        recorder.close();
    }
}
