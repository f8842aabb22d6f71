package org.sipproxy.core.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.api.message.SipParseException;
import org.slf4j.Logger;

/**
 * Logs defects of this program or of a host's step that the network can provoke at will: a line a second at most by default, and what
 * may quote the wire escaped and shortened.
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

    /** Logs {@code what} with the exception's type, the start of its message, and its stack trace. */
    public void error(Logger log, String what, Throwable e) {
        if (!isDue()) {
            return;
        }
        Throwable trace = new Throwable(text(e));
        trace.setStackTrace(e.getStackTrace());
        log.error("{} ({} more since the last such line)", what, suppressed.getAndSet(0), trace);
    }

    /** Logs {@code what} with the exception's type and the start of its message, without a trace: it is no defect of ours. */
    public void warn(Logger log, String what, Throwable e) {
        if (isDue()) {
            log.warn("{}: {} ({} more since the last such line)", what, text(e), suppressed.getAndSet(0));
        }
    }

    /** Logs {@code what} with the start of the exception's message: the sender's fault, and nothing to act on. */
    public void info(Logger log, String what, Throwable e) {
        if (isDue()) {
            log.info("{}: {} ({} more since the last such line)", what, text(e), suppressed.getAndSet(0));
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

    private static String text(Throwable e) {
        String message = e.getMessage();
        String type = e.getClass().getName();
        return message == null ? type : type + ": " + SipParseException.excerpt(message);
    }
}
