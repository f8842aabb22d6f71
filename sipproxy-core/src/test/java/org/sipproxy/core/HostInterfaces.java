package org.sipproxy.core;

import java.util.Set;
import org.sipproxy.api.access.AccessRuleSource;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallParty;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.GatewaySource;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.ResponseStageContext;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** Interfaces of the API, by the side that implements them. */
public final class HostInterfaces {

    /** Implemented by the host application or an add-on and called by the core: only within the guard. */
    public static final Set<Class<?>> CALLED = Set.of(
            ArrivalFilter.class,
            AsyncRequestStage.class,
            Authentication.class,
            BindingRepository.class,
            BranchEdit.class,
            CallListener.class,
            CallRepository.class,
            DatabaseListener.class,
            DomainSource.class,
            FailureStage.class,
            LocationListener.class,
            LocationStore.class,
            NonSipHandler.class,
            ProxyComponent.class,
            ProxyListener.class,
            RefusalListener.class,
            RequestListener.class,
            RequestStage.class,
            ResponseStage.class,
            StrayResponseHandler.class,
            WireListener.class);

    /** Called by add-ons in their stages, which the core guards. */
    public static final Set<Class<?>> CALLED_BY_ADD_ONS =
            Set.of(AccessRuleSource.class, CredentialStore.class, GatewayMonitor.class, GatewaySource.class);

    /** Implemented by the proxy; or, for a change, code of the caller that runs on the caller's stack. */
    public static final Set<Class<?>> OF_THE_PROXY = Set.of(
            BindingChange.class,
            Call.class,
            CallParty.class,
            Calls.class,
            ComponentHooks.class,
            FailureContext.class,
            Flow.class,
            ProxyRuntime.class,
            RequestClient.class,
            ResponseStageContext.class,
            StageContext.class,
            ThirdPartyCall.class);

    private HostInterfaces() {}
}
