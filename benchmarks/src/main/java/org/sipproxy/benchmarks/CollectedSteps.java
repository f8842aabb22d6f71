package org.sipproxy.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** Collects the stages and filters of a component, to measure them alone. */
final class CollectedSteps implements ComponentHooks {

    final List<ArrivalFilter> filters = new ArrayList<>();
    final List<RequestStage> stages = new ArrayList<>();

    @Override
    public void atEntrance(RequestStage stage) {
        stages.add(stage);
    }

    @Override
    public void onArrival(ArrivalFilter filter) {
        filters.add(filter);
    }

    @Override
    public void onNonSip(NonSipHandler handler) {}

    @Override
    public void beforeAuthentication(RequestStage stage) {}

    @Override
    public void beforeRouting(RequestStage stage) {}

    @Override
    public void beforeForwarding(RequestStage stage) {}

    @Override
    public void onResponse(ResponseStage stage) {}

    @Override
    public void onStrayResponse(StrayResponseHandler handler) {}

    @Override
    public void onLocationChange(LocationListener listener) {}

    @Override
    public void onRequestCompleted(RequestListener listener) {}

    @Override
    public void onEvent(ProxyListener listener) {}

    @Override
    public void serveDomains(DomainSource source) {}
}
