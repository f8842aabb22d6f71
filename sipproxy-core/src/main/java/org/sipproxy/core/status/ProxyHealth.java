package org.sipproxy.core.status;

import java.util.List;

/**
 * Whether a proxy serves as it should, for a load balancer or a monitor.
 *
 * @param status the worst of the problems; {@link Status#READY} without any
 * @param problems what is wrong, for a human; empty if nothing is
 */
public record ProxyHealth(Status status, List<String> problems) {

    /** Copies the list. */
    public ProxyHealth {
        problems = List.copyOf(problems);
    }

    /** How well it serves. */
    public enum Status {
        /** Serves everything. */
        READY,
        /** Serves everything from memory, but its database is away: a crash would lose changes. */
        DEGRADED,
        /**
         * Refuses requests that a healthy proxy would serve: it does not run, takes no new calls, has lost a UDP socket, or needs a
         * database that is away.
         * Database-only needs it for calls, write-through for registrations.
         */
        NOT_READY
    }

    /** True unless a load balancer should choose another proxy. */
    public boolean isReady() {
        return status != Status.NOT_READY;
    }
}
