package org.sipproxy.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxySetup;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.engine.CollectedHooks;
import org.sipproxy.core.internal.engine.EngineParts;
import org.sipproxy.core.internal.engine.ProxyEngine;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.HostName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;

/**
 * Builder of {@link SipProxy}. Required: at least one {@link #listen}, at least one {@link #domain}, and either
 * {@link #authentication} or {@link #noAuthentication}. Nothing is opened before {@link SipProxy#start()}.
 *
 * <p>Not thread-safe. Use one builder for one proxy.
 */
public final class SipProxyBuilder {

    private static final int DEFAULT_WORKERS = 8;
    private static final int DEFAULT_WORKERS_THAT_SHARE_COMMITS = 32;
    private static final long LEAST_TRANSACTION_BYTES = 1 << 20;

    /** The table of lingering transactions has 32 parts of at most 1 GiB. */
    private static final long MAX_LINGERING_BYTES = 32L << 30;

    private final List<Endpoint> endpoints = new ArrayList<>();
    private final List<String> domains = new ArrayList<>();
    private final List<String> aliases = new ArrayList<>();
    private final ProxySettings.Builder settings = ProxySettings.builder();
    private final List<ProxyComponent> components = new ArrayList<>();
    private final CollectedHooks hooks = new CollectedHooks();
    private final OptionProblems problems = new OptionProblems("");

    private @Nullable Authentication authentication;
    private boolean noAuthentication;
    private byte @Nullable [] secret;
    private Duration longestDialog = Duration.ofHours(24);
    private ParseLimits parseLimits = ParseLimits.DEFAULT;
    private StreamLimits streamLimits = StreamLimits.DEFAULT;
    private NextHopPolicy nextHops = NextHopPolicy.DEFAULT;
    private final Set<String> webSocketOrigins = new HashSet<>();
    private @Nullable ClusterSettings cluster;
    private @Nullable LocationStore locationStore;
    private StoreMode storeMode = StoreMode.memory();
    private final List<WireListener> wireListeners = new ArrayList<>();
    private String name = "sipproxy";
    private ThreadFactory threadFactory = ProxyThreads::daemon;
    private int udpReceivers = defaultUdpReceivers();
    private Duration overloadTarget = Duration.ofMillis(100);
    private int streamThreads = 2;
    private int workerThreads = DEFAULT_WORKERS;
    private @Nullable Executor stageExecutor;
    private Duration waitLimit = Duration.ofSeconds(10);
    private long transactionBytes =
            Math.max(LEAST_TRANSACTION_BYTES, Runtime.getRuntime().maxMemory() / 4);
    private long lingeringBytes = Math.min(
            MAX_LINGERING_BYTES,
            Math.max(LEAST_TRANSACTION_BYTES, Runtime.getRuntime().maxMemory() / 4));
    private int pendingRequests = 10_000;
    private int thirdPartyCalls = 10_000;
    private @Nullable CallRepository callRepository;
    private boolean hasCallListener;
    private boolean setsLogContext;
    private ProxyClock clock = ProxyClock.system();

    SipProxyBuilder() {}

    private static int defaultUdpReceivers() {
        return Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors() / 2));
    }

    /** Adds a listening point. At least one is required. TLS and WSS require {@link #tls}. */
    public SipProxyBuilder listen(Endpoint endpoint) {
        endpoints.add(Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /**
     * Adds a domain that the proxy is responsible for: its users register here, and its name is their realm. At least
     * one is required. The first is also the domain of users who are addressed by an alias or by an address of this
     * machine.
     */
    public SipProxyBuilder domain(String domain) {
        domains.add(HostName.normal(Objects.requireNonNull(domain, "domain")));
        return this;
    }

    /**
     * Makes this proxy a node of a cluster: several proxies with the same domains, {@link #secret} and bindings in one
     * database ({@link StoreMode#databaseOnly}). A client that only one node can reach, because it is on a stream or
     * behind a NAT, is called from every node. The addresses of the other nodes should be trusted by the access list,
     * if there is one, so that a flood guard does not limit what they forward. A node counts and accounts for the
     * requests that it receives from clients, not for those that another node hands over. Default: not in a cluster.
     */
    public SipProxyBuilder cluster(ClusterSettings settings) {
        problems.once("cluster");
        cluster = Objects.requireNonNull(settings, "settings");
        return this;
    }

    /** Adds another name of the proxy, {@code host} for any port or {@code host:port} for one. */
    public SipProxyBuilder alias(String hostOrHostPort) {
        aliases.add(Objects.requireNonNull(hostOrHostPort, "hostOrHostPort").toLowerCase(Locale.ROOT));
        return this;
    }

    /** Sets the stage that decides who may register and call. Excludes {@link #noAuthentication}. */
    public SipProxyBuilder authentication(Authentication component) {
        problems.once("authentication");
        authentication = Objects.requireNonNull(component, "component");
        return this;
    }

    /** Lets every sender register as any user of the domains and call through the proxy: for laboratories and tests. */
    public SipProxyBuilder noAuthentication() {
        noAuthentication = true;
        return this;
    }

    /**
     * Sets whether a stranger gets 480 for a user who exists and has no binding. A stranger is a sender who is neither
     * authenticated nor a trusted peer. Default false: a stranger gets 404, as for an unknown user, and so cannot list
     * the users. Authenticated users and trusted peers always get the precise status. A stranger's request to a user
     * with a binding reaches the phone in any case. No effect with {@link #noAuthentication}.
     */
    public SipProxyBuilder revealUsers(boolean reveal) {
        problems.once("revealUsers");
        settings.revealUsers(reveal);
        return this;
    }

    /** Sets the rules of the registrar. Default {@link RegistrarPolicy#DEFAULT}. */
    public SipProxyBuilder registrar(RegistrarPolicy policy) {
        problems.once("registrar");
        settings.registrar(policy);
        return this;
    }

    /** Sets to which addresses a client may direct traffic. Default {@link ContactPolicy#DEFAULT}. */
    public SipProxyBuilder contacts(ContactPolicy policy) {
        problems.once("contacts");
        settings.contacts(policy);
        return this;
    }

    /**
     * Sets which methods senders that are neither authenticated nor trusted may send to users. Default
     * {@link StrangerPolicy#DEFAULT}. No effect with {@link #noAuthentication}.
     */
    public SipProxyBuilder strangers(StrangerPolicy policy) {
        problems.once("strangers");
        settings.strangers(policy);
        return this;
    }

    /**
     * Sets the secret of the proxy, 16 to 1,024 random bytes; the array is copied. It yields the keys of all signatures
     * that the proxy writes into messages and checks later: the signature in Record-Route, which lets in-dialog
     * requests pass, and what components sign ({@link org.sipproxy.api.component.ProxyRuntime#key}), such as the
     * aliases of NAT traversal. If the secret is kept, calls survive a restart. Proxies with the same secret take over
     * each other's dialogs. If it changes, an in-dialog request of an older dialog passes only from an authenticated
     * user or a trusted peer. Default: a random secret, which is lost when the proxy is closed.
     *
     * <p>Nonces of digest authentication are not derived from it, because only one process knows which of their counts
     * were used.
     */
    public SipProxyBuilder secret(byte[] bytes) {
        problems.once("secret");
        secret = Objects.requireNonNull(bytes, "bytes").clone();
        if (bytes.length < 16 || bytes.length > 1_024) {
            problems.add("secret", bytes.length + " bytes", "expected 16 to 1,024 random bytes");
        }
        return this;
    }

    /**
     * Sets the maximum duration of a dialog: 1 hour to 30 days, in whole hours. Default 24 hours. A request of an older
     * dialog gets 481, which ends a call and makes a client subscribe again. Until then the signature in Record-Route
     * lets both sides of the dialog send through this proxy.
     */
    public SipProxyBuilder longestDialog(Duration longest) {
        problems.once("longestDialog");
        longestDialog = Objects.requireNonNull(longest, "longest");
        problems.range("longestDialog", longest, Duration.ofHours(1), Duration.ofDays(30));
        return this;
    }

    /** Sets the transaction timers. Default {@link SipTimers#DEFAULT}. */
    public SipProxyBuilder timers(SipTimers values) {
        problems.once("timers");
        settings.timers(values);
        return this;
    }

    /** Sets the maximum size of messages. Default {@link ParseLimits#DEFAULT}. */
    public SipProxyBuilder parseLimits(ParseLimits limits) {
        problems.once("parseLimits");
        parseLimits = Objects.requireNonNull(limits, "limits");
        return this;
    }

    /** Sets the limits of stream transports. Default {@link StreamLimits#DEFAULT}. */
    public SipProxyBuilder streamLimits(StreamLimits limits) {
        problems.once("streamLimits");
        streamLimits = Objects.requireNonNull(limits, "limits");
        return this;
    }

    /**
     * Sets how next hops are tried: from which size requests are sent over TCP, and how long a failure is remembered.
     * Default {@link NextHopPolicy#DEFAULT}.
     */
    public SipProxyBuilder nextHops(NextHopPolicy policy) {
        problems.once("nextHops");
        nextHops = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Sets the certificate of the proxy and what it requires of its peers. Required for a TLS or WSS listening point.
     * Requests are sent over TLS only if the proxy has a TLS listening point, through which the peer can send requests
     * of the dialog.
     */
    public SipProxyBuilder tls(TlsSettings certificate) {
        problems.once("tls");
        settings.tls(certificate);
        return this;
    }

    /**
     * Sets the origins of web pages that may connect over WS and WSS, such as {@code https://phone.example.org}. This
     * prevents other pages from using the browsers of their visitors. It does not restrict other clients, which may
     * send any origin or none. Default: all origins.
     */
    public SipProxyBuilder webSocketOrigins(String... origins) {
        problems.once("webSocketOrigins");
        for (String origin : origins) {
            webSocketOrigins.add(origin.toLowerCase(Locale.ROOT));
            if (!origin.matches("https?://[^/]+")) {
                problems.add(
                        "webSocketOrigins",
                        quoted(origin),
                        "expected scheme and host, such as https://phone.example.org");
            }
        }
        return this;
    }

    /**
     * Sets how bindings are stored. {@link SipProxy#start()} opens the store, and it is closed with the proxy. Default
     * {@link StoreMode#memory()}. Excludes {@link #locationStore(LocationStore)}.
     */
    public SipProxyBuilder locationStore(StoreMode mode) {
        problems.once("locationStore");
        storeMode = Objects.requireNonNull(mode, "mode");
        if (mode instanceof StoreMode.WriteThrough && !problems.isGiven("workerThreads")) {
            workerThreads = DEFAULT_WORKERS_THAT_SHARE_COMMITS;
        }
        return this;
    }

    /** Sets a store that the host application owns and closes. Excludes {@link #locationStore(StoreMode)}. */
    public SipProxyBuilder locationStore(LocationStore store) {
        problems.once("locationStore");
        locationStore = Objects.requireNonNull(store, "store");
        return this;
    }

    /**
     * Adds a component, such as NAT traversal, an access list or accounting. Components run in the order of their
     * {@linkplain ProxyComponent#phase() phases}, and within a phase in the order in which they were added. A
     * credential store that is a component is added by its authentication, and a repository of bindings that is one by
     * its storage mode. Components are closed with the proxy.
     */
    public SipProxyBuilder component(ProxyComponent component) {
        if (!add(Objects.requireNonNull(component, "component"))) {
            problems.add("component", component.name(), "is given twice", "give it once");
        }
        return this;
    }

    private boolean add(ProxyComponent component) {
        Object identity = component.identity();
        boolean isNew = components.stream()
                .noneMatch(other -> other == component || other.identity().equals(identity));
        if (isNew) {
            components.add(component);
        }
        return isNew;
    }

    /** Adds a listener for bindings that are added, refreshed or removed. */
    public SipProxyBuilder locationListener(LocationListener listener) {
        hooks.onLocationChange(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Adds a listener for requests that got their final response, for accounting. */
    public SipProxyBuilder requestListener(RequestListener listener) {
        hooks.onRequestCompleted(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /**
     * Lets the proxy track calls: {@link SipProxy#calls()} lists and ends them, listeners are notified of them, and
     * they may be limited. Default off. Costs about 1 kB for each call.
     *
     * <p>When the proxy closes, calls that were answered continue without it, and have no event. Calls that it did not
     * see begin, because they are older than its start, are tracked only with a {@link #callRepository}. Requests of
     * untracked calls are relayed like those of tracked ones.
     */
    public SipProxyBuilder calls(CallSettings limits) {
        problems.once("calls");
        settings.calls(limits);
        return this;
    }

    /**
     * Stores answered calls, so that they are tracked after a restart: they are listed, counted and ended as before,
     * and a call whose longest duration has passed meanwhile is ended. Requires {@link #calls}, and a {@link #secret}
     * that outlives the process. A repository that is a {@link ProxyComponent} is added as one. Default: calls are in
     * memory only.
     */
    public SipProxyBuilder callRepository(CallRepository repository) {
        problems.once("callRepository");
        callRepository = Objects.requireNonNull(repository, "repository");
        return this;
    }

    /** Adds a listener for calls that start, ring, are answered or end. Requires {@link #calls}. */
    public SipProxyBuilder callListener(CallListener listener) {
        hooks.onCall(Objects.requireNonNull(listener, "listener"));
        hasCallListener = true;
        return this;
    }

    /** Adds a listener for security events, for audits. A listener that is a {@link ProxyComponent} is added as one. */
    public SipProxyBuilder listener(ProxyListener listener) {
        if (listener instanceof ProxyComponent component) {
            add(component);
        }
        hooks.onEvent(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /**
     * Adds a listener for every message on the wire, from the start. {@link SipProxy#addWireListener} adds one later.
     */
    public SipProxyBuilder wireListener(WireListener listener) {
        wireListeners.add(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Adds a stage that runs for requests outside a dialog after they were checked, before authentication. */
    public SipProxyBuilder beforeAuthentication(RequestStage stage) {
        hooks.beforeAuthentication(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** Adds a stage that runs after authentication, before the registrar and the look-up in the location store. */
    public SipProxyBuilder beforeRouting(RequestStage stage) {
        hooks.beforeRouting(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /**
     * Adds a stage that runs before a request to a user of this proxy is rejected because the user has no usable
     * binding: a voicemail, or a wake-up of a mobile phone.
     * {@link org.sipproxy.api.routing.StageContext#unavailability()} says whether the user is known. With such a stage,
     * strangers' requests are looked up as well; the response still does not reveal whether the user exists, unless the
     * stage decides otherwise.
     */
    public SipProxyBuilder onUnavailableUser(RequestStage stage) {
        hooks.onUnavailableUser(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** Adds a stage that runs when the targets are known, before forwarding; for in-dialog requests too. */
    public SipProxyBuilder beforeForwarding(RequestStage stage) {
        hooks.beforeForwarding(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** Adds a stage that sees responses before they are forwarded. */
    public SipProxyBuilder onResponse(ResponseStage stage) {
        hooks.onResponse(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /**
     * Sets how many threads read each UDP listening point, each from its own socket; 1 to 64. Default one per two
     * cores, at most 8, because the kernel, timers and streams need the remaining cores. With more than one, two
     * concurrent requests of one client may overtake each other, as on any network.
     */
    public SipProxyBuilder udpReceivers(int count) {
        problems.once("udpReceivers");
        udpReceivers = count;
        return this;
    }

    /**
     * Sets how long messages over UDP may wait when more arrives than the proxy can handle; 20 to 400 ms, or zero to
     * switch the overload control off. Default 100 ms. Clients retransmit after 500 ms (T1), so a longer wait would make
     * the overload worse.
     *
     * <p>In an overload, responses, ACK, CANCEL and requests in dialogs are handled first, then REGISTERs of registered
     * users, then everything else. An INVITE that starts a call and has waited longer than this gets 503 with
     * Retry-After, without state; so does another request that starts something after three times as long, and a
     * REGISTER of a registered user after four times as long. If the 503s take more than half of the time, further
     * requests are dropped. New calls over streams are refused in the same proportion. RFC 5390, RFC 6357.
     *
     * <p>Requests that are refused in this manner are counted ({@code ProxyStatistics.shed}), and neither logged one by
     * one nor reported to listeners.
     */
    public SipProxyBuilder overloadTarget(Duration target) {
        problems.once("overloadTarget");
        overloadTarget = Objects.requireNonNull(target, "target");
        return this;
    }

    /**
     * Sets the number of threads that serve all TCP, TLS and WebSocket connections; 1 to 64. Default 2: one reads while
     * the other performs handshakes. A further thread accepts connections. None are started without a stream listening
     * point, unless a name has to be looked up.
     */
    public SipProxyBuilder streamThreads(int count) {
        problems.once("streamThreads");
        streamThreads = count;
        return this;
    }

    /**
     * Sets the name of the proxy in the names of its threads, such as {@code edge-udp-5060-0} and {@code edge-timer}; 1
     * to 40 letters, digits, dots, hyphens and underscores. Default {@code sipproxy}. Does not appear in messages.
     */
    public SipProxyBuilder name(String value) {
        problems.once("name");
        name = Objects.requireNonNull(value, "value");
        if (!value.matches("[A-Za-z0-9._-]{1,40}")) {
            problems.add("name", quoted(value), "expected 1 to 40 letters, digits, dots, hyphens and underscores");
        }
        return this;
    }

    /**
     * Sets the factory of the threads of the proxy: receivers, timer, workers, stream threads and those of the location
     * store. The proxy names and starts them, and they end with {@link SipProxy#close}. Default daemon threads. Threads
     * that are not daemons keep the JVM alive until the proxy is closed. Those of components come from
     * {@link org.sipproxy.api.component.ProxyRuntime#newThread}, and from the factory too.
     */
    public SipProxyBuilder threadFactory(ThreadFactory factory) {
        problems.once("threadFactory");
        threadFactory = Objects.requireNonNull(factory, "factory");
        return this;
    }

    /**
     * Sets the number of threads that wait for the location store and for authentication; 1 to 1,000. Default 8, or 32
     * with {@link StoreMode#writeThrough}, where threads that wait at the same time share one commit. None are started
     * if neither may block. Stages that block have threads of their own; see {@link #stageExecutor}.
     */
    public SipProxyBuilder workerThreads(int count) {
        problems.once("workerThreads");
        workerThreads = count;
        return this;
    }

    /**
     * Sets the executor of stages that may block, and of {@linkplain org.sipproxy.api.routing.FailureStage failure
     * stages} that may block. It is not shut down with the proxy. If it rejects a task, the request gets 503. Default:
     * virtual threads on JDK 24 and later, and a pool of at most 500 daemon threads on earlier ones, where a virtual
     * thread that waits inside {@code synchronized} would hold its carrier thread.
     *
     * @param executor such as {@code Executors.newVirtualThreadPerTaskExecutor()}. An executor that runs a task in the
     *     calling thread makes the proxy wait for the stage
     */
    public SipProxyBuilder stageExecutor(Executor executor) {
        problems.once("stageExecutor");
        stageExecutor = Objects.requireNonNull(executor, "executor");
        return this;
    }

    /**
     * Sets whether an OPTIONS for the proxy itself gets 503 with Retry-After while it is not
     * {@linkplain ProxyHealth#isReady ready}, so that a dispatcher that probes with OPTIONS chooses another server.
     * Default false: it gets 200 as long as the proxy runs and is not draining.
     */
    public SipProxyBuilder refuseOptionsWhenNotReady(boolean refuse) {
        problems.once("refuseOptionsWhenNotReady");
        settings.refuseOptionsWhenNotReady(refuse);
        return this;
    }

    /**
     * Sets how long one request may wait for databases and blocking stages in total, including the queue of the worker
     * threads. After that it gets 503 with Retry-After, and its further queries are skipped. 1 s to 30 s, less than
     * Timer F so that the client still waits. Default 10 s.
     */
    public SipProxyBuilder waitLimit(Duration limit) {
        problems.once("waitLimit");
        waitLimit = Objects.requireNonNull(limit, "limit");
        return this;
    }

    /**
     * Sets the memory limit of all live transactions together, in bytes: the messages that they hold and an estimate of
     * their objects. At least 1 MiB. Default a quarter of the heap. Three quarters of it are available to all senders;
     * the rest is reserved for authenticated users, trusted peers and in-dialog requests. A request beyond the limit
     * gets 503 with Retry-After, or is dropped if the reserve is full too. {@link ProxyStatistics#transactionBytes} is
     * the memory in use.
     */
    public SipProxyBuilder transactionBytes(long value) {
        problems.once("transactionBytes");
        transactionBytes = value;
        return this;
    }

    /**
     * Sets the maximum number of bytes for lingering transactions: those that are over and kept for 64 times T1,
     * to recognize retransmissions. Default a quarter of the heap; range 1 MiB to 32 GiB. 128 MiB hold some 300,000
     * answered MESSAGEs. At the limit the oldest are evicted early and counted by
     * {@link ProxyStatistics#lingeringEvictions}; a retransmission of one of them counts as a new request.
     */
    public SipProxyBuilder lingeringBytes(long value) {
        problems.once("lingeringBytes");
        lingeringBytes = value;
        return this;
    }

    /**
     * Sets how many requests of {@link SipProxy#requests()} may wait for their final response, those of components
     * included. 1 to 1,000,000. Default 10,000. Further ones fail with {@code TOO_MANY_PENDING} and are counted by
     * {@link ProxyStatistics#hostRequestsRefused}. A pending request uses some 4 kB of {@link #transactionBytes}.
     */
    public SipProxyBuilder pendingRequests(int limit) {
        problems.once("pendingRequests");
        pendingRequests = limit;
        return this;
    }

    /**
     * Sets how many calls of {@link org.sipproxy.api.client.RequestClient#connect} there may be at a time. 1 to
     * 1,000,000. Default 10,000. Further ones end at once with {@code REJECTED} and 503. A call uses some 8 kB of heap,
     * besides its transactions.
     */
    public SipProxyBuilder thirdPartyCalls(int limit) {
        problems.once("thirdPartyCalls");
        thirdPartyCalls = limit;
        return this;
    }

    /**
     * Sets how long {@link SipProxy#close} waits for final responses to the requests in progress; the remaining ones
     * get 503. 0 to 1 hour. Default 2 seconds. A ringing call is a request in progress.
     */
    public SipProxyBuilder drainTime(Duration limit) {
        problems.once("drainTime");
        settings.drainTime(limit);
        return this;
    }

    /**
     * Sets whether request stages and authentication run with the Call-ID and the method of their request in SLF4J's
     * diagnostic context ({@link org.sipproxy.api.support.LoggerNames#MDC_CALL_ID}), so that their own log lines have
     * them. Default false: it costs some hundred nanoseconds per stage and request. The proxy's own lines about a
     * request always have them.
     */
    public SipProxyBuilder logContext(boolean value) {
        problems.once("logContext");
        setsLogContext = value;
        return this;
    }

    /** Sets the clocks, for tests. Default those of the machine. */
    public SipProxyBuilder clock(ProxyClock value) {
        problems.once("clock");
        clock = Objects.requireNonNull(value, "value");
        return this;
    }

    /**
     * Checks all options. Opens nothing.
     *
     * @throws ConfigurationException if an option is missing, outside its range, given twice or contradicts another
     */
    public SipProxy build() {
        installComponents();
        OptionProblems found = problems.copy();
        ProxySettings changeable = settings.domains(domains).aliases(aliases).build();
        new ListenChecks(endpoints, changeable.tls().isPresent()).addTo(found);
        new NameChecks(domains, aliases).addTo(found);
        checkAuthentication(found);
        checkStages(found);
        found.range("udpReceivers", udpReceivers, 1, 64);
        if (!overloadTarget.isZero()) {
            found.range("overloadTarget", overloadTarget, Duration.ofMillis(20), Duration.ofMillis(400));
        }
        found.range("streamThreads", streamThreads, 1, 64);
        found.range("workerThreads", workerThreads, 1, 1_000);
        found.range("waitLimit", waitLimit, Duration.ofSeconds(1), Duration.ofSeconds(30));
        found.range("lingeringBytes", lingeringBytes, LEAST_TRANSACTION_BYTES, MAX_LINGERING_BYTES);
        if (transactionBytes < LEAST_TRANSACTION_BYTES) {
            found.add("transactionBytes", Long.toString(transactionBytes), "expected 1,048,576 bytes or more");
        }
        found.range("pendingRequests", pendingRequests, 1, 1_000_000);
        found.range("thirdPartyCalls", thirdPartyCalls, 1, 1_000_000);
        if (hasCallListener && changeable.calls().isEmpty()) {
            found.add("callListener", "", "is never notified without {calls}", "set calls(CallSettings.DEFAULT)");
        }
        if (callRepository != null && changeable.calls().isEmpty()) {
            found.add("callRepository", "", "is never used without {calls}", "set calls(CallSettings.DEFAULT)");
        } else if (callRepository != null && secret == null) {
            found.add(
                    "callRepository",
                    "",
                    "needs a {secret}: requests of a stored call are not valid with that of another start",
                    "set secret(…) to the same bytes at each start, for example JdbcSecret.readOrCreate");
        }
        checkCluster(found);
        found.range("drainTime", changeable.drainTime(), Duration.ZERO, Duration.ofHours(1));
        found.throwIfAny();
        return new SipProxy(new ProxyEngine(new EngineParts(
                List.copyOf(endpoints),
                changeable,
                authentication,
                secret,
                cluster,
                longestDialog,
                parseLimits,
                streamLimits,
                nextHops,
                Set.copyOf(webSocketOrigins),
                locationStore,
                storeMode,
                List.copyOf(wireListeners),
                List.copyOf(components),
                hooks,
                udpReceivers,
                overloadTarget,
                streamThreads,
                workerThreads,
                stageExecutor,
                new ProxyThreads(name, threadFactory),
                waitLimit,
                transactionBytes,
                lingeringBytes,
                pendingRequests,
                thirdPartyCalls,
                callRepository,
                setsLogContext,
                clock)));
    }

    private void checkCluster(OptionProblems found) {
        ClusterSettings settings = cluster;
        if (settings == null) {
            return;
        }
        settings.addTo(found);
        if (secret == null) {
            found.add(
                    "cluster",
                    settings.node(),
                    "needs a {secret} that all nodes share",
                    "set secret(…) to the same bytes at each node, for example JdbcSecret.readOrCreate");
        }
        if (!(storeMode instanceof StoreMode.DatabaseOnly) || locationStore != null) {
            found.add(
                    "cluster",
                    settings.node(),
                    "needs bindings that all nodes share",
                    "set {locationStore} to StoreMode.databaseOnly(…) with one database for all nodes");
        }
        if (endpoints.stream().noneMatch(e -> e.kind() == settings.address().kind())) {
            found.add(
                    "nodeAddress",
                    settings.address().toString(),
                    "no listening point has its transport",
                    "add listen(…) for it");
        }
    }

    private void installComponents() {
        if (problems.isGiven("build")) {
            problems.add("", "", "build() was called twice", "use a builder and its components for one proxy");
            return;
        }
        problems.once("build");
        Authentication authenticates = authentication;
        if (authenticates != null) {
            authenticates.components().forEach(this::add);
        }
        if (storeMode instanceof StoreMode.WithRepository mode
                && mode.repository() instanceof ProxyComponent repository) {
            add(repository);
        }
        if (callRepository instanceof ProxyComponent repository) {
            add(repository);
        }
        components.sort(Comparator.comparing(ProxyComponent::phase)); // stable
        boolean hasProvenSenders = authenticates != null
                || hooks.hasStagesBeforeRouting() // so far those of the host application
                || components.stream().anyMatch(component -> component.phase() == ProxyComponent.Phase.ACCESS);
        for (ProxyComponent component : components) {
            try {
                component.install(hooks);
            } catch (ConfigurationException e) {
                problems.addAll(e.problems());
            } catch (IllegalArgumentException e) {
                problems.addAll(List.of(
                        new ConfigurationProblem(component.name(), "", "", String.valueOf(e.getMessage()), "")));
            }
        }
        ProxySetup setup = new ProxySetup(List.copyOf(domains), components, hasProvenSenders);
        components.forEach(component -> problems.addAll(component.problems(setup)));
    }

    /** Checks that a stage with a time limit of its own can reach it. */
    private void checkStages(OptionProblems found) {
        for (RequestStage stage : hooks.requestStages()) {
            Duration limit = stage.timeLimit().orElse(Duration.ZERO);
            if (limit.compareTo(waitLimit) > 0) {
                found.add(
                        "waitLimit",
                        OptionProblems.text(waitLimit),
                        "is shorter than the limit of stage " + stage.name() + ", " + OptionProblems.text(limit),
                        "raise it, or give the stage a shorter limit with within(…)");
            }
        }
    }

    private static String quoted(String text) {
        return '"' + SipParseException.excerpt(text) + '"';
    }

    private void checkAuthentication(OptionProblems found) {
        Authentication component = authentication;
        if (component == null && !noAuthentication) {
            found.add(
                    "authentication",
                    "",
                    "neither {authentication} nor {noAuthentication} was given",
                    "choose one; the second accepts every sender");
        }
        if (component != null && noAuthentication) {
            found.add("authentication", "", "both {authentication} and {noAuthentication} were given", "choose one");
        }
        if (component == null) {
            return;
        }
        for (String realm : component.fixedRealms()) {
            if (!domains.contains(realm.toLowerCase(Locale.ROOT))) {
                found.addAll(List.of(new ConfigurationProblem(
                        "digest",
                        "realm",
                        quoted(realm),
                        "is not a configured domain (" + String.join(", ", domains) + ")",
                        "")));
            }
        }
        if (!hooks.hasDomainSources() && !domains.isEmpty()) {
            found.addAll(component.problems(Set.copyOf(domains)));
        }
    }
}
