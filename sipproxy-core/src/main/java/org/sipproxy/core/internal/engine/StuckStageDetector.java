package org.sipproxy.core.internal.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.time.LogThrottle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that one message holds the thread that receives messages, which nothing may: a step that blocks and says that it
 * never does, a listener that waits for a lock or a disk. It is told with the place where the thread stands.
 *
 * <p>A receiving thread counts one up before a message and one up after it, in a field of its own; {@link #check}, on the timer's
 * thread, looks whether an odd count is still the one of the time before.
 */
final class StuckStageDetector {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private final LogThrottle throttle = new LogThrottle();
    private final List<Mark> marks = new CopyOnWriteArrayList<>();
    private final ThreadLocal<Mark> own = ThreadLocal.withInitial(this::newMark);
    private final LongAdder held = new LongAdder();

    private Mark newMark() {
        Mark mark = new Mark(Thread.currentThread());
        marks.add(mark);
        return mark;
    }

    /** That of the calling thread. */
    Mark mark() {
        return own.get();
    }

    /** How many messages were found to hold their thread from one check to the next. */
    long held() {
        return held.sum();
    }

    /** Called at intervals of the length that no message may hold its thread for. */
    void check() {
        for (Mark mark : marks) {
            if (mark.isHeldSinceLastLook()) {
                held.increment();
                Throwable where = new Throwable(mark.thread.getName());
                where.setStackTrace(mark.thread.getStackTrace());
                throttle.error(
                        LOG,
                        "a message holds its receiving thread for a second; a stage that blocks has to say so with mayBlock()",
                        where);
            }
        }
    }

    /** One thread's. */
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

        /** Odd while a message is worked on. Written by {@link #thread} only, and read by the timer's, which may see it late. */
        @SuppressWarnings("unused") // by COUNT
        private long count;

        // The timer's thread only.
        private long seen;
        private boolean told;

        private Mark(Thread thread) {
            this.thread = thread;
        }

        void begin() {
            COUNT.setOpaque(this, count + 1);
        }

        void end() {
            COUNT.setOpaque(this, count + 1);
        }

        /** True once for each message. */
        private boolean isHeldSinceLastLook() {
            long now = (long) COUNT.getOpaque(this);
            boolean same = now == seen && (now & 1) == 1;
            boolean first = same && !told;
            told = same;
            seen = now;
            return first;
        }
    }
}
