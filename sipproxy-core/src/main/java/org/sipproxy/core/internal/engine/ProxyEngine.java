package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.call.CallTracker;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.PeerHops;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.forwarding.HopCredentials;
import org.sipproxy.core.internal.forwarding.RequestForwarder;
import org.sipproxy.core.internal.forwarding.ResponseStages;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.location.ManagedLocationStore;
import org.sipproxy.core.internal.overload.OverloadControl;
import org.sipproxy.core.internal.overload.ShedRequests;
import org.sipproxy.core.internal.pipeline.LocalNames;
import org.sipproxy.core.internal.pipeline.PreprocessRoute;
import org.sipproxy.core.internal.pipeline.Rehearsal;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RequestPipeline;
import org.sipproxy.core.internal.registrar.ConnectionBindings;
import org.sipproxy.core.internal.registrar.Registrar;
import org.sipproxy.core.internal.thirdparty.ThirdPartyCalls;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.Guard;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.internal.transaction.TransactionTimers;
import org.sipproxy.core.internal.transport.StreamEnvironment;
import org.sipproxy.core.internal.transport.TransportCounters;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All layers of one proxy, wired. Defines the order in which they start and stop. */
public final class ProxyEngine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final int WORKER_QUEUE = 1_000;
    /** Time that all threads of a closing proxy have to end. Those that are busy longer are abandoned. */
    private static final Duration THREADS_LIMIT = Duration.ofSeconds(1);

    final ParseLimits limits;
    final ProxyClock clock;
    final ProxyTime time;
    /** Replaced as a whole, so that a request gets names and settings of one time. */
    private volatile Current current;

    final TransactionTable table;
    final RequestPipeline pipeline;
    final RequestForwarder forwarder;
    final ResponsePaths responsePaths;
    final LocalResponses localResponses = new LocalResponses(this::isClosing);
    final Counters counters = new Counters();
    final OverloadControl overload;
    final ShedRequests shedRequests = new ShedRequests();
    final StuckStageDetector stuckStages = new StuckStageDetector();
    final Components components;
    final RefusalLog refusalLog;
    final Refusals refusals;
    /** Created once, because the context of every request holds it. */
    final Consumer<SecurityEvent> events;

    final HopCredentials hopCredentials;
    final DerivedKeys keys;

    @Nullable
    volatile WorkerPool workers;

    private record Current(ProxySettings settings, LocalNames names) {}

    private final EngineParts parts;
    final ProxyThreads threads;
    private final Registrar registrar;
    private final StageRunner stages;
    private final MessageDispatcher inbound;
    private final TimerWheel wheel;
    private final TimerThread timerThread;
    private final TransportCounters transportCounters = new TransportCounters();
    private final LocationStore store;
    private final LocationStore.Blocking blocking;
    /** The same as {@link #store}; null if the host application provided the store. */
    private final @Nullable ManagedLocationStore ownStore;

    final WireTap tap;
    private final AddressPolicy addresses;
    private final ListeningPoints points;
    /** Null if this proxy is not in a cluster. */
    final @Nullable ClusterNode node;

    private final Readiness readiness;
    private final NextHopResolver resolver;
    private final ConnectionBindings connectionBindings;
    private final HostRequests hostRequests;
    private final RequestExplainer explainer;
    final ThirdPartyCalls thirdPartyCalls;
    /** Null if the host application does not track calls. */
    final @Nullable CallTracker callTracker;

    private final Guard closeFailures = new Guard(LOG, "closing a part of the proxy failed");
    private volatile List<Endpoint> bound = List.of();
    private volatile boolean draining;
    private volatile boolean closing;
    /** True when all requests have their final response. A request that arrives later gets 503 at once. */
    private volatile boolean shutDown;

    public ProxyEngine(EngineParts parts) {
        this.parts = parts;
        ProxyThreads threads = parts.threads();
        this.threads = threads;
        this.clock = parts.clock();
        this.time = new ProxyTime(clock);
        this.overload = new OverloadControl(parts.overloadTarget(), clock);
        this.limits = parts.parseLimits();
        this.keys = new DerivedKeys(parts.secret());
        ProxySettings settings = parts.settings();
        this.current = new Current(
                settings,
                new LocalNames(
                        settings.domains(),
                        settings.aliases(),
                        settings.registrar().userCase(),
                        parts.hooks().domainSources));
        this.wheel = new TimerWheel(clock.nanoTime());
        this.timerThread = new TimerThread(wheel, clock, this::checkEachSecond, this::pushOut, threads);
        this.table = new TransactionTable(
                wheel,
                clock,
                TransactionTimers.of(settings.timers()),
                parts.lingeringBytes(),
                new TransactionBudget(parts.transactionBytes()));
        CollectedHooks hooks = parts.hooks();
        this.components = new Components(parts.components(), hooks, clock, time, limits);
        this.refusalLog = new RefusalLog(clock, wheel);
        this.refusals = new Refusals(refusalLog, components);
        this.events = components::publish;
        this.tap = new WireTap(clock, parts.wireListeners());
        this.addresses = new AddressPolicy(settings.contacts(), uri -> names().isMyself(uri));
        this.points = new ListeningPoints(
                addresses,
                () -> StreamEnvironment.create(
                        parts.streamThreads(), threads, parts.streamLimits(), limits, transportCounters, time::millis),
                settings.tls().orElse(null),
                parts.webSocketOrigins(),
                parts.nextHops().tcpAttempt(),
                threads);
        ClusterSettings cluster = parts.cluster();
        this.node = cluster == null ? null : new ClusterNode(cluster, keys.of("cluster"), points);
        LocationStore given = parts.locationStore();
        StoreMode mode = node == null ? parts.storeMode() : node.over(parts.storeMode());
        this.ownStore = given != null ? null : ManagedLocationStore.of(mode, time, wheel, threads);
        this.store = given != null ? given : Objects.requireNonNull(ownStore);
        this.blocking = store.blocking();
        hooks.locationListeners.forEach(store::addListener);
        this.responsePaths = new ResponsePaths(points, addresses);
        this.resolver = new NextHopResolver();
        Branches branches = new Branches();
        RouteSignature signature = new RouteSignature(keys.of("record-route"), parts.longestDialog(), addresses);
        FlowTokens tokens = new FlowTokens();
        SealedUsers users = new SealedUsers(keys.of("route-user"));
        this.readiness = new Readiness(
                this::isDraining, overload::isOverloaded, points::lostUdpSockets, store, this::storeStatus);
        this.registrar = new Registrar(
                store, settings.registrar(), time, uri -> names().aorOf(uri), addresses, this::hasLostConnection);
        this.connectionBindings = registrar.connections();
        this.pipeline = new RequestPipeline(new RequestPipeline.Parts(
                branches,
                signature,
                tokens,
                users,
                this::peersOwnConnection,
                points::pointOf,
                node == null ? PreprocessRoute.PeerRequests.NONE : node,
                parts.authentication(),
                () -> settings().refusesOptions() && !readiness.isReady(),
                registrar,
                store,
                this::connectionOf,
                this::replacing,
                this::isExpectedAck,
                parts.setsLogContext(),
                hooks.atEntrance,
                hooks.beforeAuthentication,
                hooks.beforeRouting,
                hooks.onUnavailableUser,
                hooks.beforeForwarding));
        this.stages = new StageRunner(parts.stageExecutor(), threads, wheel);
        RequestDispatcher requests = new RequestDispatcher(this);
        this.inbound = new MessageDispatcher(this, requests);
        this.hopCredentials = new HopCredentials(this::names, parts.authentication());
        this.forwarder = new RequestForwarder(
                branches,
                signature,
                tokens,
                users,
                connectionBindings::userOf,
                hopCredentials,
                node == null ? null : node.hops(),
                table,
                points,
                resolver,
                parts.nextHops(),
                localResponses,
                requests,
                new ResponseStages(hooks.responseStages, uri -> names().isMyself(uri)),
                this::executeWithinWaitLimit,
                parts.waitLimit());
        this.hostRequests = new HostRequests(this, parts.pendingRequests(), threads);
        this.thirdPartyCalls = new ThirdPartyCalls(
                parts.thirdPartyCalls(), new DialogSignalling(this, hostRequests), table, limits, this::isDraining);
        this.explainer = new RequestExplainer(this, requests);
        this.callTracker = settings.calls()
                .map(limitsOfCalls -> new CallTracker(
                        limitsOfCalls,
                        time,
                        table,
                        this::names,
                        hostRequests,
                        limits,
                        hooks.callListeners,
                        parts.callRepository(),
                        threads))
                .orElse(null);
    }

    NextHopResolver resolver() {
        return resolver;
    }

    /**
     * Reads the certificate, binds all listening points, reads the bindings and starts to serve. What arrives while the
     * bindings are read waits in the sockets.
     *
     * @throws org.sipproxy.api.config.ConfigurationException if the certificate cannot be used
     * @throws org.sipproxy.core.options.BindFailedException if an endpoint cannot be bound; nothing is open then
     * @throws org.sipproxy.api.location.LocationStoreException if the bindings cannot be read
     * @throws IllegalStateException if the proxy is closed meanwhile
     */
    public void start() {
        points.open(parts.endpoints(), parts.udpReceivers(), inbound);
        points.open(resolver);
        bound = List.copyOf(points.bound());
        addresses.listeningOn(points.addresses());
        LocalNames names = names();
        for (Endpoint endpoint : bound) {
            names.add(endpoint.host(), endpoint.port());
            ListeningPoints.addressTexts(endpoint).forEach(address -> names.add(address, endpoint.port()));
            if (!endpoint.advertisedHost().isEmpty()) {
                names.add(
                        endpoint.advertisedHost(),
                        endpoint.advertisedPort() == 0 ? endpoint.port() : endpoint.advertisedPort());
            }
        }
        ClusterSettings cluster = parts.cluster();
        if (cluster != null) {
            names.add(cluster.address().host(), cluster.address().port());
        }
        hostRequests.open(bound);
        if (ownStore != null) {
            ownStore.open(); // load stored bindings before responding to any request
        }
        checkNotClosing();
        if (pipeline.mayBlock()) {
            workers = new WorkerPool(parts.workerThreads(), WORKER_QUEUE, threads);
        }
        timerThread.start();
        EngineRuntime runtime = new EngineRuntime(this);
        Authentication authentication = parts.authentication();
        if (authentication != null) {
            authentication.start(runtime);
        }
        checkNotClosing();
        components.start(runtime, this::checkNotClosing);
        if (callTracker != null) {
            callTracker.open();
        }
        points.start();
    }

    private void checkEachSecond() {
        overload.check();
        stuckStages.check();
    }

    private void checkNotClosing() {
        if (closing) {
            throw new IllegalStateException("start: the proxy was closed while it started");
        }
    }

    /**
     * Reads the certificate again.
     *
     * @throws org.sipproxy.api.config.ConfigurationException if the certificate cannot be used
     */
    public void reloadTls() {
        points.reloadTls();
    }

    LocalNames names() {
        return current.names();
    }

    /** Returns the current settings. */
    public ProxySettings settings() {
        return current.settings();
    }

    /**
     * Puts settings, which are valid, into use.
     *
     * @throws org.sipproxy.api.config.ConfigurationException if the certificate cannot be used; nothing has changed
     */
    public synchronized void reconfigure(ProxySettings settings) {
        Runnable certificate = settings.tls().map(points::prepareTls).orElse(() -> {});
        LocalNames names = names().with(settings.domains(), settings.aliases());
        // nothing below can fail
        certificate.run();
        registrar.policy(settings.registrar());
        table.timers(TransactionTimers.of(settings.timers()));
        addresses.policy(settings.contacts());
        CallTracker calls = callTracker;
        if (calls != null) {
            settings.calls().ifPresent(calls::settings);
        }
        current = new Current(settings, names);
    }

    public List<Endpoint> boundEndpoints() {
        return bound;
    }

    public LocationStore locationStore() {
        return store;
    }

    public RequestClient requests() {
        return hostRequests;
    }

    public Optional<Calls> calls() {
        return Optional.ofNullable(callTracker);
    }

    public StoreStatus storeStatus() {
        return ownStore == null ? StoreStatus.WITHOUT_DATABASE : ownStore.status();
    }

    public ProxyHealth health() {
        return readiness.health();
    }

    public void flushStore() {
        if (ownStore != null) {
            ownStore.flush();
        }
    }

    public ProxyStatistics statistics() {
        WorkerPool pool = workers;
        return new ProxyStatistics(
                counters.requests.sum(),
                counters.responses.sum(),
                counters.retransmissions.sum(),
                table.resent(),
                counters.malformed.sum(),
                counters.strayResponses.sum(),
                counters.overload.sum(),
                pool == null ? 0 : pool.waiting(),
                table.servers(),
                table.clients(),
                table.lingering(),
                table.lingeringEvictions(),
                table.unanswered(),
                counters.filtered.sum(),
                points.connections(),
                transportCounters.accepted.sum(),
                transportCounters.connected.sum(),
                transportCounters.connectFailures.sum(),
                transportCounters.handshakeFailures.sum(),
                points.unprovenConnections(),
                transportCounters.refused.sum(),
                transportCounters.evicted.sum(),
                transportCounters.closedSilent.sum(),
                transportCounters.closedSlow.sum(),
                transportCounters.closedUnresponsive.sum(),
                transportCounters.closedFull.sum(),
                transportCounters.unframeable.sum(),
                stuckStages.stalled(),
                table.budget().used(),
                table.budget().limit(),
                table.budget().refused(),
                points.udpSendFailures(),
                transportCounters.sendFailures.sum(),
                points.lostUdpSockets(),
                points.batchedUdpSockets(),
                overload.queued(),
                overload.waiting(),
                overload.refused(),
                overload.dropped(),
                hostRequests.pending(),
                hostRequests.refused(),
                thirdPartyCalls.count(),
                thirdPartyCalls.started(),
                thirdPartyCalls.refused(),
                HostCall.failures(),
                Guard.errors(),
                Guard.outOfMemoryErrors());
    }

    /** Refuses requests that start something new from now on; see {@code SipProxy.drain}. */
    public void drain() {
        draining = true;
    }

    private void pushOut() {
        points.pushOut();
    }

    /** Returns how long {@code SipProxy.close} waits for an aborted start to end. */
    public Duration abortLimit() {
        return settings().drainTime().plusSeconds(3);
    }

    /** Makes a {@link #start} in progress fail before its next part. */
    public void abortStart() {
        closing = true;
    }

    /**
     * Refuses new requests and waits at most the drain time for those in progress. Then responds with 503 to the rest
     * and releases ports and threads. Failures are logged, and the remaining parts are closed in any case.
     */
    @Override
    public void close() {
        draining = true;
        if (!closing) { // an aborted start has sent nothing
            attempt(components::stopping);
            attempt(thirdPartyCalls::close);
        }
        closing = true;
        Deadline drained = Deadline.in(settings().drainTime());
        while ((table.unanswered() > 0 || hostRequests.pending() > 0 || thirdPartyCalls.count() > 0)
                && !drained.isOver()
                && pause()) {
            // wait for the final responses; a request of a component may answer a challenge meanwhile
        }
        CallTracker calls = callTracker;
        if (calls != null) {
            calls.closing();
        }
        shutDown = true;
        table.allServers().forEach(transaction -> attempt(transaction::shutdown));
        Deadline threadsEnded = Deadline.in(THREADS_LIMIT);
        attempt(resolver::close);
        attempt(() -> points.close(threadsEnded));
        bound = List.of();
        WorkerPool pool = workers;
        if (pool != null) {
            attempt(() -> pool.close(threadsEnded));
        }
        attempt(stages::close);
        attempt(() -> timerThread.close(threadsEnded));
        attempt(table::clear);
        attempt(() -> hostRequests.close(threadsEnded));
        if (calls != null) {
            attempt(() -> calls.close(threadsEnded));
        }
        attempt(refusalLog::summarize);
        attempt(components::close);
        if (ownStore != null) {
            ownStore.close(); // after the last request, because its changes must be written too
        }
    }

    private void attempt(Runnable part) {
        try {
            part.run();
        } catch (Throwable e) {
            closeFailures.caught(e);
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(10);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    ListeningPoints points() {
        return points;
    }

    private @Nullable TransportFlow peersOwnConnection(long number) {
        return points.peersOwnConnection(number);
    }

    /**
     * Returns the stream that a binding was registered over. For a binding read from a row it is the stream from its
     * address.
     */
    private @Nullable TransportFlow connectionOf(Binding binding) {
        Flow flow = binding.flow().orElse(null);
        if (flow != null) {
            return flow instanceof TransportFlow known ? known : null;
        }
        NextHop hop = resolver.numeric(binding.received().orElseGet(binding::contact));
        return hop == null || !hop.kind().isReliable() ? null : points.connectionSeen(hop, binding.updatedAtMillis());
    }

    /**
     * Returns true if the connection of a binding is closed. A binding read from a row does not hold its connection.
     * Its connection counts as closed if the binding was registered over a stream at a listening point of this proxy
     * and that client is not connected from that address. The row of a client that is reachable only over its
     * connection may lack the address; it was written before this proxy started. If servers share rows, a wildcard
     * address does not identify the server; then the binding counts only if the same client is registering here.
     */
    private boolean hasLostConnection(Binding binding, boolean sameClient) {
        boolean isUnreachable = ConnectionBindings.isReachedByItsConnection(binding.contact())
                && binding.received().isEmpty()
                && binding.path().isEmpty();
        SipUri from = binding.received().orElse(sameClient ? binding.contact() : null);
        if (binding.flow().isPresent() || (from == null && !isUnreachable)) {
            return Registrar.hasClosedFlow(binding);
        }
        Endpoint socket = binding.socket().orElse(null);
        boolean isShared = blocking == LocationStore.Blocking.ALWAYS && !sameClient;
        return socket != null
                && bound.stream().anyMatch(e -> e.hasAddressOf(socket) && !(isShared && isWildcard(e)))
                && (isUnreachable || (from != null && !isConnectedFrom(from, socket, binding.updatedAtMillis())));
    }

    /** Returns true for an address of UDP, and for that of an open stream connection. */
    private boolean isConnectedFrom(SipUri from, Endpoint socket, long seenAtMillis) {
        TransportKind kind =
                TransportKind.of(from.parameter("transport").orElse("udp")).orElse(TransportKind.UDP);
        InetAddress address = from.numericHost().orElse(null);
        return !kind.isReliable()
                || address == null
                || points.registeredFlow(kind, new InetSocketAddress(address, from.port()), socket, seenAtMillis)
                        != null;
    }

    private static boolean isWildcard(Endpoint endpoint) {
        return IpLiteral.parse(endpoint.host())
                .map(InetAddress::isAnyLocalAddress)
                .orElse(false);
    }

    /** Removes the bindings that end with a connection, unless the proxy is closing. */
    void connectionClosed(TransportFlow flow) {
        if (closing || !connectionBindings.concerns(flow)) {
            return;
        }
        WorkerPool pool = workers;
        if (pool == null || blocking == LocationStore.Blocking.NEVER) {
            connectionBindings.closed(flow);
        } else if (!pool.execute(flow.remoteAddress().hashCode(), new ClosedConnection(flow))) {
            LOG.debug("bindings of {} stay until they expire: the workers' queue is full", flow.remoteAddress());
        }
    }

    /** Removes the binding whose flow another node no longer has. */
    void flowFailed(Aor aor, SipUri hop) {
        WorkerPool pool = workers;
        if (pool != null && !closing && !pool.execute(aor.hashCode(), new FailedFlow(aor, hop))) {
            LOG.debug("a binding of {} stays until it expires: the workers' queue is full", aor);
        }
    }

    private final class FailedFlow implements WorkerPool.Task {

        private final Aor aor;
        private final SipUri hop;

        FailedFlow(Aor aor, SipUri hop) {
            this.aor = aor;
            this.hop = hop;
        }

        @Override
        public void run() {
            connectionBindings.lost(
                    aor,
                    binding -> !binding.path().isEmpty()
                            && PeerHops.isSameFlow(binding.path().get(0), hop));
        }

        @Override
        public void dropped() {
            // the proxy is closing: the next request finds the flow closed as well
        }
    }

    private final class ClosedConnection implements WorkerPool.Task {

        private final TransportFlow flow;

        ClosedConnection(TransportFlow flow) {
            this.flow = flow;
        }

        @Override
        public void run() {
            if (!closing) {
                connectionBindings.closed(flow);
            }
        }

        @Override
        public void dropped() {
            // the proxy is closing: bindings stay
        }
    }

    private boolean isExpectedAck(SipRequest ack) {
        try {
            return table.isExpectedAck(TransactionKey.ofAck(ack, ack));
        } catch (SipParseException e) {
            return false;
        }
    }

    TimerWheel wheel() {
        return wheel;
    }

    List<String> domains() {
        return names().domains();
    }

    /** Returns how long a request may wait on a worker, including the time in its queue. */
    long waitLimitNanos() {
        return parts.waitLimit().toNanos();
    }

    boolean isDraining() {
        return draining;
    }

    boolean isClosing() {
        return closing;
    }

    boolean isShutDown() {
        return shutDown;
    }

    RequestContext newContext(SipRequest request, TransportFlow from) throws SipParseException {
        ResponsePath path = responsePaths.of(request.topVia(), from);
        Current now = current;
        return new RequestContext(request, from, path, now.names(), now.settings(), time, events);
    }

    /** Returns the context of a rehearsed request. Its responses are not sent either. */
    RequestContext newContext(SipRequest request, RehearsalFlow from, Rehearsal rehearsal) {
        Current now = current;
        return new RequestContext(request, from, from, now.names(), now.settings(), time, events, rehearsal);
    }

    /** Explains what the proxy would do with a request; see {@code SipProxy.explain}. */
    public Explanation explain(ExplainRequest request) {
        return explainer.explain(request);
    }

    long deadline() {
        return System.nanoTime() + waitLimitNanos();
    }

    private boolean executeWithinWaitLimit(Runnable task) {
        long deadline = deadline();
        return stages.execute(() -> RequestDeadline.run(deadline, task));
    }

    WorkerPool workers() {
        return Objects.requireNonNull(workers, "the store or authentication blocks although it said that it does not");
    }

    private SipRequest replacing(SipRequest request) throws SipParseException {
        return thirdPartyCalls.replacing(request);
    }

    StageRunner stages() {
        return stages;
    }

    // ---- wire listeners

    public void addWireListener(WireListener listener) {
        tap.add(listener);
    }

    public void removeWireListener(WireListener listener) {
        tap.remove(listener);
    }
}
