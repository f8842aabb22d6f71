package org.sipproxy.core.internal.overload;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.InboundQueue;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.ProxyClock;

/**
 * Queue of one receiver, bounded in bytes and in time.
 *
 * <p>Order of a turn: a slice of {@link Priority#ESTABLISHED}, a shorter one of {@link Priority#REFRESH}, then new work,
 * in which INVITEs take turns with everything else, so that neither starves the other. Each class is served in the
 * order of arrival. If the first class fills all of the time, new work still gets one slice in
 * {@value #FILLED_IN_A_ROW}.
 *
 * <p>Bounded in time, after CoDel (RFC 8289): new INVITEs are refused if they have waited longer than the target, once
 * the oldest has done so for an interval of the same length, so that a burst is not refused; and in any case if they
 * have waited twice as long. The limits of other classes are multiples of the target: a client retransmits after T1,
 * 500 ms, and what has waited longer is handled for nothing. What belongs to established calls has no limit but the
 * bytes, because it is what overload control protects.
 *
 * <p>A 503 costs a fraction of a call, and without it the client retransmits the INVITE. But at a high multiple of the
 * capacity the 503s would take all of it, so they have half of the time; beyond it, INVITEs are dropped.
 */
final class ReceiverQueue implements InboundQueue {

    /** Limit in bytes of all that waits; some 8,000 messages. */
    static final int MAX_BYTES = 8 << 20;

    /** Estimated size in bytes of a waiting message without its text. */
    private static final int OBJECTS = 160;

    /**
     * How long messages are handled before the receiver looks for others. With 30 % of a core it is three times as long,
     * and what the kernel cannot hold meanwhile is lost, established calls included.
     */
    private static final long ESTABLISHED_NANOS = 4_000_000L;

    /** The same for refreshes. */
    private static final long REFRESH_NANOS = 1_000_000L;

    /** The same for new work, which makes further work for established calls. */
    private static final long NEW_NANOS = 1_000_000L;

    /**
     * After this many slices in a row that {@link Priority#ESTABLISHED} filled, everything else gets a slice: a flood of
     * forged responses or ACKs must not stop registrations and new calls.
     */
    private static final int FILLED_IN_A_ROW = 8;

    /**
     * One {@value}th of the time may be spent on 503s. An INVITE without a response arrives seven times (RFC 3261
     * §17.1.1.2), which costs more than a 503 and its ACK.
     */
    private static final int SHARE_OF_REFUSALS = 2;

    /** Time in nanoseconds that can be spent on 503s at once. */
    private static final long MAX_CREDIT_NANOS = 10_000_000L;

    /** A power of two; about the number of messages in {@link #MAX_BYTES}. */
    private static final int CALLS = 1 << 14;

    private final OverloadControl control;
    private final MessageSink sink;
    private final ProxyClock clock;
    private final long targetNanos;
    private final EnumMap<Priority, ArrayDeque<Waiting>> queues = new EnumMap<>(Priority.class);
    /** Number of waiting new INVITEs by hash of their Call-ID. A CANCEL must not overtake its INVITE. */
    private final int[] waitingCalls = new int[CALLS];

    private int bytes;
    private int count;
    private boolean otherIsNext;
    /** Slices in a row after which established calls had more to do. */
    private int filledInARow;

    /** Since when the oldest INVITE has waited longer than the target; meaningless unless {@link #isAbove}. */
    private long aboveSinceNanos;

    private boolean isAbove;
    private boolean isShedding;

    private long creditNanos = MAX_CREDIT_NANOS;
    private long creditedAtNanos;

    /**
     * Waiting message.
     *
     * @param call index in {@link #waitingCalls} of an INVITE; −1 for other messages
     */
    private record Waiting(byte[] wire, TransportFlow from, Priority priority, int call, long sinceNanos) {

        int bytes() {
            return wire.length + OBJECTS;
        }
    }

    ReceiverQueue(OverloadControl control, MessageSink sink, ProxyClock clock, long targetNanos) {
        this.control = control;
        this.sink = sink;
        this.clock = clock;
        this.targetNanos = targetNanos;
        this.creditedAtNanos = clock.nanoTime();
        for (Priority priority : Priority.values()) {
            queues.put(priority, new ArrayDeque<>());
        }
    }

    private ArrayDeque<Waiting> queue(Priority priority) {
        return Objects.requireNonNull(queues.get(priority));
    }

    @Override
    public boolean isEmpty() {
        return count == 0;
    }

    @Override
    public void add(byte[] wire, TransportFlow from) {
        if (!sink.accepts(wire, from)) {
            return;
        }
        if (Classifier.isAck(wire) && sink.isAckOfRefusal(wire)) {
            return;
        }
        Priority priority = control.classify(wire);
        Priority behind = priority;
        int call = -1;
        if (priority == Priority.INVITE) {
            call = callOf(wire);
        } else if (Classifier.isCancel(wire) && waitingCalls[callOf(wire)] > 0) {
            behind = Priority.INVITE;
        }
        Waiting added = new Waiting(wire, from, priority, call, clock.nanoTime());
        control.queued.increment();
        while (bytes + added.bytes() > MAX_BYTES) {
            Priority least = leastImportant();
            if (least == null || least.compareTo(priority) < 0) {
                countDropped(priority, added.sinceNanos);
                return;
            }
            Waiting oldest = poll(least);
            if (oldest != null) {
                countDropped(least, added.sinceNanos);
            }
        }
        queue(behind).add(added);
        if (call >= 0) {
            waitingCalls[call]++;
        }
        bytes += added.bytes();
        count++;
        control.waiting.incrementAndGet();
    }

    private static int callOf(byte[] wire) {
        return (int) Classifier.callHash(wire) & CALLS - 1;
    }

    private @Nullable Priority leastImportant() {
        Priority least = null;
        for (Priority priority : Priority.values()) {
            if (!queue(priority).isEmpty()) {
                least = priority;
            }
        }
        return least;
    }

    private void countDropped(Priority priority, long nowNanos) {
        control.dropped.increment();
        control.countInvite(priority, false);
        control.shed(nowNanos);
    }

    private @Nullable Waiting poll(Priority priority) {
        Waiting first = queue(priority).poll();
        if (first != null) {
            bytes -= first.bytes();
            if (first.call >= 0) {
                waitingCalls[first.call]--;
            }
            count--;
            control.waiting.decrementAndGet();
        }
        return first;
    }

    @Override
    public void serve() {
        long now = handle(Priority.ESTABLISHED, clock.nanoTime(), ESTABLISHED_NANOS);
        now = handle(
                Priority.REFRESH, now, REFRESH_NANOS); // at each turn: it is little work and few clients wait so long
        now = shedLate(now); // also while calls wait: a client without a response sends its INVITE seven times
        if (queue(Priority.ESTABLISHED).isEmpty() || ++filledInARow >= FILLED_IN_A_ROW) {
            filledInARow = 0;
            handle(Priority.INVITE, now, NEW_NANOS);
        }
        if (count == 0) {
            isAbove = false;
            isShedding = false;
        }
    }

    /**
     * Handles messages until none is left or the slice is over.
     *
     * @param priority what is handled; {@link Priority#INVITE} and {@link Priority#OTHER} take turns
     * @return the time
     */
    private long handle(Priority priority, long beginNanos, long sliceNanos) {
        long now = beginNanos;
        while (now - beginNanos < sliceNanos) {
            Waiting next = priority == Priority.INVITE ? nextNew() : poll(priority);
            if (next == null) {
                break;
            }
            control.countInvite(next.priority, true);
            sink.handle(next.wire, next.from);
            now = clock.nanoTime();
        }
        return now;
    }

    private @Nullable Waiting nextNew() {
        Waiting next = poll(otherIsNext ? Priority.OTHER : Priority.INVITE);
        if (next == null) {
            next = poll(otherIsNext ? Priority.INVITE : Priority.OTHER);
        }
        otherIsNext = !otherIsNext;
        return next;
    }

    /** Refuses or drops the oldest messages of the classes that have waited too long. Returns the time. */
    private long shedLate(long nowNanos) {
        long begin = nowNanos;
        creditNanos = Math.min(MAX_CREDIT_NANOS, creditNanos + (begin - creditedAtNanos) / SHARE_OF_REFUSALS);
        creditedAtNanos = begin;
        while (isLateInvite(nowNanos)) {
            shedFirst(Priority.INVITE);
        }
        shedOlderThan(Priority.OTHER, nowNanos);
        shedOlderThan(Priority.REFRESH, nowNanos);
        long now = clock.nanoTime();
        creditNanos -= now - begin;
        return now;
    }

    private void shedOlderThan(Priority priority, long nowNanos) {
        long limit = targetNanos * priority.limitInTargets();
        Waiting first = queue(priority).peek();
        while (first != null && nowNanos - first.sinceNanos > limit) {
            shedFirst(priority);
            first = queue(priority).peek();
        }
    }

    private boolean isLateInvite(long nowNanos) {
        Waiting first = queue(Priority.INVITE).peek();
        long waited = first == null ? 0 : nowNanos - first.sinceNanos;
        if (waited <= targetNanos) {
            isAbove = false;
            if (waited <= targetNanos / 2) {
                isShedding = false;
            }
            return false;
        }
        if (!isAbove) {
            isAbove = true;
            aboveSinceNanos = nowNanos;
        }
        isShedding |= nowNanos - aboveSinceNanos >= targetNanos || waited >= 2 * targetNanos;
        return isShedding;
    }

    private void shedFirst(Priority priority) {
        Waiting late = poll(priority);
        if (late == null) {
            return;
        }
        if (late.priority == Priority.ESTABLISHED) {
            sink.handle(late.wire, late.from); // a CANCEL behind an INVITE
            return;
        }
        long begin = clock.nanoTime();
        if (begin - creditedAtNanos > creditNanos) {
            // a retransmission of a request in progress can be dropped as well: its client gets the response
            countDropped(priority, begin);
        } else if (sink.refuse(late.wire, late.from)) {
            control.refused.increment();
            control.countInvite(priority, false);
            control.shed(begin);
        }
    }
}
