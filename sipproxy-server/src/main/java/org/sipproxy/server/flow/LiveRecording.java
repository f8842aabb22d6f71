package org.sipproxy.server.flow;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.SipProxy;

/**
 * Record of all messages for viewers that poll. The first poll starts it, and it ends when no viewer has polled for a
 * while: until then and afterwards it costs the proxy nothing. All viewers share one record, and a filter applies when it
 * is read. Bounded in messages, bytes, age and viewers. Thread-safe.
 */
public final class LiveRecording implements AutoCloseable {

    /**
     * Limits of a recording.
     *
     * @param record the messages that are kept
     * @param viewers viewers at a time
     * @param patience how long a viewer may be silent, in milliseconds
     * @param most messages in the response to one poll
     * @param mostBytes their size together, in bytes; a larger message is returned alone
     */
    public record Limits(FlowRecorder.Limits record, int viewers, int patience, int most, long mostBytes) {

        /** 2,000 messages or 8 MiB of the last 10 minutes; 8 viewers, 10 s; 300 messages or 1 MiB in a response. */
        public static final Limits DEFAULT =
                new Limits(new FlowRecorder.Limits(2_000, 8L << 20, Duration.ofMinutes(10)), 8, 10_000, 300, 1L << 20);
    }

    /**
     * Response to a poll.
     *
     * @param recording identity of the recording; numbers of another one mean other messages
     * @param since when it was started
     * @param last number up to which the messages were read; the viewer sends it with its next poll
     * @param missed messages that were dropped before the viewer read them
     * @param more true if there are more messages now
     * @param messages the messages that the filter selects
     */
    public record Messages(
            String recording, Instant since, long last, long missed, boolean more, List<TraceEvent> messages) {}

    /** There are too many viewers, or the recording was closed. */
    public static final class BusyException extends RuntimeException {

        private static final long serialVersionUID = 1;

        BusyException(String message) {
            super(message);
        }
    }

    private record Read(WireMessage wire, TraceEvent event) {}

    /** One recording, from the first poll to the end. */
    private static final class Session {
        final FlowRecorder recorder;
        final Instant since = Instant.now();
        final MessageNotes notes = new MessageNotes();
        final Deque<Read> messages = new ArrayDeque<>();
        final Map<String, Long> viewers = new HashMap<>();
        final String id;
        long last;
        long bytes;

        Session(FlowRecorder recorder, String id) {
            this.recorder = recorder;
            this.id = id;
        }
    }

    private final SipProxy proxy;
    private final Limits limits;
    private final String prefix = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    private long sessions;
    private @Nullable Session session;
    private boolean closed;

    /** Creates a recording that has not started. */
    public LiveRecording(SipProxy proxy, Limits limits) {
        this.proxy = proxy;
        this.limits = limits;
    }

    /**
     * Returns messages, and starts the recording unless it is in progress.
     *
     * @param viewer name of the viewer
     * @param recording the recording that the viewer has read; empty for none
     * @param after number of the last message that it has read
     * @param filter selects messages; a message that meets it selects its Call-ID
     * @throws BusyException if there are too many other viewers, or once it was closed
     */
    public synchronized Messages poll(String viewer, String recording, long after, TraceFilter filter) {
        if (closed) {
            throw new BusyException("the server is stopping");
        }
        Session current = session == null ? start() : session;
        admit(current, viewer);
        read(current);
        return select(current, current.id.equals(recording) ? after : -1, filter);
    }

    private Session start() {
        Session started =
                new Session(FlowRecorder.open(proxy, TraceFilter.ALL, limits.record()), prefix + "-" + ++sessions);
        session = started;
        Thread thread = new Thread(() -> endWhenIdle(started), "sipproxy-web-recording");
        thread.setDaemon(true);
        thread.start();
        return started;
    }

    private void admit(Session current, String viewer) {
        if (!current.viewers.containsKey(viewer)) {
            removeSilent(current);
            if (current.viewers.size() >= limits.viewers()) {
                throw new BusyException(
                        limits.viewers() + " viewers watch the messages already; close one of their pages");
            }
        }
        current.viewers.put(viewer, System.nanoTime());
    }

    private void removeSilent(Session current) {
        long now = System.nanoTime();
        current.viewers.values().removeIf(polled -> now - polled >= TimeUnit.MILLISECONDS.toNanos(limits.patience()));
    }

    private synchronized void endWhenIdle(Session started) {
        try {
            while (session == started) {
                removeSilent(started);
                if (started.viewers.isEmpty()) {
                    end();
                } else {
                    wait(Math.max(1, limits.patience() / 4));
                }
            }
        } catch (InterruptedException e) {
            end(); // this thread is interrupted by nothing
        }
    }

    /** Masks and annotates each new message once, in order. */
    private void read(Session current) {
        for (FlowRecorder.Numbered one : current.recorder.numbered(current.last)) {
            TraceEvent event = TraceEvent.of(TracedMessage.of(one.number(), one.message()), current.notes);
            current.messages.addLast(new Read(one.message(), event));
            current.bytes += one.message().length();
            current.last = one.number();
        }
        Instant eldest = Instant.now().minus(limits.record().age());
        while (current.messages.size() > limits.record().messages()
                || current.messages.size() > 1
                        && current.bytes > limits.record().bytes()
                || !current.messages.isEmpty()
                        && current.messages.getFirst().event().time().isBefore(eldest)) {
            current.bytes -= current.messages.removeFirst().wire().length();
        }
    }

    private Messages select(Session current, long after, TraceFilter filter) {
        TraceMatcher matcher = new TraceMatcher(filter);
        List<TraceEvent> found = new ArrayList<>();
        long bytes = 0;
        boolean more = false;
        long last = current.last;
        for (Read read : current.messages) {
            boolean isSelected = matcher.accepts(read.wire()); // also of those before: they select Call-IDs
            if (read.event().number() <= after || !isSelected) {
                continue;
            }
            bytes += read.wire().length();
            if (found.size() >= limits.most() || !found.isEmpty() && bytes > limits.mostBytes()) {
                more = true;
                last = found.get(found.size() - 1).number();
                break;
            }
            found.add(read.event());
        }
        long first = Optional.ofNullable(current.messages.peekFirst())
                .map(read -> read.event().number())
                .orElse(current.last + 1);
        long missed = after < 0 ? 0 : Math.max(0, first - after - 1);
        return new Messages(current.id, current.since, last, missed, more, found);
    }

    /** Returns true while messages are recorded. */
    public synchronized boolean isRecording() {
        return session != null;
    }

    private void end() {
        Session ended = session;
        session = null;
        if (ended != null) {
            ended.recorder.close();
        }
        notifyAll();
    }

    /** Ends the recording for good. */
    @Override
    public synchronized void close() {
        closed = true;
        end();
    }
}
