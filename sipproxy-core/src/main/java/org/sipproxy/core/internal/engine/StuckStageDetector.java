package org.sipproxy.core.internal.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.time.FailureLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects a message that holds its receiver thread, which must not block: a stage that blocks although its
 * {@code mayBlock()} returned false, or a listener that waits for a lock or a disk. Logs the stack trace of the thread.
 *
 * <p>A receiver thread increments its own counter before and after each message, so it is odd while a message is
 * handled. {@link #check}, on the timer thread, looks for an odd value that has not changed since the previous check.
 */
final class StuckStageDetector {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private final FailureLog failures = new FailureLog();
    private final List<Mark> marks = new CopyOnWriteArrayList<>();
    private final ThreadLocal<Mark> own = ThreadLocal.withInitial(this::newMark);
    private final LongAdder stalled = new LongAdder();

    private Mark newMark() {
        Mark mark = new Mark(Thread.currentThread());
        marks.add(mark);
        return mark;
    }

    /** Returns the mark of the calling thread. */
    Mark mark() {
        return own.get();
    }

    /** Returns how many messages stalled their thread from one check to the next. */
    long stalled() {
        return stalled.sum();
    }

    /** Checks all receiver threads. The interval of the calls is the time for which a message may hold its thread. */
    void check() {
        for (Mark mark : marks) {
            if (mark.isStalledSinceLastCheck()) {
                stalled.increment();
                Throwable where = new Throwable(mark.thread.getName());
                where.setStackTrace(mark.thread.getStackTrace());
                failures.error(
                        LOG,
                        "a message holds its receiver thread for a second; a stage that blocks must return true from"
                                + " mayBlock()",
                        where);
            }
        }
    }

    /** Mark of one receiver thread. */
    static final class Mark {

        private static final VarHandle COUNT;

        static {
            try {
                COUNT = MethodHandles.lookup().findVarHandle(Mark.class, "count", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Thread thread;

        /** Odd while a message is handled. Written by {@link #thread} only. The timer thread may see it late. */
        @SuppressWarnings("unused") // by COUNT
        private long count;

        // timer thread only
        private long seen;
        private boolean reported;

        private Mark(Thread thread) {
            this.thread = thread;
        }

        void begin() {
            COUNT.setOpaque(this, count + 1);
        }

        void end() {
            COUNT.setOpaque(this, count + 1);
        }

        /** Returns true once for each message. */
        private boolean isStalledSinceLastCheck() {
            long now = (long) COUNT.getOpaque(this);
            boolean same = now == seen && (now & 1) == 1;
            boolean first = same && !reported;
            reported = same;
            seen = now;
            return first;
        }
    }
}
