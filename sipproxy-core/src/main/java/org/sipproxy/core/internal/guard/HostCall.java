package org.sipproxy.core.internal.guard;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.core.internal.time.LogThrottle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The catch block around calls into one object of the host or of an add-on. It counts and logs what was thrown, and never throws,
 * so an Error of the host ends no thread and leaves nothing half done. The caller catches Throwable, hands it over, and goes on
 * with the outcome that its place defines:
 *
 * <pre>
 *  called                                     outcome if it throws
 *  -----------------------------------------  ----------------------------------------------------------
 *  request stage, authentication, store       503 with Retry-After if it is unavailable for now, else 500
 *  {@code mayBlock} of a stage                treated as blocking
 *  arrival filter                             what arrived is refused
 *  domain source                              none of its domains for this request
 *  response stage                             the response is forwarded as it was before
 *  handler of stray responses                 the next handler is asked
 *  listener, handler, scheduled task, close   the others are called
 *  start of a component                       the proxy does not start
 * </pre>
 *
 * <p>{@code ArchitectureTest} checks that every call of an interface of the host stands in such a block.
 */
public final class HostCall {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.core.host");

    private static final LongAdder FAILURES = new LongAdder();

    private final Logger log;
    private final String what;
    private final LogThrottle failures = new LogThrottle();
    private final LogThrottle outages = new LogThrottle(Duration.ofSeconds(30));

    /**
     * A guard of one place.
     *
     * @param what what is called, such as "request listener"
     */
    public HostCall(String what) {
        this(LOG, what);
    }

    /** A guard that logs to a logger of its own. */
    public HostCall(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    /** Counts and logs {@code e}. Never throws. An InterruptedException sets the thread's interrupt again. */
    public void failed(Throwable e) {
        failed("", e);
    }

    /**
     * The same.
     *
     * @param at what it was called for, such as "MESSAGE"; not a text that a peer wrote
     */
    public void failed(String at, Throwable e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        if (e instanceof TemporarilyUnavailableException) {
            outages.warn(log, what, " cannot do its work now", at, e);
            return;
        }
        FAILURES.increment();
        failures.error(log, what, " failed", at, e);
    }

    /** How many calls have failed since the JVM started, of all proxies in it. */
    public static long failures() {
        return FAILURES.sum();
    }
}
