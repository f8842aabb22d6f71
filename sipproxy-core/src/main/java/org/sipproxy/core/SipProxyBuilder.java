package org.sipproxy.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.component.ProxyComponent;
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
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.engine.CollectedHooks;
import org.sipproxy.core.internal.engine.EngineParts;
import org.sipproxy.core.internal.engine.ProxyEngine;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.status.ProxyHealth;
import org.sipproxy.core.status.ProxyStatistics;
import org.sipproxy.message.HostName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Assembles a {@link SipProxy}. What must be given: at least one {@link #listen}, at least one {@link #domain}, and either
 * {@link #authentication} or {@link #noAuthentication}. Nothing is opened before {@link SipProxy#start()}.
 *
 * <p>Not thread-safe; may be used for one proxy.
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
    private final List<ProxyComponent> components = new ArrayList<>();
    private final CollectedHooks hooks = new CollectedHooks();
    private final OptionProblems problems = new OptionProblems("");

    private @Nullable Authentication authentication;
    private boolean noAuthentication;
    private boolean revealsUsers;
    private boolean refusesOptions;
    private RegistrarPolicy registrar = RegistrarPolicy.DEFAULT;
    private ContactPolicy destinations = ContactPolicy.DEFAULT;
    private StrangerPolicy strangers = StrangerPolicy.DEFAULT;
    private byte @Nullable [] secret;
    private Duration longestDialog = Duration.ofHours(24);
    private SipTimers timers = SipTimers.DEFAULT;
    private ParseLimits parseLimits = ParseLimits.DEFAULT;
    private StreamLimits streamLimits = StreamLimits.DEFAULT;
    private NextHopPolicy nextHops = NextHopPolicy.DEFAULT;
    private @Nullable TlsSettings tls;
    private final Set<String> webSocketOrigins = new HashSet<>();
    private @Nullable LocationStore locationStore;
    private StoreMode storeMode = StoreMode.memory();
    private @Nullable WireListener wireListener;
    private String name = "sipproxy";
    private ThreadFactory threadFactory = ProxyThreads::daemon;
    private int udpReceivers = defaultUdpReceivers();
    private int streamThreads = 2;
    private int workerThreads = DEFAULT_WORKERS;
    private Duration waitLimit = Duration.ofSeconds(10);
    private long transactionBytes =
            Math.max(LEAST_TRANSACTION_BYTES, Runtime.getRuntime().maxMemory() / 4);
    private long lingeringBytes = Math.min(
            MAX_LINGERING_BYTES,
            Math.max(LEAST_TRANSACTION_BYTES, Runtime.getRuntime().maxMemory() / 4));
    private Duration drainTime = Duration.ofSeconds(2);
    private boolean setsLogContext;
    private ProxyClock clock = ProxyClock.system();

    SipProxyBuilder() {}

    private static int defaultUdpReceivers() {
        return Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors() / 2));
    }

    /** Listens here too. At least one is needed. TLS and WSS need {@link #tls}. */
    public SipProxyBuilder listen(Endpoint endpoint) {
        endpoints.add(Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /**
     * A domain that the proxy is responsible for: its users register here, and its name is their realm. At least one is
     * needed; the first is also the domain of users who are addressed by an alias or by an address of this machine.
     */
    public SipProxyBuilder domain(String domain) {
        domains.add(HostName.normal(Objects.requireNonNull(domain, "domain")));
        return this;
    }

    /** Another name of the proxy, {@code host} for any port or {@code host:port} for one. */
    public SipProxyBuilder alias(String hostOrHostPort) {
        aliases.add(Objects.requireNonNull(hostOrHostPort, "hostOrHostPort").toLowerCase(Locale.ROOT));
        return this;
    }

    /** Who may register and call. Excludes {@link #noAuthentication}. */
    public SipProxyBuilder authentication(Authentication component) {
        problems.once("authentication");
        authentication = Objects.requireNonNull(component, "component");
        return this;
    }

    /** Anybody may register any user of the domains and call through the proxy: for laboratories and tests. */
    public SipProxyBuilder noAuthentication() {
        noAuthentication = true;
        return this;
    }

    /**
     * Whether a stranger gets 480 for a user who exists and has no binding. Default false: a stranger, who has neither proved a
     * password nor is a trusted peer, gets 404 as for an unknown user and so cannot list the users. Authenticated users and
     * trusted peers always get the precise status. A stranger's request to a user with a binding reaches the phone in any case.
     * Has no effect with {@link #noAuthentication}.
     */
    public SipProxyBuilder revealUsers(boolean reveal) {
        problems.once("revealUsers");
        revealsUsers = reveal;
        return this;
    }

    /** The registrar's rules. Default {@link RegistrarPolicy#DEFAULT}. */
    public SipProxyBuilder registrar(RegistrarPolicy policy) {
        problems.once("registrar");
        registrar = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /** Addresses that clients may have bytes sent to. Default {@link ContactPolicy#DEFAULT}. */
    public SipProxyBuilder destinations(ContactPolicy policy) {
        problems.once("destinations");
        destinations = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Which methods may be sent to users by senders that are neither authenticated nor trusted. Default
     * {@link StrangerPolicy#DEFAULT}. Without effect with {@link #noAuthentication}.
     */
    public SipProxyBuilder strangers(StrangerPolicy policy) {
        problems.once("strangers");
        strangers = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * The secret of this proxy, 16 to 1,024 random bytes; the array is copied. All keys for what leaves in messages and comes back
     * are derived from it: the signature in Record-Route, by which a request within a dialog passes, and what components sign
     * ({@link org.sipproxy.api.component.ProxyRuntime#key}), such as the aliases of NAT traversal. With a secret that stays, calls
     * outlive a restart. Proxies with the same secret take over each other's dialogs. If the secret changes, a request within an
     * older dialog passes only from an authenticated user or a trusted peer. Default random: the secret ends with the proxy.
     *
     * <p>Nonces of digest authentication are not derived from it: which of their counts were used is known to one process only.
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
     * How long a dialog may live: 1 hour to 30 days, default 24 hours; counted in whole hours. A request within an older one gets
     * a 481: a call ends, and a subscription is made anew. Until then a Record-Route signature lets its dialog's sides send
     * through this proxy.
     */
    public SipProxyBuilder longestDialog(Duration longest) {
        problems.once("longestDialog");
        longestDialog = Objects.requireNonNull(longest, "longest");
        problems.range("longestDialog", longest, Duration.ofHours(1), Duration.ofDays(30));
        return this;
    }

    /** Transaction timers. Default {@link SipTimers#DEFAULT}. */
    public SipProxyBuilder timers(SipTimers values) {
        problems.once("timers");
        timers = Objects.requireNonNull(values, "values");
        return this;
    }

    /** How large a message may be. Default {@link ParseLimits#DEFAULT}. */
    public SipProxyBuilder parseLimits(ParseLimits limits) {
        problems.once("parseLimits");
        parseLimits = Objects.requireNonNull(limits, "limits");
        return this;
    }

    /** What a peer of a stream transport may take. Default {@link StreamLimits#DEFAULT}. */
    public SipProxyBuilder streamLimits(StreamLimits limits) {
        problems.once("streamLimits");
        streamLimits = Objects.requireNonNull(limits, "limits");
        return this;
    }

    /**
     * How next hops are tried: which requests go by TCP for their size, and what a failure means for later requests. Default
     * {@link NextHopPolicy#DEFAULT}.
     */
    public SipProxyBuilder nextHops(NextHopPolicy policy) {
        problems.once("nextHops");
        nextHops = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * The proxy's certificate and what it asks of its peers; needed for an endpoint of TLS or WSS. Requests are sent to others
     * over TLS only if there is an endpoint of TLS, by which these can answer.
     */
    public SipProxyBuilder tls(TlsSettings settings) {
        problems.once("tls");
        tls = Objects.requireNonNull(settings, "settings");
        return this;
    }

    /**
     * The pages that may connect over WS and WSS, by their origin such as {@code https://phone.example.org}; a browser tells the
     * page's. It keeps other people's pages from using their visitors' browsers, and nobody else out: what is no browser may say
     * what it likes, or nothing. Default all pages.
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
     * How bindings are kept; the store is opened by {@link SipProxy#start()} and closed with the proxy. Default
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

    /** A store of the host's own, which stays its to close. Excludes {@link #locationStore(StoreMode)}. */
    public SipProxyBuilder locationStore(LocationStore store) {
        problems.once("locationStore");
        locationStore = Objects.requireNonNull(store, "store");
        return this;
    }

    /**
     * Adds a component that takes part at several places, such as NAT traversal, an access list or accounting. Components run by their
     * {@linkplain ProxyComponent#phase() phase}, the access list before the flood guard before all others, and within a phase in
     * the order in which they were added. A store of credentials that is a component need not be added: its authentication is
     * enough. Closed with the proxy.
     */
    public SipProxyBuilder component(ProxyComponent component) {
        if (!add(Objects.requireNonNull(component, "component"))) {
            problems.add("component", component.name(), "is given twice", "give it once");
        }
        return this;
    }

    private boolean add(ProxyComponent component) {
        boolean isNew = components.stream().noneMatch(other -> other == component);
        if (isNew) {
            components.add(component);
        }
        return isNew;
    }

    /** Watches bindings come and go. */
    public SipProxyBuilder locationListener(LocationListener listener) {
        hooks.onLocationChange(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Watches requests that got their final response, for accounting. */
    public SipProxyBuilder requestListener(RequestListener listener) {
        hooks.onRequestCompleted(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Watches what the proxy and its components report, for audits. */
    public SipProxyBuilder listener(ProxyListener listener) {
        hooks.onEvent(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /** Sees every message on the wire; costs a parse of each message sent. Default none. */
    public SipProxyBuilder wireListener(WireListener listener) {
        problems.once("wireListener");
        wireListener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /** A step that runs when a request has been checked and is outside any dialog, before anybody is asked for a password. */
    public SipProxyBuilder beforeAuthentication(RequestStage stage) {
        hooks.beforeAuthentication(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** A step that runs for an authenticated request, before the registrar or the location store look at it. */
    public SipProxyBuilder beforeRouting(RequestStage stage) {
        hooks.beforeRouting(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** A step that runs when the targets are known, for requests inside a dialog too, before they are forwarded. */
    public SipProxyBuilder beforeForwarding(RequestStage stage) {
        hooks.beforeForwarding(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /** A step that sees responses before they are forwarded. */
    public SipProxyBuilder onResponse(ResponseStage stage) {
        hooks.onResponse(Objects.requireNonNull(stage, "stage"));
        return this;
    }

    /**
     * How many threads read each UDP listening point, each from a socket of its own; 1 to 64. Default one for two cores, at
     * most 8: the rest of the machine is for the kernel, timers and streams. With more than one, two requests of one client
     * that are under way at the same time may overtake each other, as on any network.
     */
    public SipProxyBuilder udpReceivers(int count) {
        problems.once("udpReceivers");
        udpReceivers = count;
        return this;
    }

    /**
     * Number of threads that serve all TCP, TLS and WebSocket connections; 1 to 64. Default 2: one reads while the other
     * performs handshakes. A further thread accepts connections. None are started without a stream listening point, unless
     * a name has to be looked up.
     */
    public SipProxyBuilder streamThreads(int count) {
        problems.once("streamThreads");
        streamThreads = count;
        return this;
    }

    /**
     * Name of the proxy in the names of its threads, such as {@code edge-udp-5060-0} and {@code edge-timer}; 1 to 40 letters, digits,
     * dots, hyphens and underscores. Default {@code sipproxy}. Does not appear in messages.
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
     * Makes the threads of the proxy: receivers, timer, workers, stream threads and those of the location store. The proxy names and
     * starts them, and they end with {@link SipProxy#close}. Default daemon threads. Threads that are not daemons keep the JVM alive
     * until the proxy is closed. Components make their own threads.
     */
    public SipProxyBuilder threadFactory(ThreadFactory factory) {
        problems.once("threadFactory");
        threadFactory = Objects.requireNonNull(factory, "factory");
        return this;
    }

    /**
     * How many threads run steps that may block; 1 to 1,000. Default 8, or 32 with {@link StoreMode#writeThrough}, where the
     * threads that wait at the same time share one commit. None are started if no step may block.
     */
    public SipProxyBuilder workerThreads(int count) {
        problems.once("workerThreads");
        workerThreads = count;
        return this;
    }

    /**
     * Whether an OPTIONS for the proxy itself gets 503 with Retry-After while it is not {@linkplain ProxyHealth#isReady ready}, so that
     * a dispatcher that probes with OPTIONS chooses another server. Default false: it gets 200 as long as the proxy runs and is not
     * draining.
     */
    public SipProxyBuilder refuseOptionsWhenNotReady(boolean refuse) {
        problems.once("refuseOptionsWhenNotReady");
        refusesOptions = refuse;
        return this;
    }

    /**
     * How long one request may wait for databases and blocking stages altogether, the queue of the worker threads included. After
     * that it gets 503 with Retry-After, and what it would still have asked is not asked any more. 1 s to 30 s, less than Timer F so
     * that the client still listens; default 10 s.
     */
    public SipProxyBuilder waitLimit(Duration limit) {
        problems.once("waitLimit");
        waitLimit = Objects.requireNonNull(limit, "limit");
        return this;
    }

    /**
     * Most bytes that all live transactions may take together: the messages that they keep and an estimate of their objects.
     * Default a quarter of the heap; range 1 MiB to any. Three quarters of it are open to everybody; the rest is for authenticated
     * users, trusted peers and requests in dialogs. A request that finds no room gets 503 with Retry-After, or nothing if not even
     * the reserve has room. {@link ProxyStatistics#transactionBytes} is what is in use.
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
     * How long {@link SipProxy#close} waits for requests in flight to get their final response; those that have none by then get
     * 503. Default 2 seconds; range 0 to 1 hour. A phone that rings is a request in flight.
     */
    public SipProxyBuilder drainTime(Duration limit) {
        problems.once("drainTime");
        drainTime = Objects.requireNonNull(limit, "limit");
        return this;
    }

    /**
     * Sets whether request stages and authentication run with the Call-ID and the method of their request in SLF4J's
     * diagnostic context ({@link org.sipproxy.api.support.LoggerNames#MDC_CALL_ID}), so that their own log lines have
     * them. Default false: it costs some hundred nanoseconds per stage and request. The proxy's own lines about a request
     * always have them.
     */
    public SipProxyBuilder logContext(boolean value) {
        problems.once("logContext");
        setsLogContext = value;
        return this;
    }

    /** The time to go by. Default the machine's. */
    public SipProxyBuilder clock(ProxyClock value) {
        problems.once("clock");
        clock = Objects.requireNonNull(value, "value");
        return this;
    }

    /**
     * Checks all that was given, and opens nothing.
     *
     * @throws ConfigurationException if an option is missing, outside its range, given twice or contradicts another
     */
    public SipProxy build() {
        installComponents();
        OptionProblems found = problems.copy();
        new ListenChecks(endpoints, tls != null).addTo(found);
        checkNames(found);
        checkAuthentication(found);
        found.range("udpReceivers", udpReceivers, 1, 64);
        found.range("streamThreads", streamThreads, 1, 64);
        found.range("workerThreads", workerThreads, 1, 1_000);
        found.range("waitLimit", waitLimit, Duration.ofSeconds(1), Duration.ofSeconds(30));
        found.range("lingeringBytes", lingeringBytes, LEAST_TRANSACTION_BYTES, MAX_LINGERING_BYTES);
        if (transactionBytes < LEAST_TRANSACTION_BYTES) {
            found.add("transactionBytes", Long.toString(transactionBytes), "expected 1,048,576 bytes or more");
        }
        found.range("drainTime", drainTime, Duration.ZERO, Duration.ofHours(1));
        found.throwIfAny();
        return new SipProxy(new ProxyEngine(new EngineParts(
                List.copyOf(endpoints),
                List.copyOf(domains),
                List.copyOf(aliases),
                authentication,
                revealsUsers,
                refusesOptions,
                registrar,
                destinations,
                strangers,
                secret,
                longestDialog,
                timers,
                parseLimits,
                streamLimits,
                nextHops,
                tls,
                Set.copyOf(webSocketOrigins),
                locationStore,
                storeMode,
                wireListener,
                List.copyOf(components),
                hooks,
                udpReceivers,
                streamThreads,
                workerThreads,
                new ProxyThreads(name, threadFactory),
                waitLimit,
                transactionBytes,
                lingeringBytes,
                drainTime,
                setsLogContext,
                clock)));
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
        components.sort(Comparator.comparing(ProxyComponent::phase)); // stable
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
    }

    private void checkNames(OptionProblems found) {
        if (domains.isEmpty()) {
            found.add(
                    "domain",
                    "",
                    "none",
                    "add one, such as example.org, the part behind the @ of your users' addresses");
        }
        for (String domain : domains) {
            if (!isHost(domain)) {
                found.add(
                        "domain",
                        quoted(domain),
                        "is not a host",
                        "write a host name such as example.org, without port or sip:");
            }
        }
        for (String alias : aliases) {
            int colon = alias.endsWith("]") ? -1 : alias.lastIndexOf(':');
            String port = colon < 0 ? "1" : alias.substring(colon + 1);
            if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
                found.add("alias", quoted(alias), "has no port from 1 to 65535 behind its colon");
            } else if (!isHost(colon < 0 ? alias : alias.substring(0, colon))) {
                found.add("alias", quoted(alias), "is not a host", "write host or host:port");
            }
        }
    }

    private static boolean isHost(String text) {
        try {
            SipUri uri = SipUri.parse("sip:" + text);
            return !uri.hasUser() && uri.port() < 0 && uri.host().equals(text);
        } catch (SipParseException e) {
            return false;
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
                    "choose one; the second lets anybody in");
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
