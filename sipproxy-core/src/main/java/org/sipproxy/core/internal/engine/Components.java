package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.ArrivalDecision;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Components of one proxy, and the hooks of components and host application. Exceptions thrown by a hook are logged and
 * do not propagate. If a filter throws, what it checked is refused.
 */
final class Components implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private final HostCall closing = new HostCall("closing a component");
    private final HostCall arrivals = new HostCall("arrival filter");
    private final HostCall nonSip = new HostCall("handler of non-SIP bytes");
    private final HostCall strayResponses = new HostCall("handler of stray responses");
    private final HostCall requestsCompleted = new HostCall("request listener");
    private final HostCall events = new HostCall("event listener");
    private final HostCall refused = new HostCall("refusal listener");
    private final HostCall databaseCalls = new HostCall("listener of database calls");
    private final List<ProxyComponent> components;
    private final Arrival[] arrivalFilters;
    private final NonSipHandler[] nonSipHandlers;
    private final StrayResponseHandler[] strayResponseHandlers;
    private final RequestListener[] requestListeners;
    private final ProxyListener[] listeners;
    private final boolean keepsRecord;
    private final RefusalListener[] refusalListeners;
    private final DatabaseListener[] databaseListeners;
    private final ProxyTime time;
    private final ParseLimits limits;
    private final RecentRefusals refusals;
    private int started;
    /** Number of components whose start has succeeded. */
    private int running;

    Components(
            List<ProxyComponent> components,
            CollectedHooks hooks,
            ProxyClock clock,
            ProxyTime time,
            ParseLimits limits) {
        this.components = List.copyOf(components);
        this.arrivalFilters = new Arrival[hooks.arrivalFilters.size()];
        for (int i = 0; i < arrivalFilters.length; i++) {
            ArrivalFilter filter = hooks.arrivalFilters.get(i);
            String name = filter.name();
            arrivalFilters[i] = new Arrival(filter, name, filteredBy(name));
        }
        this.nonSipHandlers = hooks.nonSipHandlers.toArray(new NonSipHandler[0]);
        this.strayResponseHandlers = hooks.strayResponseHandlers.toArray(new StrayResponseHandler[0]);
        this.requestListeners = hooks.requestListeners.toArray(new RequestListener[0]);
        this.listeners = hooks.listeners.toArray(new ProxyListener[0]);
        this.keepsRecord = hooks.listeners.stream().anyMatch(ProxyListener::keepsRecord);
        this.refusalListeners = hooks.refusalListeners.toArray(new RefusalListener[0]);
        this.databaseListeners = hooks.databaseListeners.toArray(new DatabaseListener[0]);
        this.time = time;
        this.refusals = new RecentRefusals(clock);
        this.limits = limits.toBuilder().messageBytes(16_777_216).build();
    }

    /**
     * An arrival filter.
     *
     * @param refusal the reason of what it drops; composed once, because it is needed for each datagram of a flood
     */
    private record Arrival(ArrivalFilter filter, String name, String refusal) {}

    /** Returns the reason of what an arrival filter drops. */
    static String filteredBy(String filter) {
        return "filtered on arrival by " + filter;
    }

    /** Returns the components in the order in which they run. */
    List<ProxyComponent> all() {
        return components;
    }

    /**
     * Starts the components in their order.
     *
     * @param check called after each; an exception that it throws ends the start
     */
    void start(ProxyRuntime runtime, Runnable check) {
        for (ProxyComponent component : components) {
            started++;
            component.start(runtime);
            running++;
            check.run();
        }
    }

    /** Notifies the started components, in reverse order, that the proxy begins to close. */
    void stopping() {
        for (int i = running - 1; i >= 0; i--) {
            ProxyComponent component = components.get(i);
            try {
                component.stopping();
            } catch (Throwable e) {
                closing.failed(component.getClass().getName(), e);
            }
        }
    }

    /** Closes the started components in reverse order. */
    @Override
    public void close() {
        while (started > 0) {
            ProxyComponent component = components.get(--started);
            try {
                component.close();
            } catch (Throwable e) {
                closing.failed(component.getClass().getName(), e);
            }
        }
    }

    /** Returns why a message is dropped; null if all filters accept it. */
    @Nullable
    String refusalOf(Flow flow, int length) {
        for (Arrival arrival : arrivalFilters) {
            try {
                if (!arrival.filter().accepts(flow, length)) {
                    return arrival.refusal();
                }
            } catch (Throwable e) {
                arrivals.failed(e);
                return arrival.refusal();
            }
        }
        return null;
    }

    /** Returns what the filters would decide about a rehearsed message. Skips filters that cannot be rehearsed. */
    List<ArrivalDecision> rehearse(Flow flow, int length) {
        List<ArrivalDecision> decisions = new ArrayList<>();
        for (Arrival arrival : arrivalFilters) {
            try {
                arrival.filter().rehearse(flow, length).ifPresent(decisions::add);
            } catch (Throwable e) {
                arrivals.failed(e);
                decisions.add(new ArrivalDecision(arrival.name(), false, "failed: " + e));
            }
        }
        return decisions;
    }

    /** Returns why a connection is refused; null if all filters accept it. */
    @Nullable
    String refusalOf(InetSocketAddress remote, Endpoint endpoint) {
        for (Arrival arrival : arrivalFilters) {
            try {
                if (!arrival.filter().acceptsConnection(remote, endpoint)) {
                    return arrival.refusal();
                }
            } catch (Throwable e) {
                arrivals.failed(e);
                return arrival.refusal();
            }
        }
        return null;
    }

    void onNonSip(Flow flow, byte[] bytes) {
        for (NonSipHandler handler : nonSipHandlers) {
            try {
                handler.onNonSip(flow, bytes);
            } catch (Throwable e) {
                nonSip.failed(e);
            }
        }
    }

    /** Returns true if a component claims the response as one to a request of its own. */
    boolean claims(SipResponse response, Flow flow) {
        for (StrayResponseHandler handler : strayResponseHandlers) {
            try {
                if (handler.onResponse(response, flow)) {
                    return true;
                }
            } catch (Throwable e) {
                strayResponses.failed(e);
            }
        }
        return false;
    }

    /** Returns true if a listener of events keeps a record of them. */
    boolean keepsRecord() {
        return keepsRecord;
    }

    void publish(SecurityEvent event) {
        for (ProxyListener listener : listeners) {
            try {
                listener.onEvent(event);
            } catch (Throwable e) {
                events.failed(e);
            }
        }
    }

    /** Returns true if there is a listener of refusals. */
    boolean hasRefusalListeners() {
        return refusalListeners.length > 0;
    }

    void publish(Refusal refusal) {
        for (RefusalListener listener : refusalListeners) {
            try {
                listener.onRefusal(refusal);
            } catch (Throwable e) {
                refused.failed(e);
            }
        }
    }

    void publish(DatabaseCall call) {
        for (DatabaseListener listener : databaseListeners) {
            try {
                listener.onDatabaseCall(call);
            } catch (Throwable e) {
                databaseCalls.failed(e);
            }
        }
    }

    /** Returns the To tag; empty if To cannot be parsed, because the response was sent to the client in any case. */
    private static String toTag(SipResponse sent) {
        try {
            return sent.toTag();
        } catch (SipParseException e) {
            return "";
        }
    }

    /**
     * Returns true if the listeners have been notified of this failure already. A stranger is refused without a
     * transaction, so each retransmission is refused again, but it is one missed call.
     */
    private boolean isRepeatedRefusal(RequestContext context, int statusCode) throws SipParseException {
        if (LocalResponses.isChallenge(statusCode)) {
            return false;
        }
        return refusals.isRepeated(TransactionKey.of(context.received()));
    }

    void completed(RequestContext context, int statusCode, byte[] response, List<Target> targets) {
        if (requestListeners.length == 0) {
            return;
        }
        CompletedRequest completed;
        try {
            if (statusCode >= 300 && !context.isProven() && isRepeatedRefusal(context, statusCode)) {
                return;
            }
            if (!(SipMessage.parse(response, limits) instanceof SipResponse sent)) {
                return;
            }
            completed = new CompletedRequest(
                    context.received(),
                    context.flow(),
                    statusCode,
                    sent.reasonPhrase(),
                    toTag(sent),
                    Instant.ofEpochMilli(context.receivedAtMillis()),
                    Instant.ofEpochMilli(time.wallMillis()),
                    targets,
                    context.authenticatedUser());
        } catch (SipParseException e) {
            LOG.debug("response not reported to the request listeners: {}", e.getMessage());
            return;
        }
        for (RequestListener listener : requestListeners) {
            try {
                listener.onCompleted(completed);
            } catch (Throwable e) {
                requestsCompleted.failed(e);
            }
        }
    }
}
