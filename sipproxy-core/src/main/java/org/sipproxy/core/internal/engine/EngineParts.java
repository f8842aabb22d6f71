package org.sipproxy.core.internal.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;

/**
 * Options that the host application set on the builder, validated.
 *
 * @param settings the options that may change while the proxy runs
 * @param authentication null if there is none
 * @param secret secret that the keys are derived from; null for a random one
 * @param cluster null if this proxy is not in a cluster
 * @param webSocketOrigins allowed origins in lower case; empty to allow all
 * @param transactionBytes memory limit of all live transactions together
 * @param lingeringBytes memory limit of all lingering transactions together
 * @param pendingRequests limit of the requests of the host application that wait for their result
 * @param thirdPartyCalls limit of the calls that the proxy controls
 * @param callRepository null if calls are not stored
 * @param overloadTarget how long a message may wait before new work is refused; zero for no overload control
 * @param setsLogContext true if log lines of stages get the Call-ID and method of their request
 * @param locationStore the location store of the host application; null for one of {@code storeMode}
 */
public record EngineParts(
        List<Endpoint> endpoints,
        ProxySettings settings,
        @Nullable Authentication authentication,
        byte @Nullable [] secret,
        @Nullable ClusterSettings cluster,
        Duration longestDialog,
        ParseLimits parseLimits,
        StreamLimits streamLimits,
        NextHopPolicy nextHops,
        Set<String> webSocketOrigins,
        @Nullable LocationStore locationStore,
        StoreMode storeMode,
        List<WireListener> wireListeners,
        List<ProxyComponent> components,
        CollectedHooks hooks,
        int udpReceivers,
        Duration overloadTarget,
        int streamThreads,
        int workerThreads,
        @Nullable Executor stageExecutor,
        ProxyThreads threads,
        Duration waitLimit,
        long transactionBytes,
        long lingeringBytes,
        int pendingRequests,
        int thirdPartyCalls,
        @Nullable CallRepository callRepository,
        boolean setsLogContext,
        ProxyClock clock) {}
