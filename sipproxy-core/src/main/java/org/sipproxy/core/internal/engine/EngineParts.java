package org.sipproxy.core.internal.engine;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.ParseLimits;

/**
 * What a host assembled with the builder, checked.
 *
 * @param authentication null if the host chose to have none
 * @param revealsUsers true if strangers get 480 for a user without a binding
 * @param refusesOptions true if OPTIONS get 503 while the proxy is not ready
 * @param secret what keys are derived from; null for a random one
 * @param tls null if no endpoint needs it
 * @param webSocketOrigins in lower case; empty for all
 * @param transactionBytes what all live transactions may take together
 * @param drainTime how long requests in flight have while the proxy closes
 * @param setsLogContext whether log lines of stages get the request's Call-ID and method
 * @param locationStore the host's own; null for one of {@code storeMode}
 */
public record EngineParts(
        List<Endpoint> endpoints,
        List<String> domains,
        List<String> aliases,
        @Nullable Authentication authentication,
        boolean revealsUsers,
        boolean refusesOptions,
        RegistrarPolicy registrar,
        ContactPolicy destinations,
        StrangerPolicy strangers,
        byte @Nullable [] secret,
        Duration longestDialog,
        SipTimers timers,
        ParseLimits parseLimits,
        StreamLimits streamLimits,
        NextHopPolicy nextHops,
        @Nullable TlsSettings tls,
        Set<String> webSocketOrigins,
        @Nullable LocationStore locationStore,
        StoreMode storeMode,
        @Nullable WireListener wireListener,
        List<ProxyComponent> components,
        CollectedHooks hooks,
        int udpReceivers,
        int streamThreads,
        int workerThreads,
        ProxyThreads threads,
        Duration waitLimit,
        long transactionBytes,
        Duration drainTime,
        boolean setsLogContext,
        ProxyClock clock) {}
