package org.sipproxy.core.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** Hooks that the host application and the components add while a proxy is built. */
public final class CollectedHooks implements ComponentHooks {

    final List<ArrivalFilter> arrivalFilters = new ArrayList<>();
    final List<NonSipHandler> nonSipHandlers = new ArrayList<>();
    final List<RequestStage> atEntrance = new ArrayList<>();
    final List<RequestStage> beforeAuthentication = new ArrayList<>();
    final List<RequestStage> beforeRouting = new ArrayList<>();
    final List<RequestStage> onUnavailableUser = new ArrayList<>();
    final List<RequestStage> beforeForwarding = new ArrayList<>();
    final List<ResponseStage> responseStages = new ArrayList<>();
    final List<StrayResponseHandler> strayResponseHandlers = new ArrayList<>();
    final List<DomainSource> domainSources = new ArrayList<>();
    final List<LocationListener> locationListeners = new ArrayList<>();
    final List<RequestListener> requestListeners = new ArrayList<>();
    final List<CallListener> callListeners = new ArrayList<>();
    final List<ProxyListener> listeners = new ArrayList<>();
    final List<RefusalListener> refusalListeners = new ArrayList<>();
    final List<DatabaseListener> databaseListeners = new ArrayList<>();

    /** Returns true if a component serves domains that are not known when the proxy is built. */
    public boolean hasDomainSources() {
        return !domainSources.isEmpty();
    }

    /** Returns true if a stage runs before routing, where it may trust a sender. */
    public boolean hasStagesBeforeRouting() {
        return !atEntrance.isEmpty() || !beforeAuthentication.isEmpty() || !beforeRouting.isEmpty();
    }

    /** Returns all request stages. */
    public List<RequestStage> requestStages() {
        return Stream.of(atEntrance, beforeAuthentication, beforeRouting, onUnavailableUser, beforeForwarding)
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public void onArrival(ArrivalFilter filter) {
        arrivalFilters.add(filter);
    }

    @Override
    public void onNonSip(NonSipHandler handler) {
        nonSipHandlers.add(handler);
    }

    @Override
    public void atEntrance(RequestStage stage) {
        atEntrance.add(stage);
    }

    @Override
    public void beforeAuthentication(RequestStage stage) {
        beforeAuthentication.add(stage);
    }

    @Override
    public void beforeRouting(RequestStage stage) {
        beforeRouting.add(stage);
    }

    @Override
    public void onUnavailableUser(RequestStage stage) {
        onUnavailableUser.add(stage);
    }

    @Override
    public void beforeForwarding(RequestStage stage) {
        beforeForwarding.add(stage);
    }

    @Override
    public void onResponse(ResponseStage stage) {
        responseStages.add(stage);
    }

    @Override
    public void onStrayResponse(StrayResponseHandler handler) {
        strayResponseHandlers.add(handler);
    }

    @Override
    public void serveDomains(DomainSource source) {
        domainSources.add(source);
    }

    @Override
    public void onLocationChange(LocationListener listener) {
        locationListeners.add(listener);
    }

    @Override
    public void onRequestCompleted(RequestListener listener) {
        requestListeners.add(listener);
    }

    @Override
    public void onCall(CallListener listener) {
        callListeners.add(listener);
    }

    @Override
    public void onEvent(ProxyListener listener) {
        // a component that the host application adds as a listener may install itself as one too
        if (listeners.stream().noneMatch(other -> other == listener)) {
            listeners.add(listener);
        }
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
