package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.flight.FlightEvents;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.message.SipRequest;

/**
 * Reports everything that the proxy refuses or drops: to the listeners, to the flight recorder, and to the log. What a
 * component has reported as an event is not logged.
 */
final class Refusals {

    private static final int NO_STATUS = 0;

    private final RefusalLog log;
    private final Components components;

    Refusals(RefusalLog log, Components components) {
        this.log = log;
        this.components = components;
    }

    /** Reports a request that got a locally generated failure. Challenges and successes are not refusals. */
    void refused(RequestContext context, int status, String phrase, byte[] headerLines) {
        String why = context.failure();
        refused(
                context.received(),
                context.flow(),
                status,
                why.isEmpty() ? phrase : why,
                headerLines,
                !isReported(context));
    }

    /** Reports a malformed request that got a failure. */
    void refused(SipRequest request, Flow from, int status, String phrase, byte[] headerLines) {
        refused(request, from, status, phrase, headerLines, true);
    }

    private void refused(
            SipRequest request, Flow from, int status, String phrase, byte[] headerLines, boolean isLogged) {
        boolean isNotified = isNotified();
        if (status < 400 || LocalResponses.isChallenge(status) || !(isNotified || isLogged && log.isOn())) {
            return;
        }
        String why = RefusalLog.why(phrase, headerLines);
        if (isNotified) {
            notify(status, why, from.remoteAddress(), from.kind(), request);
        }
        if (isLogged) {
            log.refused(request, from, status, why);
        }
    }

    /** Reports a request without a response. */
    void dropped(RequestContext context, String why) {
        dropped(context.received(), context.flow(), why, !isReported(context));
    }

    /** Reports a malformed request without a response. */
    void dropped(SipRequest request, Flow from, String why) {
        dropped(request, from, why, true);
    }

    private void dropped(SipRequest request, Flow from, String why, boolean isLogged) {
        if (isNotified()) {
            notify(NO_STATUS, why, from.remoteAddress(), from.kind(), request);
        }
        if (isLogged) {
            log.dropped(request, from, why);
        }
    }

    /** Reports bytes that are not a message. */
    void unreadable(Flow from, String why) {
        if (isNotified()) {
            notify(NO_STATUS, why, from.remoteAddress(), from.kind(), null);
        }
        log.unreadable(from, why);
    }

    /**
     * Reports what an arrival filter dropped. Not logged: the filter publishes an event of its own, and a flood of
     * datagrams must cost nothing here unless there is a listener.
     *
     * @param why the reason, which is a constant of the filter
     */
    void filtered(Flow from, String why) {
        filtered(from.remoteAddress(), from.kind(), why);
    }

    private void filtered(InetSocketAddress remote, TransportKind kind, String why) {
        if (isNotified()) {
            notify(NO_STATUS, why, why, remote, kind, null);
        }
    }

    /** Reports a connection that an arrival filter refused. Logged unless a component keeps a record of its events. */
    void connectionFiltered(InetSocketAddress remote, TransportKind kind, String why) {
        filtered(remote, kind, why);
        if (!components.keepsRecord()) {
            log.refusedConnection(remote, kind, why);
        }
    }

    /** Reports a connection that was not allowed, or whose handshake failed. */
    void refusedConnection(InetSocketAddress remote, TransportKind kind, String why) {
        if (isNotified()) {
            notify(NO_STATUS, why, remote, kind, null);
        }
        log.refusedConnection(remote, kind, why);
    }

    /** Reports a connection above a limit. Logged unless a component keeps a record of its events. */
    void connectionAboveLimit(InetSocketAddress remote, TransportKind kind, String why) {
        if (!components.keepsRecord()) {
            refusedConnection(remote, kind, why);
        } else if (isNotified()) {
            notify(NO_STATUS, why, remote, kind, null);
        }
    }

    /** Returns true if an event has reported the refusal to a listener that keeps a record. */
    private boolean isReported(RequestContext context) {
        return context.isReported() && components.keepsRecord();
    }

    private boolean isNotified() {
        return components.hasRefusalListeners() || FlightEvents.recordsRefusals();
    }

    private void notify(
            int status, String why, InetSocketAddress source, TransportKind kind, @Nullable SipRequest request) {
        notify(status, RefusalLog.kindOf(why), why, source, kind, request);
    }

    /**
     * @param reason why, without text that the sender chose
     */
    private void notify(
            int status,
            String reason,
            String why,
            InetSocketAddress source,
            TransportKind kind,
            @Nullable SipRequest request) {
        if (components.hasRefusalListeners()) {
            components.publish(new Refusal(status, reason, source, kind, Optional.ofNullable(request)));
        }
        if (FlightEvents.recordsRefusals()) {
            FlightEvents.refusal(status, why, source, kind, request);
        }
    }
}
