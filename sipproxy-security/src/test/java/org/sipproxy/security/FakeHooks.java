package org.sipproxy.security;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RequestListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** The way of a request through one component. */
class FakeHooks implements ComponentHooks {

    private final List<ArrivalFilter> arrival = new ArrayList<>();
    private final List<RequestStage> entrance = new ArrayList<>();
    private final List<RequestStage> routing = new ArrayList<>();
    private final List<ProxyListener> listeners = new ArrayList<>();

    static FakeHooks of(ProxyComponent component, FakeRuntime runtime) {
        FakeHooks hooks = new FakeHooks();
        component.install(hooks);
        component.start(runtime);
        return hooks;
    }

    /** True if it is not even parsed. */
    boolean isFiltered(FakeStageContext context) {
        return !arrival.stream().allMatch(filter -> filter.accepts(context.flow(), 500));
    }

    boolean acceptsConnection(String from) {
        return acceptsConnection(from, Endpoint.tcp("192.0.2.1", 5060));
    }

    boolean acceptsConnection(String from, Endpoint endpoint) {
        InetSocketAddress remote = new InetSocketAddress(from, 50_000);
        return arrival.stream().allMatch(filter -> filter.acceptsConnection(remote, endpoint));
    }

    /** What becomes of a request until it is routed, as a user if that is said; null if it is not even parsed. */
    @Nullable
    Verdict send(FakeStageContext context, @Nullable String authenticated) {
        if (isFiltered(context)) {
            return null;
        }
        Verdict verdict = run(entrance, context);
        if (verdict != Verdict.proceed() || authenticated == null) {
            return verdict;
        }
        context.authenticated(authenticated, "example.org", -1);
        return run(routing, context);
    }

    @Nullable
    Verdict send(FakeStageContext context) {
        return send(context, null);
    }

    void tell(ProxyEvent event) {
        listeners.forEach(listener -> listener.onEvent(event));
    }

    private static Verdict run(List<RequestStage> stages, FakeStageContext context) {
        for (RequestStage stage : stages) {
            try {
                Verdict verdict = stage.handle(context);
                if (verdict != Verdict.proceed()) {
                    return verdict;
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        return Verdict.proceed();
    }

    List<RequestStage> stages() {
        List<RequestStage> all = new ArrayList<>(entrance);
        all.addAll(routing);
        return all;
    }

    @Override
    public void onArrival(ArrivalFilter filter) {
        arrival.add(filter);
    }

    @Override
    public void onNonSip(NonSipHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void atEntrance(RequestStage stage) {
        entrance.add(stage);
    }

    @Override
    public void beforeAuthentication(RequestStage stage) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void beforeRouting(RequestStage stage) {
        routing.add(stage);
    }

    @Override
    public void beforeForwarding(RequestStage stage) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onResponse(ResponseStage stage) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onStrayResponse(StrayResponseHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onLocationChange(LocationListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onRequestCompleted(RequestListener listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void serveDomains(DomainSource source) {
        throw new UnsupportedOperationException("security serves no domains");
    }

    @Override
    public void onEvent(ProxyListener listener) {
        listeners.add(listener);
    }
}
