package org.sipproxy.core.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;

/**
 * Logs defects of this program or of a host's code that the network can provoke at will: a line a second at most by default. An
 * exception is logged as it is, with its type, causes and stack traces; only if a message in it holds control characters, it is
 * replaced by a {@link PrintableThrowable}, so that nobody can write log lines of their own. It counts the Errors that it is given,
 * and never throws: it is called in catch blocks, where a second OutOfMemoryError would end the thread that survived the first.
 */
public final class LogThrottle {

    private final long intervalNanos;
    private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());
    private final AtomicLong suppressed = new AtomicLong();

    /** A line a second. */
    public LogThrottle() {
        this(Duration.ofSeconds(1));
    }

    /** A line each {@code interval}. */
    public LogThrottle(Duration interval) {
        intervalNanos = interval.toNanos();
    }

    /** Logs {@code what} with the exception. */
    public void error(Logger log, String what, Throwable e) {
        error(log, what, "", "", e);
    }

    /**
     * The same; the texts are joined only if the line is due.
     *
     * @param at what it happened at; empty for nothing
     */
    public void error(Logger log, String what, String how, String at, Throwable e) {
        Guard.count(e);
        if (!isDue()) {
            return;
        }
        try {
            log.error(
                    "{} ({} more since the last such line)",
                    joined(what, how, at),
                    suppressed.getAndSet(0),
                    PrintableThrowable.of(e));
        } catch (Throwable again) {
            Guard.count(again);
        }
    }

    /** Logs {@code what} with the exception's type, message and causes in one line, without a trace: it is not a defect of ours. */
    public void warn(Logger log, String what, Throwable e) {
        warn(log, what, "", "", e);
    }

    /** The same; the texts are joined only if the line is due. */
    public void warn(Logger log, String what, String how, String at, Throwable e) {
        Guard.count(e);
        if (!isDue()) {
            return;
        }
        try {
            log.warn(
                    "{}: {} ({} more since the last such line)",
                    joined(what, how, at),
                    PrintableThrowable.line(e),
                    suppressed.getAndSet(0));
        } catch (Throwable again) {
            Guard.count(again);
        }
    }

    private static String joined(String what, String how, String at) {
        String text = what + how;
        return at.isEmpty() ? text : text + " for " + at;
    }

    /** Logs {@code what} with the start of the exception's message, which quotes the wire: the sender's fault. */
    public void info(Logger log, String what, Throwable e) {
        if (isDue()) {
            log.info("{}: {} ({} more since the last such line)", what, excerpt(e), suppressed.getAndSet(0));
        }
    }

    /** Logs {@code what}, which holds nothing of the wire. */
    public void warn(Logger log, String what) {
        if (isDue()) {
            log.warn("{} ({} more since the last such line)", what, suppressed.getAndSet(0));
        }
    }

    private boolean isDue() {
        long now = System.nanoTime();
        long next = nextNanos.get();
        if (now - next < 0 || !nextNanos.compareAndSet(next, now + intervalNanos)) {
            suppressed.incrementAndGet();
            return false;
        }
        return true;
    }

    private static String excerpt(Throwable e) {
        String message = e.getMessage();
        String type = e.getClass().getName();
        return message == null ? type : type + ": " + SipParseException.excerpt(message);
    }
}
