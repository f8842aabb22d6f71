package org.sipproxy.gateway;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.component.ProxySetup;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.GatewaySource;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gateways and media servers behind the proxy: distributes requests over the members of named sets, tries another
 * member if one cannot serve, and watches their health.
 *
 * <pre>{@code
 * Dispatcher gateways = Dispatcher.builder()
 *         .set(GatewaySet.named("pstn").member("sip:192.0.2.10").member("sip:192.0.2.11").build())
 *         .set(GatewaySet.named("germany").member("sip:192.0.2.20").build())
 *         .fallback("pstn")
 *         .prefix("+49", "germany")
 *         .build();
 * SipProxy.builder().component(gateways)
 * }</pre>
 *
 * <p><b>Which requests.</b> Requests outside a dialog; those in a dialog follow their Route headers. {@link
 * Builder#route} comes first, before the location look-up. A user of the proxy has precedence over {@link
 * Builder#prefix} and {@link Builder#fallback}: they apply to called users that do not exist, to {@code
 * tel:} URIs, and to telephone numbers at other domains. REGISTER is never dispatched.
 *
 * <p><b>Who.</b> Only authenticated users and trusted peers; for anyone else the request goes on as if there were no
 * gateway, and is rejected like any other for an unknown user. A proxy without authentication has no authenticated
 * users: let an access list trust the callers. {@link Builder#openRoute} is for services that are open to every caller.
 *
 * <p><b>Requests from members</b> are recognized by their source address, trusted, and routed to the users of the
 * proxy. They are never sent back to the set that they come from. UDP source addresses can be forged: filter them at
 * the edge of the network, or use {@link Builder#recognize} with {@link SourceMatch#OFF}.
 *
 * <p><b>If no member can serve.</b> Members that are down because requests failed are tried, the least recently failed
 * first. Members that do not respond to probes or sent Retry-After are not. If none is left, the request gets 503 with
 * Retry-After at once, so that the caller's phone or proxy can choose another route instead of waiting for a timeout.
 *
 * <p>Everything may be changed while the proxy runs. All methods are thread-safe; those that change members may block,
 * because they resolve host names.
 */
public final class Dispatcher implements ProxyComponent, GatewayMonitor {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    private static final Duration TICK = Duration.ofMinutes(1);
    private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(10);
    private static final Duration LONGEST_CALL = Duration.ofDays(7);
    private static final int MOST_CALLS = 1_000_000;
    private static final int RETRY_AFTER_SECONDS = 10;

    /** Condition on a request. Evaluated on receiver threads: it must not block. */
    @FunctionalInterface
    public interface Condition {

        /**
         * Returns true if the request goes to the set.
         *
         * @throws SipParseException if a part that it reads is malformed; the request is then rejected with 400
         */
        boolean holds(StageContext context) throws SipParseException;
    }

    record Route(String set, boolean isOpen, Condition condition) {}

    private volatile List<GatewaySet> configured;
    private volatile GatewaySet defaults;
    private volatile @Nullable GatewaySource source;
    private final @Nullable Duration reloadInterval;
    private final SourceMatch match;
    private final Consumer<MemberChange> listener;
    private final CallCounter counter;
    private final DispatchStages stages;
    private final SetupChecks.Dispatching dispatching;

    /** True once names are resolved periodically. */
    private final AtomicBoolean resolvesNames = new AtomicBoolean();

    private final Object changes = new Object();
    /** Never modified in place; written under {@link #changes}. */
    private volatile Map<String, MemberSet> sets = Map.of();

    private volatile MemberAddresses addresses = MemberAddresses.NONE;
    private volatile @Nullable Running running;

    /** What exists from start to close. */
    private record Running(ProxyRuntime proxy, Probes probes, Refresher refresher) {}

    private Dispatcher(Builder b) {
        this.configured = List.copyOf(b.sets);
        this.defaults = b.defaults;
        this.source = b.source;
        this.reloadInterval = b.reloadInterval;
        this.match = b.match;
        this.listener = b.listener;
        this.counter = new CallCounter(b.callLifetime, b.countedCalls);
        this.stages = new DispatchStages(this, b.routes, new PrefixTable<>(b.prefixes), b.fallback);
        this.dispatching = new SetupChecks.Dispatching(
                this,
                configured,
                b.routes.stream().filter(route -> !route.isOpen()).toList(),
                Map.copyOf(b.prefixes),
                b.fallback,
                match != SourceMatch.OFF && (source != null || configured.size() > 1));
        configured.forEach(this::addConfigured);
    }

    private void addConfigured(GatewaySet set) {
        List<Member> members = set.members().stream()
                .map(gateway -> new Member(set, gateway, false))
                .toList();
        Map<String, MemberSet> all = new TreeMap<>(sets);
        all.put(set.name(), new MemberSet(set, members));
        sets = Map.copyOf(all);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- the component

    @Override
    public String name() {
        return "dispatcher";
    }

    @Override
    public void install(ComponentHooks hooks) {
        stages.install(hooks, match != SourceMatch.OFF);
        hooks.onRequestCompleted(this::completed);
    }

    @Override
    public List<ConfigurationProblem> problems(ProxySetup proxy) {
        return SetupChecks.of(dispatching, proxy);
    }

    Set<String> prefixes() {
        return dispatching.prefixes().keySet();
    }

    boolean hasFallback() {
        return dispatching.fallback() != null;
    }

    @Override
    public void start(ProxyRuntime proxy) {
        Probes probes = new Probes(proxy, new Probes.Results() {
            @Override
            public void succeeded(Member member) {
                report(member, member.health.probeSucceeded());
            }

            @Override
            public void failed(Member member, String reason) {
                member.probeFailed(proxy.wallClock());
                report(member, member.health.probeFailed(proxy.now(), reason));
            }
        });
        Refresher refresher = new Refresher(proxy);
        running = new Running(proxy, probes, refresher);
        if (source == null) {
            refreshAddresses();
        } else {
            reload();
        }
        sets.values().forEach(set -> set.members.forEach(probes::begin));
        proxy.schedule(TICK, () -> tick(proxy));
        if (reloadInterval != null) {
            refresher.every(reloadInterval, this::reload);
        }
    }

    private void tick(ProxyRuntime proxy) {
        proxy.schedule(TICK, () -> tick(proxy));
        counter.expire(proxy.now());
    }

    @Override
    public void close() {
        Running now = running;
        if (now != null) {
            running = null;
            now.refresher().close();
        }
    }

    // ---- changes at run time

    /**
     * Reads the source again. Members that are still there keep their state and calls, unless the start state of their
     * row has changed; removed members get no new request, and their calls go on. Members that were configured or
     * added by {@link #add} stay. Of two entries with the same set and identifier the first counts. Blocks.
     *
     * @throws IllegalStateException if there is no source
     * @throws RuntimeException if the source cannot be read; the members stay as they were
     */
    public void reload() {
        GatewaySource from = source;
        if (from == null) {
            throw new IllegalStateException("reload: there is no source; give one with source(...)");
        }
        Map<String, Map<String, Gateway>> read = new TreeMap<>();
        for (Gateway gateway : from.read()) {
            Gateway first = read.computeIfAbsent(gateway.set(), s -> new LinkedHashMap<>())
                    .putIfAbsent(gateway.id(), gateway);
            if (first != null) {
                LOG.warn("{}: skipped, because the source has this gateway twice", gateway);
            }
        }
        synchronized (changes) {
            Map<String, MemberSet> all = new TreeMap<>(sets);
            read.keySet()
                    .forEach(name -> all.computeIfAbsent(name, n -> new MemberSet(defaults.optionsFor(n), List.of())));
            all.replaceAll((name, set) -> merged(set, read.getOrDefault(name, Map.of())));
            sets = Map.copyOf(all);
        }
        refreshAddresses();
        LOG.info(
                "{} in {} from the source",
                Quantity.of(read.values().stream().mapToInt(Map::size).sum(), "gateway"),
                Quantity.of(read.size(), "set"));
    }

    /**
     * Takes over sets, routes and source of another dispatcher, which must not be used by a proxy. A gateway that both
     * have keeps its state and calls, unless it is to be down or up after other numbers of failures. A removed gateway
     * gets no new request, and its calls go on. Gateways of a source stay until the next {@link #reload}. The other
     * options, such as {@link Builder#recognize}, stay as they are. Blocks.
     *
     * @throws IllegalArgumentException if the other one {@linkplain #canReplaceWith cannot} be taken over
     */
    public void replaceWith(Dispatcher other) {
        if (!canReplaceWith(other)) {
            throw new IllegalArgumentException(
                    "replaceWith: the other dispatcher has the first routes; build a proxy with it");
        }
        synchronized (changes) {
            Map<String, MemberSet> all = new TreeMap<>();
            other.configured.forEach(set -> all.put(set.name(), replaced(sets.get(set.name()), set)));
            sets.forEach((name, set) -> {
                List<Member> ofSource =
                        set.members.stream().filter(m -> m.fromSource).toList();
                if (!all.containsKey(name) && !ofSource.isEmpty()) {
                    all.put(name, set.with(ofSource));
                }
                MemberSet kept = all.get(name);
                set.members.stream()
                        .filter(member -> kept == null || !kept.members.contains(member))
                        .forEach(Member::remove);
            });
            configured = other.configured;
            defaults = other.defaults;
            source = other.source;
            sets = Map.copyOf(all);
            stages.replaceWith(other.stages);
        }
        refreshAddresses();
    }

    /**
     * Returns true if {@link #replaceWith} can take over the other dispatcher. A dispatcher without prefixes and
     * fallback cannot get the first one while the proxy runs, and one without routes not the first route.
     */
    public boolean canReplaceWith(Dispatcher other) {
        return stages.canReplaceWith(other.stages);
    }

    /** Returns a set with other options. A member stays unless its health would be decided otherwise. */
    private MemberSet replaced(@Nullable MemberSet before, GatewaySet now) {
        List<Member> members = new ArrayList<>();
        Map<String, Member> known = new TreeMap<>();
        if (before != null && before.options.hasHealthOf(now)) {
            before.members.stream()
                    .filter(member -> !member.fromSource)
                    .forEach(member -> known.put(member.gateway().id(), member));
        }
        for (Gateway gateway : now.members()) {
            Member member = known.get(gateway.id());
            if (member == null) {
                members.add(begun(new Member(now, gateway, false)));
            } else {
                member.set(now);
                report(member, member.update(gateway));
                members.add(member);
            }
        }
        if (before != null) {
            before.members.stream().filter(member -> member.fromSource).forEach(members::add);
        }
        return new MemberSet(now, members);
    }

    private MemberSet merged(MemberSet set, Map<String, Gateway> read) {
        Map<String, Gateway> added = new TreeMap<>(read);
        List<Member> members = new ArrayList<>();
        for (Member member : set.members) {
            Gateway row = added.remove(member.gateway().id());
            if (!member.fromSource) {
                members.add(member);
                if (row != null) {
                    LOG.warn("{}: the source's entry is skipped, because the gateway is configured already", row);
                }
            } else if (row != null) {
                members.add(member);
                report(member, member.update(row));
            } else {
                member.remove();
            }
        }
        for (Gateway row : read.values()) {
            if (added.containsKey(row.id())) {
                members.add(begun(new Member(set.options, row, true)));
            }
        }
        return set.with(members);
    }

    private Member begun(Member member) {
        Running now = running;
        if (now != null) {
            now.probes().begin(member);
        }
        return member;
    }

    /**
     * Adds a member. A set that does not exist is created with the default options. A reload does not remove it.
     * Blocks.
     *
     * @throws IllegalArgumentException if the set has a member with this identifier
     */
    public void add(Gateway gateway) {
        synchronized (changes) {
            MemberSet set =
                    sets.getOrDefault(gateway.set(), new MemberSet(defaults.optionsFor(gateway.set()), List.of()));
            if (set.members.stream().anyMatch(m -> m.gateway().id().equals(gateway.id()))) {
                throw new IllegalArgumentException(
                        "gateway: " + gateway + " exists already; remove it first, or give the new one another id");
            }
            List<Member> members = new ArrayList<>(set.members);
            members.add(begun(new Member(set.options, gateway, false)));
            replace(set.with(members));
        }
        LOG.info("{}: added", gateway);
        refreshAddresses();
    }

    /**
     * Removes a member. It gets no new request; its calls go on. If it is in the source, a reload adds it again.
     * Blocks.
     *
     * @throws IllegalArgumentException if there is no such member
     */
    public void remove(String set, String id) {
        synchronized (changes) {
            Member member = find(set, id);
            member.remove();
            MemberSet from = Objects.requireNonNull(sets.get(set));
            replace(from.with(from.members.stream().filter(m -> m != member).toList()));
        }
        LOG.info("{}/{}: removed", set, id);
        refreshAddresses();
    }

    /** Called under the lock. */
    private void replace(MemberSet set) {
        Map<String, MemberSet> all = new TreeMap<>(sets);
        all.put(set.options.name(), set);
        sets = Map.copyOf(all);
    }

    /**
     * Puts a member into use, whatever its state is. Blocks.
     *
     * @throws IllegalArgumentException if there is no such member
     */
    public void enable(String set, String id) {
        Member member = find(set, id);
        report(member, member.health.enable());
        refreshAddresses();
    }

    /**
     * Takes a member out of use: it gets no request outside a dialog and no probe, and is not recognized as a source.
     * Its calls go on. Blocks.
     *
     * @throws IllegalArgumentException if there is no such member
     */
    public void disable(String set, String id) {
        Member member = find(set, id);
        report(member, member.health.decide(MemberState.DISABLED));
        refreshAddresses();
    }

    /**
     * Lets a member finish its calls: it gets no request outside a dialog, but is still probed and recognized as a
     * source. {@link #status} shows when its last call has ended. Blocks.
     *
     * @throws IllegalArgumentException if there is no such member
     */
    public void drain(String set, String id) {
        Member member = find(set, id);
        report(member, member.health.decide(MemberState.DRAINING));
        refreshAddresses();
    }

    private Member find(String set, String id) {
        MemberSet members = sets.get(set);
        if (members == null) {
            throw new IllegalArgumentException(
                    "set: \"" + set + "\" does not exist (" + String.join(", ", names()) + ")");
        }
        return members.members.stream()
                .filter(member -> member.gateway().id().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("id: \"" + id + "\" is not a member of set " + set + " ("
                                + String.join(
                                        ", ",
                                        members.members.stream()
                                                .map(m -> m.gateway().id())
                                                .toList())
                                + ")"));
    }

    private List<String> names() {
        return sets.keySet().stream().sorted().toList();
    }

    /** Returns all members with their states, by set and in the order in which they were added. */
    public List<MemberStatus> status() {
        List<MemberStatus> all = new ArrayList<>();
        for (MemberSet set : new TreeMap<>(sets).values()) {
            set.members.forEach(member -> all.add(member.status()));
        }
        return List.copyOf(all);
    }

    @Override
    public List<GatewayFigures> gatewayFigures() {
        return sets.values().stream()
                .flatMap(set -> set.members.stream())
                .map(Member::figures)
                .toList();
    }

    // ---- source addresses

    private boolean hasNames() {
        return sets.values().stream()
                .flatMap(set -> set.members.stream())
                .map(Member::gateway)
                .anyMatch(gateway -> gateway.uri().numericHost().isEmpty()
                        || gateway.outboundProxy()
                                .filter(proxy -> proxy.numericHost().isEmpty())
                                .isPresent());
    }

    private void refreshAddresses() {
        Running now = running;
        if (now == null) {
            return; // before the start: nothing has been received
        }
        if (match != SourceMatch.OFF && hasNames() && resolvesNames.compareAndSet(false, true)) {
            now.refresher().every(TICK, this::refreshAddresses);
        }
        synchronized (resolvesNames) { // the latest members are resolved last
            List<Member> members = new ArrayList<>();
            sets.values().forEach(set -> members.addAll(set.members));
            addresses = MemberAddresses.of(members, match, now.proxy()::resolve, addresses);
        }
    }

    MemberAddresses addresses() {
        return addresses;
    }

    // ---- requests

    /** Returns the verdict for a request that goes to a set. */
    Verdict dispatch(String name, StageContext context) throws SipParseException {
        SipRequest request = context.request();
        MemberSet set = sets.get(name);
        List<Member> order = set == null ? List.of() : set.order(context, Method.INVITE.equals(request.method()));
        if (order.isEmpty()) {
            context.explain(
                    set == null
                            ? "there is no gateway set " + name
                            : "no member of gateway set " + name + " can serve");
            return Verdict.respond(
                    StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: " + RETRY_AFTER_SECONDS);
        }
        if (context.isRehearsal()) {
            context.note(
                    "gateway set",
                    name + ", " + Objects.requireNonNull(set).options.algorithm());
            order.forEach(member -> context.note("gateway", member + ", " + member.health.state()));
            return Verdict.relay(new Failover(IGNORED, request, order).begin());
        }
        return Verdict.relay(new Failover(watch, request, order).begin());
    }

    /** Watch of a rehearsed request. */
    private static final Failover.Watch IGNORED = new Failover.Watch() {
        @Override
        public void sending(SipRequest request, Member member) {
            // not sent
        }

        @Override
        public void failed(Member member, String reason) {
            // not sent
        }

        @Override
        public void refused(Member member, Optional<String> retryAfter) {
            // not sent
        }

        @Override
        public void responded(Member member) {
            // not sent
        }
    };

    private final Failover.Watch watch = new Failover.Watch() {
        @Override
        public void sending(SipRequest request, Member member) throws SipParseException {
            counter.sent(request, member, now());
        }

        @Override
        public void failed(Member member, String reason) {
            member.requestFailed(wallClock());
            recovering(member, member.health.requestFailed(now(), reason, member.isProbedWhenDown()));
        }

        @Override
        public void refused(Member member, Optional<String> retryAfter) {
            Duration time = retryAfter.map(Dispatcher::seconds).orElse(Duration.ZERO);
            member.requestFailed(wallClock());
            recovering(
                    member,
                    time.isZero()
                            ? member.health.requestFailed(now(), "responds 503", member.isProbedWhenDown())
                            : member.health.refusedFor(
                                    now(), time, "responds 503 with Retry-After " + time.toSeconds() + " s"));
        }

        @Override
        public void responded(Member member) {
            report(member, member.health.responded());
        }
    };

    /** Returns the time of a Retry-After (RFC 3261 §20.33); zero if it is malformed. */
    private static Duration seconds(String retryAfter) {
        int end = 0;
        while (end < retryAfter.length() && end < 9 && retryAfter.charAt(end) >= '0' && retryAfter.charAt(end) <= '9') {
            end++;
        }
        Duration time = end == 0 ? Duration.ZERO : Duration.ofSeconds(Long.parseLong(retryAfter.substring(0, end)));
        return time.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : time;
    }

    private void recovering(Member member, Health.@Nullable Transition transition) {
        report(member, transition);
        member.health.recoversAt().ifPresent(at -> recoverAt(member, at));
    }

    private void recoverAt(Member member, Instant at) {
        Running now = running;
        if (now != null && member.setsRecoveryTimer()) {
            Duration delay = Duration.between(now.proxy().now(), at);
            now.proxy().schedule(delay.isNegative() ? Duration.ZERO : delay, () -> {
                member.recoveryTimerFired();
                report(member, member.health.recover(now.proxy().now()));
                member.health.recoversAt().ifPresent(later -> recoverAt(member, later));
            });
        }
    }

    private Instant now() {
        Running now = running;
        return now == null ? Instant.EPOCH : now.proxy().now();
    }

    private Instant wallClock() {
        Running now = running;
        return now == null ? Instant.EPOCH : now.proxy().wallClock();
    }

    private void completed(CompletedRequest completed) {
        SipRequest request = completed.request();
        try {
            if (Method.BYE.equals(request.method())) {
                if (!isChallenge(completed.statusCode())) {
                    counter.ended(request);
                }
            } else if (!request.hasToTag()) {
                Member member = counter.completed(request, completed.statusCode(), completed.toTag(), now());
                if (member != null && isSignOfLife(completed.statusCode())) {
                    report(member, member.health.responded());
                }
            }
        } catch (SipParseException e) {
            LOG.debug("a completed {} is not counted: {}", request.method(), e.getMessage());
        }
    }

    private static boolean isChallenge(int statusCode) {
        return statusCode == StatusCode.UNAUTHORIZED || statusCode == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
    }

    /** Returns true for a status that the proxy does not generate for a member that does not respond. */
    private static boolean isSignOfLife(int statusCode) {
        return statusCode < 300
                || (statusCode >= 400
                        && statusCode < 500
                        && statusCode != StatusCode.REQUEST_TIMEOUT
                        && statusCode != StatusCode.TEMPORARILY_UNAVAILABLE
                        && statusCode != StatusCode.REQUEST_TERMINATED)
                || statusCode >= 600;
    }

    // ---- changes of states

    private void report(Member member, Health.@Nullable Transition transition) {
        if (transition == null) {
            return;
        }
        MemberChange change =
                new MemberChange(member.gateway(), transition.before(), transition.now(), transition.reason());
        if (transition.now() == MemberState.DOWN) {
            LOG.warn("{}: down: {}", member, transition.reason());
        } else if (transition.now() == MemberState.TRYING && transition.before() == MemberState.ACTIVE) {
            LOG.debug("{}: failed: {}", member, transition.reason());
        } else if (transition.before() == MemberState.TRYING) {
            LOG.debug("{}: {}", member, transition.reason());
        } else {
            LOG.info("{}: {}: {}", member, transition.now(), transition.reason());
        }
        try {
            listener.accept(change);
        } catch (Throwable e) {
            LOG.error("the listener for changes failed", e);
        }
    }

    /** Options of {@link Dispatcher}. Not thread-safe. */
    public static final class Builder {

        private final List<GatewaySet> sets = new ArrayList<>();
        private GatewaySet defaults = GatewaySet.named("default").build();
        private @Nullable GatewaySource source;
        private @Nullable Duration reloadInterval;
        private final List<Route> routes = new ArrayList<>();
        private final Map<String, Exit> prefixes = new TreeMap<>();
        private @Nullable Exit fallback;
        private SourceMatch match = SourceMatch.ADDRESS;
        private Consumer<MemberChange> listener = change -> {};
        private Duration callLifetime = Duration.ofHours(12);
        private int countedCalls = 100_000;
        private final OptionProblems problems = new OptionProblems("dispatcher");

        private Builder() {}

        /** Adds a set. */
        public Builder set(GatewaySet set) {
            sets.add(Objects.requireNonNull(set, "set"));
            return this;
        }

        /**
         * Sets the options of sets that only the source names, as a set without members. Default the set's defaults.
         */
        public Builder defaults(GatewaySet options) {
            this.defaults = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Reads members from a source when the proxy starts, and by {@link Dispatcher#reload()}. */
        public Builder source(GatewaySource from) {
            this.source = Objects.requireNonNull(from, "from");
            return this;
        }

        /** Reads the source periodically, 1 s to 24 h. Default: only when {@link Dispatcher#reload()} is called. */
        public Builder reloadEvery(Duration interval) {
            this.reloadInterval = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /**
         * Sends requests of callers who may call out to a set if they meet the condition, before the location look-up.
         * Conditions are evaluated in the order of the calls.
         */
        public Builder route(String set, Condition condition) {
            routes.add(new Route(
                    Objects.requireNonNull(set, "set"), false, Objects.requireNonNull(condition, "condition")));
            return this;
        }

        /**
         * Sends requests of any caller to a set if they meet the condition. For services that are open to all, such as
         * conference rooms: a condition that holds for telephone numbers makes the proxy an open relay.
         */
        public Builder openRoute(String set, Condition condition) {
            routes.add(new Route(
                    Objects.requireNonNull(set, "set"), true, Objects.requireNonNull(condition, "condition")));
            return this;
        }

        /**
         * Sends called numbers with this prefix to a set, if they are not users of the proxy. The longest prefix wins.
         * Visual separators of the called number are ignored; to compare normalized numbers, add {@link
         * NumberPlan#stage()} to the proxy before this component.
         *
         * @param prefix digits, {@code *} and {@code #}, with an optional {@code +} at the start
         */
        public Builder prefix(String prefix, String set) {
            return prefix(prefix, set, NumberPlan.none());
        }

        /**
         * Does the same as {@link #prefix(String, String)}, and changes the called number first, such as with {@code
         * NumberPlan.none().replace("+", "00")}.
         */
        public Builder prefix(String prefix, String set, NumberPlan numbers) {
            return prefix(
                    prefix, Exit.set(Objects.requireNonNull(set, "set"), Objects.requireNonNull(numbers, "numbers")));
        }

        /**
         * Sends called numbers with this prefix to a trunk. Unlike with {@link Trunk.Builder#prefix}, the longest
         * prefix of all sets and trunks wins. Add the trunk to the proxy as well, before this component.
         *
         * @param numbers form of the called number, before the trunk's own {@link Trunk.Builder#numbers}
         */
        public Builder prefix(String prefix, Trunk trunk, NumberPlan numbers) {
            return prefix(
                    prefix,
                    Exit.trunk(Objects.requireNonNull(trunk, "trunk"), Objects.requireNonNull(numbers, "numbers")));
        }

        private Builder prefix(String prefix, Exit exit) {
            if (!prefix.equals("+") && !NumberPlan.isNumber(prefix)) {
                problems.add("prefix", prefix, "expected digits, * and #, with an optional + at the start, at most 64");
            } else if (prefixes.putIfAbsent(prefix, exit) != null) {
                problems.add("prefix", prefix, "given twice", "give it once");
            }
            return this;
        }

        /** Sends what is not a user of the proxy to a set: unknown users, and telephone numbers at other domains. */
        public Builder fallback(String set) {
            problems.once("fallback");
            this.fallback = Exit.set(Objects.requireNonNull(set, "set"), NumberPlan.none());
            return this;
        }

        /**
         * Sends what is not a user of the proxy to a trunk, unless a prefix applies. Add the trunk to the proxy as
         * well, before this component.
         */
        public Builder fallback(Trunk trunk) {
            problems.once("fallback");
            this.fallback = Exit.trunk(Objects.requireNonNull(trunk, "trunk"), NumberPlan.none());
            return this;
        }

        /** Sets how requests from members are recognized. Default {@link SourceMatch#ADDRESS}. */
        public Builder recognize(SourceMatch how) {
            this.match = Objects.requireNonNull(how, "how");
            return this;
        }

        /**
         * Sets the listener for changes of states. Called on threads of the proxy and of callers that change members,
         * possibly at the same time: it must not block. An exception is logged.
         */
        public Builder onChange(Consumer<MemberChange> changes) {
            this.listener = Objects.requireNonNull(changes, "changes");
            return this;
        }

        /** Sets when a call without a BYE is no longer counted, 1 min to 7 days. Default 12 h. */
        public Builder callLifetime(Duration lifetime) {
            this.callLifetime = Objects.requireNonNull(lifetime, "lifetime");
            return this;
        }

        /** Sets how many calls are counted, 100 to 1,000,000; beyond that the oldest are not. Default 100,000. */
        public Builder countedCalls(int calls) {
            this.countedCalls = calls;
            return this;
        }

        /**
         * Checks the options. Opens nothing.
         *
         * @throws org.sipproxy.api.config.ConfigurationException if an option is missing or outside its range
         */
        public Dispatcher build() {
            OptionProblems found = problems.copy();
            if (sets.isEmpty() && source == null && !leadsToTrunk()) {
                found.add("set", "", "none", "add one, or a source");
            }
            List<String> names = sets.stream().map(GatewaySet::name).toList();
            names.stream()
                    .filter(name -> names.indexOf(name) != names.lastIndexOf(name))
                    .distinct()
                    .forEach(name -> found.add("set", name, "given twice", "give it once"));
            if (source == null) {
                routes.forEach(route -> checkSet(found, "route", route.set(), names));
                prefixes.values().stream()
                        .filter(Exit::isSet)
                        .forEach(exit -> checkSet(found, "prefix", exit.name(), names));
                if (fallback != null && fallback.isSet()) {
                    checkSet(found, "fallback", fallback.name(), names);
                }
                if (reloadInterval != null) {
                    found.add("reloadEvery", "", "there is no source", "add source(...) or omit it");
                }
            }
            if (reloadInterval != null) {
                found.range("reloadEvery", reloadInterval, Duration.ofSeconds(1), Duration.ofDays(1));
            }
            if (!defaults.members().isEmpty()) {
                found.add(
                        "defaults",
                        defaults.name(),
                        "has members, which would be ignored",
                        "add the set with set(…), or omit its members");
            }
            found.range("callLifetime", callLifetime, Duration.ofMinutes(1), LONGEST_CALL);
            found.range("countedCalls", countedCalls, 100, MOST_CALLS);
            found.throwIfAny();
            return new Dispatcher(this);
        }

        private boolean leadsToTrunk() {
            return (fallback != null && !fallback.isSet())
                    || prefixes.values().stream().anyMatch(exit -> !exit.isSet());
        }

        private static void checkSet(OptionProblems found, String option, String set, List<String> names) {
            if (!names.contains(set)) {
                found.add(option, set, "is not a set (" + String.join(", ", names) + ")", "add the set");
            }
        }
    }
}
