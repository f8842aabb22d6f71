package org.sipproxy.api.status;

import java.util.List;
import org.sipproxy.annotation.Beta;

/**
 * Health of a proxy, for a load balancer or a monitor.
 *
 * @param status the worst of the problems; {@link Status#READY} without any
 * @param problems what is wrong, in words; empty if nothing is
 */
public record ProxyHealth(Status status, List<String> problems) {

    /** Copies the list. */
    @Beta
    public ProxyHealth {
        problems = List.copyOf(problems);
    }

    /** Level of service. */
    public enum Status {
        /** Serves everything. */
        READY,
        /**
         * Serves everything from memory, but its database is down: a crash would lose changes. Or serves what it can in
         * an overload, and refuses some new calls.
         */
        DEGRADED,
        /**
         * Refuses requests that a healthy proxy would serve: it is not running, takes no new calls, has lost a UDP
         * socket, or needs a database that is down. The storage mode database-only needs the database for calls;
         * write-through needs it for registrations.
         */
        NOT_READY
    }

    /** Returns false if a load balancer should choose another proxy. */
    public boolean isReady() {
        return status != Status.NOT_READY;
    }
}
