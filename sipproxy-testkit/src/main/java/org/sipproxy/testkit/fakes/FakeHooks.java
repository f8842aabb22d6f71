package org.sipproxy.testkit.fakes;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;
import org.sipproxy.message.SipResponse;

/**
 * Hooks of a proxy, for the unit test of a component. Collects what the component installs, in order, and passes
 * requests, bytes and events to it.
 */
public final class FakeHooks implements ComponentHooks {

    private final List<ArrivalFilter> arrival = new ArrayList<>();
    private final List<NonSipHandler> nonSip = new ArrayList<>();
    private final List<RequestStage> entrance = new ArrayList<>();
    private final List<RequestStage> authentication = new ArrayList<>();
    private final List<RequestStage> routing = new ArrayList<>();
    private final List<RequestStage> unavailable = new ArrayList<>();
    private final List<RequestStage> forwarding = new ArrayList<>();
    private final List<ResponseStage> responses = new ArrayList<>();
    private final List<StrayResponseHandler> strays = new ArrayList<>();
    private final List<LocationListener> locations = new ArrayList<>();
    private final List<ProxyListener> listeners = new ArrayList<>();
    private final List<CallListener> callListeners = new ArrayList<>();
    private final List<RequestListener> requestListeners = new ArrayList<>();
    private final List<DomainSource> domainSources = new ArrayList<>();
    private final List<RefusalListener> refusalListeners = new ArrayList<>();
    private final List<DatabaseListener> databaseListeners = new ArrayList<>();

    /** Creates hooks without a component. */
    public FakeHooks() {}

    /** Installs and starts a component. */
    public static FakeHooks of(ProxyComponent component, ProxyRuntime runtime) {
        FakeHooks hooks = new FakeHooks();
        component.install(hooks);
        component.start(runtime);
        return hooks;
    }

    // ---- for tests

    /** Returns true if an arrival filter drops the message. */
    public boolean isFiltered(FakeStageContext context) {
        return !arrival.stream().allMatch(filter -> filter.accepts(context.flow(), 500));
    }

    /**
     * Returns the result of a request to a user who cannot be reached.
     *
     * @throws Exception as the component's stage
     */
    public Verdict unavailable(FakeStageContext context) throws Exception {
        Verdict verdict = Verdict.proceed();
        for (RequestStage stage : unavailable) {
            verdict = stage.handle(context);
            if (verdict != Verdict.proceed()) {
                return verdict;
            }
        }
        return verdict;
    }

    /** True if every arrival filter accepts a TCP connection from a numeric address. */
    public boolean acceptsConnection(String from) {
        return acceptsConnection(from, Endpoint.tcp("192.0.2.1", 5060));
    }

    /** True if every arrival filter accepts a connection from a numeric address to a listening point. */
    public boolean acceptsConnection(String from, Endpoint endpoint) {
        InetSocketAddress remote = new InetSocketAddress(from, 50_000);
        return arrival.stream().allMatch(filter -> filter.acceptsConnection(remote, endpoint));
    }

    /**
     * Returns the result of a request, up to routing, for a user if one is given; null if an arrival filter dropped it.
     */
    public @Nullable Verdict send(FakeStageContext context, @Nullable String authenticated) {
        if (isFiltered(context)) {
            return null;
        }
        Verdict verdict = run(entrance, context);
        if (verdict == Verdict.proceed()) {
            verdict = run(authentication, context);
        }
        if (verdict != Verdict.proceed() || authenticated == null) {
            return verdict;
        }
        context.authenticated(authenticated, "example.org", -1);
        return run(routing, context);
    }

    /** Returns the result of a request before authentication; null if an arrival filter dropped it. */
    public @Nullable Verdict send(FakeStageContext context) {
        return send(context, null);
    }

    /**
     * Returns the result of a request that is not authenticated, up to routing; null if an arrival filter dropped it.
     */
    public @Nullable Verdict sendAsStranger(FakeStageContext context) {
        Verdict verdict = send(context);
        return verdict == Verdict.proceed() ? run(routing, context) : verdict;
    }

    private static Verdict run(List<RequestStage> stages, FakeStageContext context) {
        for (RequestStage stage : stages) {
            try {
                Verdict verdict = stage.handle(context);
                if (verdict != Verdict.proceed()) {
                    return verdict;
                }
            } catch (Exception e) {
                throw new AssertionError(stage.name() + " failed", e);
            }
        }
        return Verdict.proceed();
    }

    /** Passes bytes that are not a SIP message to the handlers. */
    public void arrives(Flow flow, byte[] bytes) {
        nonSip.forEach(handler -> handler.onNonSip(flow, bytes));
    }

    /** Passes a stray response to the handlers. Returns true if one of them accepts it. */
    public boolean arrives(SipResponse response, Flow from) {
        return strays.stream().anyMatch(handler -> handler.onResponse(response, from));
    }

    /** Notifies the listeners of a security event. */
    public void publish(SecurityEvent event) {
        listeners.forEach(listener -> listener.onEvent(event));
    }

    /** Notifies the listeners of a change of a binding. */
    public void publish(LocationEvent event) {
        locations.forEach(listener -> listener.onChange(event));
    }

    /** Notifies the listeners of a completed request. */
    public void completed(CompletedRequest request) {
        requestListeners.forEach(listener -> listener.onCompleted(request));
    }

    /** Notifies the listeners of calls. */
    public void publish(CallEvent event) {
        callListeners.forEach(listener -> listener.onCall(event));
    }

    /** Notifies the listeners of a refusal. */
    public void publish(Refusal refusal) {
        refusalListeners.forEach(listener -> listener.onRefusal(refusal));
    }

    /** Notifies the listeners of an operation on a database. */
    public void publish(DatabaseCall call) {
        databaseListeners.forEach(listener -> listener.onDatabaseCall(call));
    }

    /** Returns the arrival filters. */
    public List<ArrivalFilter> arrivalFilters() {
        return arrival;
    }

    /** Returns the sources of domains. */
    public List<DomainSource> domainSources() {
        return domainSources;
    }

    /** Returns the stages for requests, in the order in which a request passes them. */
    public List<RequestStage> stages() {
        List<RequestStage> all = new ArrayList<>(entrance);
        all.addAll(authentication);
        all.addAll(routing);
        all.addAll(forwarding);
        return all;
    }

    /** Returns the stages for responses. */
    public List<ResponseStage> responseStages() {
        return responses;
    }

    // ---- ComponentHooks

    @Override
    public void onArrival(ArrivalFilter filter) {
        arrival.add(filter);
    }

    @Override
    public void onNonSip(NonSipHandler handler) {
        nonSip.add(handler);
    }

    @Override
    public void atEntrance(RequestStage stage) {
        entrance.add(stage);
    }

    @Override
    public void beforeAuthentication(RequestStage stage) {
        authentication.add(stage);
    }

    @Override
    public void beforeRouting(RequestStage stage) {
        routing.add(stage);
    }

    @Override
    public void onUnavailableUser(RequestStage stage) {
        unavailable.add(stage);
    }

    @Override
    public void beforeForwarding(RequestStage stage) {
        forwarding.add(stage);
    }

    @Override
    public void onResponse(ResponseStage stage) {
        responses.add(stage);
    }

    @Override
    public void onStrayResponse(StrayResponseHandler handler) {
        strays.add(handler);
    }

    @Override
    public void onLocationChange(LocationListener listener) {
        locations.add(listener);
    }

    @Override
    public void onRequestCompleted(RequestListener listener) {
        requestListeners.add(listener);
    }

    @Override
    public void serveDomains(DomainSource source) {
        domainSources.add(source);
    }

    @Override
    public void onCall(CallListener listener) {
        callListeners.add(listener);
    }

    @Override
    public void onEvent(ProxyListener listener) {
        listeners.add(listener);
    }

    @Override
    public void onRefusal(RefusalListener listener) {
        refusalListeners.add(listener);
    }

    @Override
    public void onDatabaseCall(DatabaseListener listener) {
        databaseListeners.add(listener);
    }
}
