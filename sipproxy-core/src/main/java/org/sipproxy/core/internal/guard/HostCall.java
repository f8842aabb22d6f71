package org.sipproxy.core.internal.guard;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.time.FailureLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Catch block around calls into one object of the host application or of an add-on. It counts and logs what was thrown
 * and never throws, so that an Error in such code neither ends a thread nor leaves work incomplete. The caller catches
 * Throwable, passes it on, and continues with the outcome for that place:
 *
 * <pre>
 *  called                                     outcome if it throws
 *  -----------------------------------------  ----------------------------------------------------------
 *  request stage, authentication, store       500, or 503 with Retry-After if temporarily unavailable
 *  {@code mayBlock} of a stage                treated as blocking
 *  arrival filter                             what arrived is refused
 *  domain source                              none of its domains for this request
 *  response stage                             the response is forwarded as it was before
 *  handler of stray responses                 the next handler is called
 *  listener, handler, scheduled task, close   the others are called
 *  start of a component                       the proxy does not start
 * </pre>
 *
 * <p>{@code HostCallsTest} checks that every call of an interface of the host application is in such a block.
 */
public final class HostCall {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private static final LongAdder FAILURES = new LongAdder();

    private final Logger log;
    private final String what;
    private final FailureLog failures = new FailureLog();
    private final FailureLog outages = new FailureLog(Duration.ofSeconds(30));

    /**
     * Creates a guard of one place.
     *
     * @param what what is called, such as "request listener"
     */
    public HostCall(String what) {
        this(LOG, what);
    }

    /** Creates a guard that logs to its own logger. */
    public HostCall(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    /** Counts and logs {@code e}. Never throws. An InterruptedException sets the thread's interrupt flag again. */
    public void failed(Throwable e) {
        failed("", e);
    }

    /**
     * Counts and logs {@code e} with the place.
     *
     * @param at what it was called for, such as "MESSAGE"; not text from a peer
     */
    public void failed(String at, Throwable e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        if (e instanceof TemporarilyUnavailableException) {
            outages.warn(log, what, " is temporarily unavailable", at, e);
            return;
        }
        FAILURES.increment();
        failures.error(log, what, " failed", at, e);
    }

    /** Returns how many calls have failed since the JVM started, summed over all its proxies. */
    public static long failures() {
        return FAILURES.sum();
    }
}
