package org.sipproxy.server.systemd;

import java.util.stream.Collectors;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/** Line that {@code systemctl status} shows. */
final class StatusLine {

    private StatusLine() {}

    static String of(SipProxy proxy) {
        ProxyStatistics now = proxy.statistics();
        return service(proxy.state(), proxy.health())
                + proxy.boundEndpoints().stream().map(Endpoint::toString).collect(Collectors.joining(" "))
                + "; " + Quantity.of(now.requests(), "request") + " received, " + now.unanswered() + " in progress, "
                + Quantity.of(now.connections(), "connection");
    }

    private static String service(SipProxy.State state, ProxyHealth health) {
        String word = state == SipProxy.State.DRAINING
                ? "draining "
                : switch (health.status()) {
                    case READY -> "serving ";
                    case DEGRADED -> "degraded ";
                    case NOT_READY -> "not ready ";
                };
        return health.problems().isEmpty() ? word : word.strip() + " (" + oneLine(health) + ") ";
    }

    /** A line end would begin another assignment of the message. */
    private static String oneLine(ProxyHealth health) {
        return String.join("; ", health.problems()).replaceAll("\\s+", " ");
    }
}
