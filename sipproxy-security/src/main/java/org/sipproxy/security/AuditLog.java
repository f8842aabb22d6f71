package org.sipproxy.security;

import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.event.ProxyListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the proxy and its components report to the log {@code org.sipproxy.audit}: for each kind of event one line a second
 * at most, with the number of those left out. An event's texts are escaped and hold no credentials; neither does a line.
 */
public final class AuditLog implements ProxyListener {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.audit");
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    private final Throttle failed = new Throttle();
    private final Throttle locked = new Throttle();
    private final Throttle denied = new Throttle();
    private final Throttle limited = new Throttle();
    private final Throttle scanner = new Throttle();
    private final Throttle other = new Throttle();

    /** A log of its own throttle. */
    public AuditLog() {}

    @Override
    public void onEvent(ProxyEvent event) {
        if (event instanceof ProxyEvent.AuthenticationFailed e) {
            if (failed.isDue()) {
                failed.line("authentication failed", event, "user \"" + e.user() + "\": " + e.reason());
            }
        } else if (event instanceof ProxyEvent.AuthenticationLocked e) {
            if (locked.isDue()) {
                String who = e.user().isEmpty() ? "the source" : "user \"" + e.user() + "\"";
                locked.line("locked out", event, who + " for " + e.seconds() + " s");
            }
        } else if (event instanceof ProxyEvent.AccessDenied e) {
            if (denied.isDue()) {
                denied.line("access denied", event, e.rule());
            }
        } else if (event instanceof ProxyEvent.LimitHit e) {
            if (limited.isDue()) {
                limited.line("limit hit", event, e.limit());
            }
        } else if (event instanceof ProxyEvent.ScannerSeen e) {
            if (scanner.isDue()) {
                scanner.line("scanner", event, e.evidence());
            }
        } else if (other.isDue()) {
            other.line(event.getClass().getSimpleName(), event, "");
        }
    }

    private static final class Throttle {

        private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());
        private final AtomicLong leftOut = new AtomicLong();

        boolean isDue() {
            long now = System.nanoTime();
            long next = nextNanos.get();
            if (now - next < 0 || !nextNanos.compareAndSet(next, now + INTERVAL_NANOS)) {
                leftOut.incrementAndGet();
                return false;
            }
            return true;
        }

        void line(String what, ProxyEvent event, String detail) {
            LOG.warn(
                    "{} from {}: {} ({} more since the last such line)",
                    what,
                    event.source(),
                    detail,
                    leftOut.getAndSet(0));
        }
    }
}
