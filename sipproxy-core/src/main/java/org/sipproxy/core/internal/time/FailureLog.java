package org.sipproxy.core.internal.time;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;

/**
 * Rate-limited log for defects of this program or of host code that the network can provoke at will. By default at most
 * one line per second is logged. The first defect of each of the first {@value #MAX_TYPES} types of exceptions is
 * logged in any case. An exception is logged with its type, causes and stack traces. Only if one of its messages
 * contains control characters is it replaced by a {@link PrintableThrowable}, so that peers cannot forge log lines.
 * Counts the Errors that it is given. Never throws: it is called in catch blocks, where a second OutOfMemoryError would
 * end the thread that survived the first.
 */
public final class FailureLog {

    private static final int MAX_TYPES = 16;

    private final LogPace pace;
    /** Types of logged defects, so that a frequent one does not hide a rare one. */
    private final Set<Class<?>> types = ConcurrentHashMap.newKeySet(1);

    /** Creates a throttle that passes one line per second. */
    public FailureLog() {
        this(Duration.ofSeconds(1));
    }

    /** Creates a throttle that passes one line per {@code interval}. */
    public FailureLog(Duration interval) {
        pace = new LogPace(interval);
    }

    /** Logs {@code what} with the exception. */
    public void error(Logger log, String what, Throwable e) {
        error(log, what, "", "", e);
    }

    /**
     * Logs {@code what} with the exception; the texts are joined only if the line is due.
     *
     * @param at where it happened; empty for none
     */
    public void error(Logger log, String what, String how, String at, Throwable e) {
        Guard.count(e);
        boolean isFirst = isFirstOfItsType(e);
        boolean isDue = pace.isDue();
        if (!isFirst && !isDue) {
            return;
        }
        try {
            log.error(
                    "{} ({} more since the last such line)",
                    joined(what, how, at),
                    isDue ? pace.takeOmitted() : pace.takeOmitted() - 1, // without this one
                    PrintableThrowable.of(e));
        } catch (Throwable again) {
            Guard.count(again);
            unprintable(log, what, e, again);
        }
    }

    private boolean isFirstOfItsType(Throwable e) {
        try {
            return types.size() < MAX_TYPES && types.add(e.getClass());
        } catch (Throwable again) {
            Guard.count(again);
            return false;
        }
    }

    /**
     * Logs {@code what} with the exception's type, message and causes in one line, without a stack trace, because it is
     * not a defect of this program.
     */
    public void warn(Logger log, String what, Throwable e) {
        warn(log, what, "", "", e);
    }

    /** Logs the same line; the texts are joined only if the line is due. */
    public void warn(Logger log, String what, String how, String at, Throwable e) {
        Guard.count(e);
        if (!pace.isDue()) {
            return;
        }
        try {
            log.warn(
                    "{}: {} ({} more since the last such line)",
                    joined(what, how, at),
                    PrintableThrowable.line(e),
                    pace.takeOmitted());
        } catch (Throwable again) {
            Guard.count(again);
            unprintable(log, what, e, again);
        }
    }

    /** Logs an exception of a host application whose own methods throw. */
    private static void unprintable(Logger log, String what, Throwable e, Throwable again) {
        if (again instanceof VirtualMachineError) {
            return; // such as OutOfMemoryError: not of the exception, and another line needs memory too
        }
        try {
            log.error(
                    "{}: {}, which cannot be printed: {}",
                    what,
                    e.getClass().getName(),
                    again.getClass().getName());
        } catch (Throwable third) {
            Guard.count(third);
        }
    }

    private static String joined(String what, String how, String at) {
        String text = what + how;
        return at.isEmpty() ? text : text + " for " + at;
    }

    /** Logs {@code what} with the start of the exception's message, which quotes the wire: the sender's fault. */
    public void info(Logger log, String what, Throwable e) {
        if (pace.isDue()) {
            log.info("{}: {} ({} more since the last such line)", what, excerpt(e), pace.takeOmitted());
        }
    }

    /** Logs {@code what}, which must not contain text from the wire. */
    public void warn(Logger log, String what) {
        if (pace.isDue()) {
            log.warn("{} ({} more since the last such line)", what, pace.takeOmitted());
        }
    }

    private static String excerpt(Throwable e) {
        String message = e.getMessage();
        String type = e.getClass().getName();
        return message == null ? type : type + ": " + SipParseException.excerpt(message);
    }
}
