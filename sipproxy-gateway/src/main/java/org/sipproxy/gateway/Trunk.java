package org.sipproxy.gateway;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestNonces;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.component.ProxySetup;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.gateway.TrunkFigures;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * Account at a provider: registers there, sends calls to it with credentials, and accepts its calls.
 *
 * <pre>{@code
 * Trunk carrier = Trunk.builder("carrier", SipUri.of("sip:sip.carrier.example"))
 *         .account("4930123")
 *         .login(DigestLogin.ofPassword("4930123", password).forRealm("carrier.example"))
 *         .numbers(NumberPlan.none().replace("+", "00"))
 *         .identity(CallerIdentity.P_ASSERTED_IDENTITY)
 *         .prefix("+")
 *         .incomingTo(SipUri.of("sip:reception@example.org"))
 *         .build();
 * SipProxy.builder().component(carrier)
 * }</pre>
 *
 * <p><b>Registration.</b> REGISTER with a Contact whose user part identifies the trunk and cannot be guessed. It is
 * refreshed at 80 to 90 % of the granted time. After a failure the next attempt follows after 50 to 100 % of a time
 * that doubles (RFC 5626 §4.5), or after Retry-After. A rejected login is tried again after the longest time only. The
 * registration ends when the proxy closes. {@link Builder#withoutRegistration} is for providers that know this proxy by
 * its address.
 *
 * <p><b>Calls to the provider.</b> {@link Builder#prefix} and {@link Builder#fallback} send numbers that are not users
 * of the proxy to the provider, for authenticated users and trusted peers only. {@link #plan} is for stages of the host
 * application. A 401 or 407 of the provider leads to the same request with credentials. RFC 3261 §22.3 leaves
 * credentials to the user agent; here the account belongs to the proxy, and the caller does not see the challenge. The
 * CSeq number stays the same, because the caller counts its requests. A server that compares Call-ID, From tag and CSeq
 * only mistakes the second request for a merged one and responds 482 (§8.2.2.2). Later requests begin with credentials,
 * as long as the provider accepts its nonce.
 * If the provider rejects the login, the caller gets 403 and the log has a line. In-dialog requests that the provider
 * challenges are answered in the same way; ACK is sent without credentials.
 *
 * <p><b>Calls of the provider</b> are recognized by its addresses, those of its SRV records included, or by the Contact
 * of the registration. They are trusted, and routed to {@link Builder#did},
 * {@link Builder#incoming} or {@link Builder#incomingTo}; without any of them to the user with the called number. They
 * are never sent out again. Add a trunk to the proxy before a {@link Dispatcher} with a fallback.
 *
 * <p>All methods are thread-safe.
 */
public final class Trunk implements ProxyComponent, GatewayMonitor {

    private static final Duration REFRESH = Duration.ofMinutes(1);
    /** Addresses from which a request to the Contact came. */
    private static final int MOST_CALLERS = 64;

    private static final int TOKEN_BYTES = 12;

    private static final Duration LONGEST_CALL = Duration.ofHours(24);

    private final String name;
    private final SipUri provider;
    private final SipUri addressOfRecord;
    private final @Nullable DigestLogin login;
    private final boolean registers;
    private final Duration expires;
    private final Duration startDelay;
    private final Duration firstRetry;
    private final Duration longestRetry;
    private final @Nullable SipUri outboundProxy;
    private final @Nullable Endpoint socket;
    private final @Nullable String contactHost;
    private final NumberPlan numbers;
    private final CallerIdentity identity;
    /** Null unless the identity is in From. */
    private final @Nullable ReplacedFrom replacedFrom;

    private final Function<StageContext, Optional<String>> callerNumber;
    private final List<SipUri> sources;
    private final SourceMatch match;
    private final IncomingRoutes incoming;
    private final Set<String> prefixes;
    private final boolean fallback;
    private final Consumer<TrunkChange> listener;

    private final DigestNonces nonces = new DigestNonces();
    private final LogPace refusals = new LogPace(TrunkCall.LOG_INTERVAL);
    private final Set<InetSocketAddress> callers =
            Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<InetSocketAddress, Boolean> eldest) {
                    return size() > MOST_CALLERS;
                }
            }));
    private volatile MemberAddresses addresses = MemberAddresses.NONE;
    private volatile @Nullable Running running;

    /** What exists from start to close. */
    private record Running(
            ProxyRuntime proxy,
            String contactUser,
            Refresher refresher,
            @Nullable TrunkRegistration registration) {}

    private Trunk(Builder b) {
        this.name = b.name;
        this.provider = b.provider;
        this.addressOfRecord = b.addressOfRecord();
        this.login = b.login;
        this.registers = b.registers;
        this.expires = b.expires;
        this.startDelay = b.startDelay;
        this.firstRetry = b.firstRetry;
        this.longestRetry = b.longestRetry;
        this.outboundProxy = b.outboundProxy;
        this.socket = b.socket;
        this.contactHost = b.contactHost;
        this.numbers = b.numbers;
        this.identity = b.identity;
        this.replacedFrom = identity == CallerIdentity.FROM ? new ReplacedFrom(LONGEST_CALL, this::now) : null;
        this.callerNumber = b.callerNumber;
        this.sources = b.sources();
        this.match = b.match;
        this.incoming = new IncomingRoutes(b.incomingNumbers, Map.copyOf(b.byNumber), b.incoming, b.incomingTo);
        this.prefixes = Set.copyOf(b.prefixes);
        this.fallback = b.fallback;
        this.listener = b.listener;
    }

    /**
     * Returns a builder.
     *
     * @param name name of the trunk in logs and its status, such as {@code carrier}
     * @param provider domain of the provider, such as {@code sip:sip.carrier.example} or {@code
     *     sip:192.0.2.20;transport=tcp}; without a user part. It is resolved by RFC 3263
     */
    public static Builder builder(String name, SipUri provider) {
        return new Builder(name, provider);
    }

    /**
     * Returns a builder with the values of an account. The account's {@link TrunkAccount#user() user} gets all calls of
     * the provider that no {@link Builder#did} takes.
     */
    public static Builder builder(TrunkAccount account) {
        Builder builder = new Builder(account.name(), account.provider())
                .addressOfRecord(account.addressOfRecord())
                .expires(account.expires())
                .startDelay(account.startDelay());
        account.login().ifPresent(builder::login);
        account.outboundProxy().ifPresent(builder::outboundProxy);
        account.contactHost().ifPresent(builder::contactHost);
        account.socket().ifPresent(builder::socket);
        account.user().ifPresent(builder::incomingTo);
        return account.registers() ? builder : builder.withoutRegistration();
    }

    // ---- the component

    @Override
    public String name() {
        return "trunk " + name;
    }

    @Override
    public void install(ComponentHooks hooks) {
        new TrunkStages(this).install(hooks);
    }

    @Override
    public List<ConfigurationProblem> problems(ProxySetup proxy) {
        return SetupChecks.of(this, proxy);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        Refresher refresher = new Refresher(proxy);
        String contactUser = contactUser(proxy);
        TrunkRegistration registration = registers
                ? new TrunkRegistration(
                        proxy,
                        new TrunkRegistration.Account(
                                name,
                                addressOfRecord,
                                toProvider(provider),
                                contactUser,
                                Optional.ofNullable(login),
                                expires,
                                firstRetry,
                                longestRetry),
                        () -> contactUri(proxy, contactUser),
                        listener)
                : null;
        running = new Running(proxy, contactUser, refresher, registration);
        resolve(proxy);
        if (sources.stream().anyMatch(uri -> uri.numericHost().isEmpty())) {
            refresher.every(REFRESH, () -> resolve(proxy));
        }
        if (registration != null) {
            registration.begin(startDelay);
        }
    }

    private Instant now() {
        Running now = running;
        return now == null ? Instant.EPOCH : now.proxy().now();
    }

    private String contactUser(ProxyRuntime proxy) {
        byte[] key = proxy.key("trunk contact " + name + " " + addressOfRecord);
        return "trunk-" + HexFormat.of().formatHex(key, 0, TOKEN_BYTES);
    }

    /** May block. */
    private void resolve(ProxyRuntime proxy) {
        GatewaySet options = GatewaySet.named(name).build();
        List<Member> members = sources.stream()
                .map(uri -> new Member(options, Gateway.builder(name, uri).build(), false))
                .toList();
        addresses = MemberAddresses.of(
                members, match == SourceMatch.OFF ? SourceMatch.ADDRESS : match, proxy::resolve, addresses);
    }

    @Override
    public void stopping() {
        Running now = running;
        if (now != null && now.registration() != null) {
            now.registration().stop();
        }
    }

    @Override
    public void close() {
        Running now = running;
        if (now != null) {
            running = null;
            now.refresher().close();
        }
    }

    // ---- the Contact

    private Optional<String> contactUri(ProxyRuntime proxy, String user) {
        Endpoint point = point(proxy.boundEndpoints());
        String transport = switch (point.kind()) {
            case UDP -> "";
            case TCP, TLS -> ";transport=" + point.kind().lowerCase();
            case WS, WSS -> ";transport=ws";
        };
        return hostPort(proxy, point).map(host -> "sip:" + user + "@" + host + transport);
    }

    /** Returns the listening point that the provider sends its calls to. */
    private Endpoint point(List<Endpoint> bound) {
        Endpoint wanted = socket;
        if (wanted != null) {
            return bound.stream().filter(wanted::hasAddressOf).findFirst().orElse(wanted);
        }
        SipUri first = outboundProxy == null ? provider : outboundProxy;
        TransportKind kind = first.isSecure()
                ? TransportKind.TLS
                : TransportKind.of(first.parameter("transport").orElse("udp")).orElse(TransportKind.UDP);
        return bound.stream().filter(point -> point.kind() == kind).findFirst().orElse(bound.get(0));
    }

    private Optional<String> hostPort(ProxyRuntime proxy, Endpoint point) {
        int port = point.advertisedPort() == 0 ? point.port() : point.advertisedPort();
        if (contactHost != null) {
            return Optional.of(contactHost.indexOf(':') > 0 ? contactHost : contactHost + ":" + port);
        }
        String host = point.advertisedHost().isEmpty() ? point.host() : point.advertisedHost();
        if (host.equals("0.0.0.0") || host.equals("::")) {
            return towardsProvider(proxy).map(own -> own.substring(0, own.lastIndexOf(':')) + ":" + port);
        }
        return Optional.of((host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port);
    }

    /** Returns how Via names the proxy towards the provider. */
    private Optional<String> towardsProvider(ProxyRuntime proxy) {
        return addresses.any().flatMap(address -> {
            String host = address.getHostAddress();
            String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return proxy.flow(SipUri.of("sip:" + literal), null, proxy.now()).map(proxy::sentBy);
        });
    }

    // ---- state

    /** Returns the state of the registration. */
    public TrunkStatus status() {
        Running now = running;
        TrunkRegistration registration = now == null ? null : now.registration();
        return registration == null
                ? new TrunkStatus(name, TrunkState.UNREGISTERED, "", Optional.empty(), Optional.empty())
                : registration.status();
    }

    @Override
    public List<TrunkFigures> trunkFigures() {
        Running now = running;
        TrunkRegistration registration = now == null ? null : now.registration();
        return List.of(registration == null ? new TrunkFigures(name, registers, false, 0) : registration.figures());
    }

    /**
     * Registers at once, for example after the provider has unlocked the account. Does nothing before the start, after
     * the close, or while a REGISTER is in progress.
     */
    public void registerNow() {
        Running now = running;
        if (now != null && now.registration() != null) {
            now.registration().registerNow();
        }
    }

    @Override
    public String toString() {
        return name();
    }

    // ---- requests to the provider

    /**
     * Returns the target for a number: the number in the provider's form, at the provider. A target alone does not
     * answer challenges: see {@link #plan}.
     */
    public Target target(String number) {
        return toProvider(UserPart.of(numbers.apply(number)).in(provider));
    }

    private Target toProvider(SipUri uri) {
        SipUri hop = outboundProxy;
        List<SipUri> routes = hop == null ? List.of() : List.of(hop.hasParameter("lr") ? hop : SipUri.of(hop + ";lr"));
        return new Target(uri, 1f, routes, null, null, socket);
    }

    /**
     * Returns the plan for a request to a number: to the provider, with the caller's identity, and with credentials
     * when the provider asks for them.
     *
     * @param context the request
     * @param number the called number, in the form of this proxy
     */
    public RelayPlan plan(StageContext context, String number) {
        return plan(context, number, UnaryOperator.identity());
    }

    /**
     * Returns a plan with further rules. They apply to the request without and with credentials, and a rejected login
     * counts as {@link org.sipproxy.api.routing.FailureCause#UNREACHABLE}:
     *
     * <pre>{@code
     * trunk.plan(context, number, plan -> plan.onFailure(UNREACHABLE).relay(other.plan(context, number)))
     * }</pre>
     *
     * @param rules adds rules, a ring time or edits to a plan; called once for each attempt
     */
    public RelayPlan plan(StageContext context, String number, UnaryOperator<RelayPlan> rules) {
        Target target = target(number);
        boolean trusted = context.isTrusted();
        SipUri caller = UserPart.of(callerNumber.apply(context).orElse(addressOfRecord.user()))
                .in(addressOfRecord);
        ReplacedFrom from = replacedFrom;
        BranchEdit edit = (request, to) -> {
            SipRequest edited = TrunkIdentity.edited(request, identity, caller, trusted);
            return from == null ? edited : from.outgoing(edited, caller);
        };
        DigestLogin with = login;
        return with == null
                ? rules.apply(RelayPlan.to(target).edit(edit))
                : call(context.request().method(), List.of(target), edit, with, rules)
                        .plan(RelayPlan.to(target));
    }

    private TrunkCall call(
            Method method, List<Target> targets, BranchEdit edit, DigestLogin with, UnaryOperator<RelayPlan> rules) {
        return new TrunkCall(name, with, nonces, refusals, method, targets, edit, rules);
    }

    /** Returns the plan for an in-dialog request to these targets; only for a trunk with a login. */
    RelayPlan planInDialog(Method method, List<Target> targets) {
        DigestLogin with = Objects.requireNonNull(login, "login");
        return call(method, targets, (request, to) -> request, with, UnaryOperator.identity())
                .plan(RelayPlan.toCallee());
    }

    /** Returns the From of its calls; null if it is not replaced. */
    @Nullable
    ReplacedFrom replacedFrom() {
        return replacedFrom;
    }

    boolean hasLogin() {
        return login != null;
    }

    Optional<String> loginRealm() {
        return Optional.ofNullable(login).flatMap(DigestLogin::realm);
    }

    SipUri provider() {
        return provider;
    }

    Set<String> prefixes() {
        return prefixes;
    }

    boolean isFallback() {
        return fallback;
    }

    boolean sendsUnknown() {
        return fallback || !prefixes.isEmpty();
    }

    /** Returns true if calls to this number are sent to the provider. */
    boolean takes(String number) {
        return fallback || prefixes.stream().anyMatch(number::startsWith);
    }

    boolean isOfProvider(SipUri uri) {
        return uri.hostIs(provider.normalHost()) || addresses.isMember(uri);
    }

    // ---- requests of the provider

    IncomingRoutes incoming() {
        return incoming;
    }

    /** Returns true if the URI is the Contact of this trunk. */
    boolean isContact(SipUri uri, StageContext context) {
        Running now = running;
        return registers && now != null && uri.isSip() && uri.user().equals(now.contactUser()) && context.isMyself(uri);
    }

    boolean isFromProvider(StageContext context) throws SipParseException {
        if (isSource(context)) {
            return true;
        }
        if (!isContact(context.request().requestUri(), context)) {
            return false;
        }
        for (NameAddress route : context.request().addresses(HeaderName.ROUTE)) {
            if (!context.isMyself(route.uri())) {
                return false; // whoever knows the Contact must not use this proxy to reach others
            }
        }
        if (!context.isRehearsal()) {
            callers.add(context.flow().remoteAddress());
        }
        return true;
    }

    /** How precisely a call of the provider names a trunk, the least precise first. */
    private enum Claim {
        SOURCE,
        ACCOUNT,
        NUMBER,
        CONTACT
    }

    /**
     * Returns true if the request is of the provider and for this trunk. Of several trunks that share a provider it is
     * for the one that it names most precisely, else for the first.
     */
    boolean receives(StageContext context) throws SipParseException {
        Running now = running;
        if (now == null || !isFromProvider(context)) {
            return false;
        }
        Claim own = claim(context);
        boolean isEarlier = true;
        for (ProxyComponent component : now.proxy().components()) {
            if (component == this) {
                isEarlier = false;
            } else if (component instanceof Trunk other) {
                if (isEarlier && other.hasRouted(context)) {
                    return false;
                }
                if (other.isFromProvider(context)) {
                    int difference = other.claim(context).compareTo(own);
                    if (difference > 0 || (isEarlier && difference == 0)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private Claim claim(StageContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        if (isContact(uri, context)) {
            return Claim.CONTACT;
        }
        String called = DispatchStages.numberOf(uri);
        if (incoming.names(called)) {
            return Claim.NUMBER;
        }
        NumberPlan form = incoming.numbers();
        return form.apply(called).equals(form.apply(addressOfRecord.user())) ? Claim.ACCOUNT : Claim.SOURCE;
    }

    /** Returns true if the Request-URI is one that this trunk has written. */
    private boolean hasRouted(StageContext context) throws SipParseException {
        return cameFromProvider(context) && incoming.leadTo(context.request().requestUri());
    }

    private boolean isSource(StageContext context) {
        return match != SourceMatch.OFF && addresses.isMember(context.flow());
    }

    /** Returns true if the request may be of the provider, also if its Request-URI has been changed. */
    boolean cameFromProvider(StageContext context) {
        return isSource(context) || callers.contains(context.flow().remoteAddress());
    }

    /** Options of {@link Trunk}. Not thread-safe. */
    public static final class Builder {

        private final String name;
        private final SipUri provider;
        private @Nullable String account;
        private @Nullable SipUri aor;
        private @Nullable DigestLogin login;
        private boolean registers = true;
        private Duration expires = Duration.ofHours(1);
        private Duration startDelay = Duration.ZERO;
        private Duration firstRetry = Duration.ofSeconds(30);
        private Duration longestRetry = Duration.ofMinutes(30);
        private @Nullable SipUri outboundProxy;
        private @Nullable Endpoint socket;
        private @Nullable String contactHost;
        private NumberPlan numbers = NumberPlan.none();
        private CallerIdentity identity = CallerIdentity.NONE;
        private Function<StageContext, Optional<String>> callerNumber = context -> Optional.empty();
        private final List<String> otherSources = new ArrayList<>();
        private SourceMatch match = SourceMatch.ADDRESS;
        private NumberPlan incomingNumbers = NumberPlan.none();
        private final Map<String, SipUri> byNumber = new TreeMap<>();
        private @Nullable IncomingRoute incoming;
        private @Nullable SipUri incomingTo;
        private final List<String> prefixes = new ArrayList<>();
        private boolean fallback;
        private Consumer<TrunkChange> listener = change -> {};
        private final OptionProblems problems;

        private Builder(String name, SipUri provider) {
            this.name = Objects.requireNonNull(name, "name");
            this.provider = Objects.requireNonNull(provider, "provider");
            this.problems = new OptionProblems("trunk " + name);
        }

        /** Sets the account's user name: it registers as {@code sip:USER@} and the provider's host. */
        public Builder account(String user) {
            problems.once("account");
            this.account = Objects.requireNonNull(user, "user");
            return this;
        }

        /** Sets the address of record instead of {@link #account}, if its host is not the provider's. */
        public Builder addressOfRecord(SipUri uri) {
            problems.once("addressOfRecord");
            this.aor = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /**
         * Sets the login for the provider's challenges. Default none: a challenge is passed on to the caller. A login
         * for one realm leaves the challenges of other realms, such as that of a callee, to the caller. A login for any
         * realm lets whoever receives the calls try out passwords.
         */
        public Builder login(DigestLogin credentials) {
            problems.once("login");
            this.login = Objects.requireNonNull(credentials, "credentials");
            return this;
        }

        /** Does not register: the provider knows this proxy by its address. */
        public Builder withoutRegistration() {
            this.registers = false;
            return this;
        }

        /**
         * Sets the time to request for the registration. 30 s to 24 h. Default 1 h. The provider may grant less, or
         * demand more (423).
         */
        public Builder expires(Duration time) {
            this.expires = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * Sets how long the first REGISTER waits after the start, 0 to 1 h. Default 0. It spreads many registrations.
         */
        public Builder startDelay(Duration time) {
            this.startDelay = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * Sets the times between attempts to register after failures. 1 s to 1 h, and {@code first} to 24 h. Default 30
         * s and 30 min.
         *
         * @param first upper bound after the first failure; each further one doubles it
         * @param longest upper bound; also the time after a rejected login
         */
        public Builder retry(Duration first, Duration longest) {
            this.firstRetry = Objects.requireNonNull(first, "first");
            this.longestRetry = Objects.requireNonNull(longest, "longest");
            return this;
        }

        /** Sends all requests through this proxy of the provider, a {@code sip:} URI without a user part. */
        public Builder outboundProxy(SipUri proxy) {
            this.outboundProxy = Objects.requireNonNull(proxy, "proxy");
            return this;
        }

        /**
         * Sets the listening point to send from and to register. Default: the first one with the transport that the
         * provider's URI names, else the first.
         */
        public Builder socket(Endpoint endpoint) {
            this.socket = Objects.requireNonNull(endpoint, "endpoint");
            return this;
        }

        /**
         * Sets the host in the registered Contact, with an optional port. It must be a name or address of this proxy.
         * Default: what the listening point advertises, else its address; for a
         * wildcard address what Via has.
         */
        public Builder contactHost(String host) {
            this.contactHost = Objects.requireNonNull(host, "host");
            return this;
        }

        /** Sets the form in which the provider wants called numbers. Default: as they are, without separators. */
        public Builder numbers(NumberPlan plan) {
            this.numbers = Objects.requireNonNull(plan, "plan");
            return this;
        }

        /** Sets how the provider learns who calls. Default {@link CallerIdentity#NONE}. */
        public Builder identity(CallerIdentity kind) {
            this.identity = Objects.requireNonNull(kind, "kind");
            return this;
        }

        /**
         * Sets the number of a caller for {@link #identity}, in the provider's form. Empty for the account's user name,
         * which is the default. Called on threads of the proxy: it must not block.
         */
        public Builder callerNumber(Function<StageContext, Optional<String>> number) {
            this.callerNumber = Objects.requireNonNull(number, "number");
            return this;
        }

        /** Adds a host name or address from which the provider's calls come, with an optional port. */
        public Builder source(String host) {
            otherSources.add(Objects.requireNonNull(host, "host"));
            return this;
        }

        /** Sets how the provider's calls are recognized by their source. Default {@link SourceMatch#ADDRESS}. */
        public Builder recognize(SourceMatch how) {
            this.match = Objects.requireNonNull(how, "how");
            return this;
        }

        /** Brings the called numbers of the provider's calls into another form first. Default none. */
        public Builder incomingNumbers(NumberPlan plan) {
            this.incomingNumbers = Objects.requireNonNull(plan, "plan");
            return this;
        }

        /**
         * Routes calls to this number of the account (direct inward dialling) to a URI, such as a user of the proxy.
         */
        public Builder did(String number, SipUri to) {
            Objects.requireNonNull(to, "to");
            if (byNumber.putIfAbsent(NumberPlan.none().apply(number), to) != null) {
                problems.add("did", number, "given twice", "give it once");
            }
            return this;
        }

        /** Routes all other calls by a function of the host application. */
        public Builder incoming(IncomingRoute route) {
            problems.once("incoming");
            this.incoming = Objects.requireNonNull(route, "route");
            return this;
        }

        /** Routes all other calls to one URI, such as a user of the proxy. */
        public Builder incomingTo(SipUri to) {
            problems.once("incoming");
            this.incomingTo = Objects.requireNonNull(to, "to");
            return this;
        }

        /**
         * Sends called numbers with this prefix to the provider, if they are not users of the proxy.
         *
         * @param prefix digits, {@code *} and {@code #}, with an optional {@code +} at the start
         */
        public Builder prefix(String prefix) {
            if (!prefix.equals("+") && !NumberPlan.isNumber(prefix)) {
                problems.add("prefix", prefix, "expected digits, * and #, with an optional + at the start, at most 64");
            }
            prefixes.add(prefix);
            return this;
        }

        /**
         * Sends what is not a user of the proxy to the provider: unknown users, and telephone numbers at other domains.
         */
        public Builder fallback() {
            this.fallback = true;
            return this;
        }

        /** Sets the listener for changes of the state. Called on threads of the proxy: it must not block. */
        public Builder onChange(Consumer<TrunkChange> changes) {
            this.listener = Objects.requireNonNull(changes, "changes");
            return this;
        }

        private SipUri addressOfRecord() {
            SipUri given = aor;
            if (given != null) {
                return given;
            }
            String host = provider.host().indexOf(':') >= 0 && !provider.host().startsWith("[")
                    ? "[" + provider.host() + "]"
                    : provider.host();
            String user = account == null ? "" : UserPart.of(account).text() + "@";
            return SipUri.of("sip:" + user + host);
        }

        private List<SipUri> sources() {
            List<SipUri> all = new ArrayList<>();
            all.add(provider);
            if (outboundProxy != null) {
                all.add(outboundProxy);
            }
            otherSources.forEach(host -> all.add(SipUri.of("sip:" + host)));
            return List.copyOf(all);
        }

        /**
         * Checks the options. Opens nothing.
         *
         * @throws org.sipproxy.api.config.ConfigurationException if an option is missing or outside its range
         */
        public Trunk build() {
            OptionProblems found = problems.copy();
            if (name.isBlank()) {
                found.add("name", "", "empty", "name the trunk, such as carrier");
            }
            checkHost(found, "provider", provider);
            if (outboundProxy != null) {
                checkHost(found, "outboundProxy", outboundProxy);
            }
            SipUri record = aor;
            if (record != null && (!record.isSip() || !record.hasUser())) {
                found.add("addressOfRecord", record.toString(), "expected sip:USER@HOST");
            }
            if (account != null && (account.isEmpty() || record != null)) {
                found.add(
                        "account",
                        account,
                        account.isEmpty() ? "empty" : "addressOfRecord is given as well",
                        "use one or the other");
            }
            if (account == null && record == null && (registers || identity != CallerIdentity.NONE)) {
                found.add("account", "", "none", "name the account, or use withoutRegistration() without an identity");
            }
            for (String host : otherSources) {
                try {
                    checkHost(found, "source", SipUri.of("sip:" + host));
                } catch (IllegalArgumentException e) {
                    found.add("source", host, "expected a host name or address, with an optional port");
                }
            }
            if (contactHost != null) {
                try {
                    checkHost(found, "contactHost", SipUri.of("sip:" + contactHost));
                } catch (IllegalArgumentException e) {
                    found.add("contactHost", contactHost, "expected a host name or address, with an optional port");
                }
            }
            found.range("expires", expires, Duration.ofSeconds(30), Duration.ofDays(1));
            found.range("startDelay", startDelay, Duration.ZERO, Duration.ofHours(1));
            found.range("retry", firstRetry, Duration.ofSeconds(1), Duration.ofHours(1));
            found.range("retry", longestRetry, firstRetry, Duration.ofDays(1));
            found.throwIfAny();
            return new Trunk(this);
        }

        private static void checkHost(OptionProblems found, String option, SipUri uri) {
            if (!uri.isSip() || uri.hasUser()) {
                found.add(option, uri.toString(), "expected sip:HOST, without a user part");
            }
        }
    }
}
