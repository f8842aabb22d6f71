package org.sipproxy.security;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.ArrivalDecision;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Protection against floods: the equivalent of Kamailio's {@code pike} and of the ban table in its default script, with
 * exact token buckets.
 *
 * <ul>
 *   <li>Each source, an IPv4 address or an IPv6 /64, has a bucket. Everything from the source takes a token before it
 *       is parsed: connections, messages, bytes that cannot be framed or parsed, and pings. A request that proved a
 *       password returns the tokens of itself and its challenge. So ten thousand phones behind one address can
 *       register, and a sender without a password is limited to {@link Builder#perSource}. The address and port, or
 *       connection, of such a proof has its own bucket for an hour, so that a flood from the same address does not
 *       affect registered users there.
 *   <li>Each user who proved a password has a bucket for the user's requests: {@link Builder#perAor}. The same limit
 *       applies to requests from other senders to one user; each source has its own share of it, a tenth.
 *   <li>{@link Builder#global} applies to all sources together without a proof within the last hour, separately for
 *       UDP, whose sources can be forged, and for connections.
 *   <li>A scanner that identifies itself in User-Agent gets no response. A source that presents credentials for many
 *       unknown users is reported to the listeners as a scanner, or banned.
 *   <li>Everything from a {@link #ban banned} source is dropped.
 * </ul>
 *
 * <p>A flood of datagrams under forged sources can use up the shared limit of sources without a password. Then
 * initial requests over UDP from unauthenticated senders are dropped: above ten times {@link Builder#perAor} for
 * one user, above {@link Builder#global} for all. Registered phones are not affected, nor are unauthenticated senders
 * over TCP, TLS, WS and WSS.
 *
 * <p>{@link Builder#exempt Exempt} peers, and requests {@link StageContext#trust trusted} by a component before this
 * one, are never limited. Memory has a fixed limit, however many sources are forged.
 *
 * <p>Because a datagram's source can be forged, sources are banned automatically only with {@link ScannerPolicy#BAN}.
 *
 * <p>Thread-safe. Use one instance per proxy.
 */
public final class FloodGuard implements ProxyComponent {

    /** The response to a request above a limit. */
    public enum Answer {
        /**
         * 503 with Retry-After. Requests are dropped once the source is more than {@link RateLimit#burst} above its
         * limit.
         */
        UNAVAILABLE,
        /**
         * No response. A phone retransmits its request for 32 seconds and is accepted as soon as its bucket has a
         * token.
         */
        SILENCE,
        /**
         * 503 after 20 seconds, for up to 1,000 requests at a time; others are dropped. Slows down clients that wait
         * for responses.
         */
        TARPIT
    }

    /** The treatment of a scanner. */
    public enum ScannerPolicy {
        /** Scanners are reported to the listeners and served like any other client. */
        REPORT,
        /** Scanners are reported, and their requests get no response. */
        DROP,
        /**
         * Scanners are reported, their requests get no response, and their sources are banned. Over UDP an attacker can
         * get any address banned by forging it.
         */
        BAN
    }

    private static final String NAME = "FloodGuard";

    private static final Duration TARPIT_DELAY = Duration.ofSeconds(20);
    /** The request and its challenge. */
    private static final int TOKENS_OF_A_PROOF = 2;

    private static final Verdict UNAVAILABLE = Verdict.respond(503, "Service Unavailable", "Retry-After: 10");

    private final KeyedHash key = KeyedHash.random();
    private final SourcePrefix prefix;
    private final BanList bans;
    /** Written under this object's monitor. */
    private volatile Rules rules;

    private volatile UnknownUsers unknownUsers;
    private final SlowResponse slowResponse = new SlowResponse(TARPIT_DELAY);
    private volatile @Nullable ProxyRuntime runtime;

    private FloodGuard(Builder builder) {
        this.prefix = builder.prefix;
        this.bans = new BanList(prefix);
        LimitValues values = LimitValues.of(builder);
        NetworkTrie.Builder<Boolean> networks = new NetworkTrie.Builder<>();
        builder.exempt.forEach(network -> networks.add(network, true));
        this.rules = new Rules(
                values,
                values == null ? null : new Limits(values),
                builder.answer,
                networks.build(),
                !builder.exempt.isEmpty(),
                builder.banTime,
                new ScannerSigns(builder.signs),
                builder.scanners,
                builder.unknownUsers);
        this.unknownUsers = new UnknownUsers(builder.unknownUsers);
    }

    /** The limits of the builder. */
    private record LimitValues(
            RateLimit perSource, RateLimit perAor, @Nullable RateLimit global, Answer answer) {

        static @Nullable LimitValues of(Builder builder) {
            return builder.scannersOnly
                    ? null
                    : new LimitValues(builder.perSource, builder.perAor, builder.global, builder.answer);
        }
    }

    /** What {@link #replaceWith} changes. */
    private record Rules(
            @Nullable LimitValues values,
            @Nullable Limits limits,
            Answer answer,
            NetworkTrie<Boolean> exempt,
            boolean hasExempt,
            Duration banTime,
            ScannerSigns signs,
            ScannerPolicy scanners,
            int unknownUsers) {}

    /** Returns a builder; every option has a default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Phase phase() {
        return Phase.LIMITS;
    }

    /** A second one would count each message again. */
    @Override
    public Object identity() {
        return FloodGuard.class;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onArrival(new Filter());
        hooks.atEntrance(new GuardStage("FloodGuard (source)", this::atEntrance));
        hooks.beforeRouting(new GuardStage("FloodGuard (user)", this::beforeRouting));
        hooks.onEvent(this::onEvent);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
    }

    /**
     * Takes over the options of another guard, all at once: limits, exempt networks, scanners and bans to come.
     * Unchanged limits keep their counts, and active bans stay. Its {@link Builder#sourcePrefix} has no effect.
     */
    public synchronized void replaceWith(FloodGuard other) {
        Rules now = rules;
        Rules next = other.rules;
        LimitValues values = next.values();
        Limits limits = values == null ? null : values.equals(now.values()) ? now.limits() : new Limits(values);
        if (next.unknownUsers() != now.unknownUsers()) {
            unknownUsers = new UnknownUsers(next.unknownUsers());
        }
        rules = new Rules(
                values,
                limits,
                next.answer(),
                next.exempt(),
                next.hasExempt(),
                next.banTime(),
                next.signs(),
                next.scanners(),
                next.unknownUsers());
    }

    /** Bans a source for a duration: everything from it is dropped. */
    public void ban(InetAddress source, Duration time) {
        bans.add(source, nowMillis(), time);
    }

    /**
     * Removes a ban.
     *
     * @return false if the source was not banned
     */
    public boolean unban(InetAddress source) {
        return bans.remove(source);
    }

    /** Returns the active bans with the wall-clock time at which each ends. */
    public Map<CidrBlock, Instant> bans() {
        ProxyRuntime proxy = runtime;
        Duration shift = proxy == null ? Duration.ZERO : Duration.between(proxy.now(), proxy.wallClock());
        Map<CidrBlock, Instant> ends = bans.list(nowMillis());
        ends.replaceAll((source, end) -> end.plus(shift));
        return ends;
    }

    /** Returns the proxy's time, which starts at the wall clock's. A ban added before the start keeps its end. */
    private long nowMillis() {
        ProxyRuntime proxy = runtime;
        return proxy == null ? System.currentTimeMillis() : proxy.now().toEpochMilli();
    }

    private boolean isExempt(InetAddress source) {
        Rules now = rules;
        return now.hasExempt() && now.exempt().find(source) != null;
    }

    /** The token buckets. */
    private final class Limits {

        private final String sourceLimit;
        private final String userLimit;
        /** How far below 0 a bucket may go: a request that gets a response has to be parsed, up to this number. */
        private final int floor;

        private final BucketTable sources;
        /** By address and port, or connection, with a recent proof of a password. */
        private final BucketTable flows;

        private final @Nullable BucketTable global;
        private final BucketTable users;
        private final CalleeLimits callees;

        Limits(LimitValues values) {
            this.sourceLimit = "source " + values.perSource();
            this.userLimit = "user " + values.perAor();
            this.floor =
                    values.answer() == Answer.SILENCE ? 0 : -values.perSource().burst();
            this.sources = new BucketTable(values.perSource());
            this.flows = new BucketTable(values.perSource());
            RateLimit all = values.global();
            this.global = all == null ? null : new BucketTable(all);
            this.users = new BucketTable(values.perAor());
            this.callees = new CalleeLimits(values.perAor(), key);
        }

        long source(InetSocketAddress from) {
            return prefix.hash(key, from.getAddress());
        }

        private long flow(long source, InetSocketAddress from) {
            byte[] address = from.getAddress().getAddress();
            return key.hash(source + from.getPort(), address, 0, address.length);
        }

        /** Takes a token for something that arrived. Returns the exceeded limit; null if there is none. */
        @Nullable
        String arrival(InetSocketAddress from, boolean isForgeable, long now) {
            return arrival(from, isForgeable, now, true);
        }

        /**
         * @param takes false to change nothing
         */
        @Nullable
        String arrival(InetSocketAddress from, boolean isForgeable, long now, boolean takes) {
            long source = source(from);
            long flow = flow(source, from);
            boolean isKnownFlow = flows.isKnown(flow, now);
            if ((isKnownFlow ? left(flows, flow, now, takes) : left(sources, source, now, takes)) < floor) {
                return sourceLimit;
            }
            BucketTable all = global;
            return all != null
                            && !isKnownFlow
                            && !sources.isKnown(source, now)
                            && left(all, globalKey(isForgeable), now, takes) < floor
                    ? "global"
                    : null;
        }

        private float left(BucketTable table, long bucket, long now, boolean takes) {
            return takes ? table.take(bucket, floor, now) : table.wouldLeave(bucket, now);
        }

        /** Returns the tokens that the sender has. */
        float level(InetSocketAddress from, long now) {
            long source = source(from);
            long flow = flow(source, from);
            return flows.isKnown(flow, now) ? flows.level(flow, now) : sources.level(source, now);
        }

        /** Returns the limit that an arrived request exceeds, if it gets a response; null if there is none. */
        @Nullable
        String debt(InetSocketAddress from, boolean isForgeable, long now) {
            long source = source(from);
            long flow = flow(source, from);
            boolean isKnownFlow = flows.isKnown(flow, now);
            if ((isKnownFlow ? flows.level(flow, now) : sources.level(source, now)) < 0) {
                return sourceLimit;
            }
            BucketTable all = global;
            return all != null
                            && !isKnownFlow
                            && !sources.isKnown(source, now)
                            && all.level(globalKey(isForgeable), now) < 0
                    ? "global"
                    : null;
        }

        private static long globalKey(boolean isForgeable) {
            return isForgeable ? 0 : 1;
        }

        /** Records the proof of a password on a flow. */
        void proven(InetSocketAddress from, boolean isForgeable, long now) {
            long source = source(from);
            // the request, its challenge, and the connection
            int tokens = isForgeable ? TOKENS_OF_A_PROOF : TOKENS_OF_A_PROOF + 1;
            long flow = flow(source, from);
            // returned to the bucket they were taken from; the source is marked as known in any case
            sources.giveBack(source, flows.isKnown(flow, now) ? 0 : tokens, now);
            flows.giveBack(flow, tokens, now);
        }
    }

    private static boolean isForgeable(TransportKind kind) {
        return kind == TransportKind.UDP;
    }

    /** Checks bans and source limits before anything is parsed. */
    private final class Filter implements ArrivalFilter {

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public boolean accepts(Flow flow, int length) {
            return accepts(flow.remoteAddress(), flow.kind());
        }

        @Override
        public Optional<ArrivalDecision> rehearse(Flow flow, int length) {
            InetSocketAddress from = flow.remoteAddress();
            Limits all = rules.limits();
            long now = nowMillis();
            if (isExempt(from.getAddress())) {
                return decision(true, "the source is exempt");
            } else if (bans.contains(from.getAddress(), now)) {
                return decision(false, "the source is banned");
            } else if (all == null) {
                return decision(true, "no rate limits");
            }
            String hit = all.arrival(from, isForgeable(flow.kind()), now, false);
            return hit == null
                    ? decision(true, "tokens left: " + (int) all.level(from, now) + ", limit: " + all.sourceLimit)
                    : decision(false, "rate limit: " + hit);
        }

        private static Optional<ArrivalDecision> decision(boolean accepts, String why) {
            return Optional.of(new ArrivalDecision(NAME, accepts, why));
        }

        /** Counts a connection like a message: a TLS handshake may follow it. */
        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            return accepts(remote, endpoint.kind());
        }

        private boolean accepts(InetSocketAddress from, TransportKind kind) {
            Limits all = rules.limits();
            if (all == null && bans.isEmpty()) {
                return true;
            }
            long now = nowMillis();
            InetAddress address = from.getAddress();
            if (bans.contains(address, now)) {
                return isExempt(address);
            }
            if (all == null || isExempt(address)) {
                return true;
            }
            String hit = all.arrival(from, isForgeable(kind), now);
            ProxyRuntime proxy = runtime;
            if (hit != null && proxy != null) {
                proxy.publish(new SecurityEvent.LimitHit(new SecurityEvent.Origin(from, kind, ""), hit));
            }
            return hit == null;
        }
    }

    private Verdict atEntrance(StageContext context) {
        Flow flow = context.flow();
        InetSocketAddress from = flow.remoteAddress();
        Rules now = rules;
        Limits all = now.limits();
        if (isExempt(from.getAddress())) {
            return Verdict.proceed();
        }
        if (context.isTrusted()) {
            if (all != null && !context.isRehearsal()) {
                all.proven(from, isForgeable(flow.kind()), context.now().toEpochMilli());
            }
            return Verdict.proceed();
        }
        String sign = now.signs().find(context.request());
        if (sign != null && isScanner(context, sign)) {
            context.explain("scanner: User-Agent " + sign);
            return Verdict.discard();
        }
        if (all == null || now.answer() == Answer.SILENCE) {
            return Verdict.proceed();
        }
        String hit = all.debt(from, isForgeable(flow.kind()), context.now().toEpochMilli());
        return hit == null ? Verdict.proceed() : refuse(context, hit);
    }

    private boolean isScanner(StageContext context, String sign) {
        String evidence = "User-Agent " + sign;
        if (context.isRehearsal()) {
            context.note("scanner", evidence);
            return rules.scanners() != ScannerPolicy.REPORT;
        }
        return isScanner(origin(context), evidence);
    }

    private static SecurityEvent.Origin origin(StageContext context) {
        return SecurityEvent.Origin.of(context.flow(), context.request());
    }

    private Verdict beforeRouting(StageContext context) throws SipParseException {
        Limits all = rules.limits();
        if (all == null || context.isTrusted()) {
            return Verdict.proceed();
        }
        long now = context.now().toEpochMilli();
        InetSocketAddress from = context.flow().remoteAddress();
        boolean isForgeable = isForgeable(context.flow().kind());
        String user = context.authenticatedUser().orElse(null);
        boolean isIn;
        boolean takes = !context.isRehearsal();
        if (user != null) {
            byte[] aor = user.getBytes(StandardCharsets.UTF_8);
            long bucket = key.hash(aor, 0, aor.length);
            if (takes) {
                all.proven(from, isForgeable, now);
                isIn = all.users.tryTake(bucket, now);
            } else {
                isIn = all.users.wouldLeave(bucket, now) >= 0;
            }
        } else if (isExempt(from.getAddress())) {
            isIn = true;
        } else {
            long source = all.source(from);
            byte[] callee = calledUser(context).getBytes(StandardCharsets.UTF_8);
            boolean isKnown = all.sources.isKnown(source, now);
            isIn = takes
                    ? all.callees.take(source, isKnown, isForgeable, callee, now)
                    : all.callees.wouldTake(source, isKnown, isForgeable, callee, now);
        }
        return isIn ? Verdict.proceed() : refuse(context, all.userLimit);
    }

    /** Returns the target user of a request from a sender without a proof of a password. */
    private static String calledUser(StageContext context) throws SipParseException {
        SipUri uri = Method.REGISTER.equals(context.request().method())
                ? context.request().to().uri()
                : context.request().requestUri();
        return uri.user().toLowerCase(Locale.ROOT) + "@" + context.domainOf(uri).orElseGet(uri::host);
    }

    private Verdict refuse(StageContext context, String limit) {
        ProxyRuntime proxy = runtime;
        Answer answer = rules.answer();
        if (context.isRehearsal()) {
            context.note("rate limit", limit);
            return answer == Answer.UNAVAILABLE ? UNAVAILABLE : Verdict.discard();
        }
        context.explain("rate limit: " + limit);
        context.publish(new SecurityEvent.LimitHit(origin(context), limit));
        if (answer == Answer.TARPIT
                && proxy != null
                && !Method.ACK.equals(context.request().method())) {
            slowResponse.send(proxy, context.request(), context.flow());
        }
        return answer == Answer.UNAVAILABLE ? UNAVAILABLE : Verdict.discard();
    }

    /** Reports a scanner. True if its request gets no response. */
    private boolean isScanner(SecurityEvent.Origin origin, String evidence) {
        ProxyRuntime proxy = runtime;
        if (proxy != null) {
            proxy.publish(new SecurityEvent.ScannerSeen(origin, evidence));
        }
        Rules now = rules;
        if (now.scanners() == ScannerPolicy.BAN) {
            bans.add(origin.source().getAddress(), nowMillis(), now.banTime());
        }
        return now.scanners() != ScannerPolicy.REPORT;
    }

    private void onEvent(SecurityEvent event) {
        if (event instanceof SecurityEvent.AuthenticationFailed failed
                && failed.reason().equals(AuthenticationOutcome.UNKNOWN_USER.name())
                && !isExempt(failed.source().getAddress())
                && unknownUsers.isOneTooMany(prefix.of(failed.source().getAddress()), failed.user())) {
            isScanner(failed.origin(), "many unknown users");
        }
    }

    /** A stage of this component. It never waits and is repeatable. */
    private record GuardStage(String name, Decision decision) implements RequestStage {

        interface Decision {
            Verdict decide(StageContext context) throws SipParseException;
        }

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            return decision.decide(context);
        }

        @Override
        public boolean isRehearsable() {
            return true;
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    }

    /** Builder of {@link FloodGuard}. Not thread-safe. */
    public static final class Builder {

        private RateLimit perSource = new RateLimit(50, 500);
        private RateLimit perAor = new RateLimit(10, 100);
        private @Nullable RateLimit global;
        private Answer answer = Answer.SILENCE;
        private SourcePrefix prefix = SourcePrefix.DEFAULT;
        private final List<CidrBlock> exempt = new ArrayList<>();
        private Duration banTime = Duration.ofMinutes(5);
        private ScannerPolicy scanners = ScannerPolicy.DROP;
        private List<String> signs = ScannerSigns.USUAL;
        private int unknownUsers = 20;
        private boolean scannersOnly;
        private final OptionProblems problems = new OptionProblems("flood guard");

        private Builder() {}

        /** Limits the messages of one source. Default 50 per second and 500 at once. */
        public Builder perSource(RateLimit limit) {
            problems.once("perSource");
            this.perSource = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * Limits the requests of one user who proved a password, and those to one user from senders who did not. For
         * the latter each source has its own share of a tenth, and all sources together have ten times the limit.
         * Default 10 per second, 100 at once.
         */
        public Builder perAor(RateLimit limit) {
            problems.once("perAor");
            this.perAor = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * Limits all sources together without a proof of a password within the last hour. The limit applies once to UDP
         * and once to connections. Default none.
         */
        public Builder global(RateLimit limit) {
            problems.once("global");
            this.global = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** Disables rate limits: only scanners and {@link FloodGuard#ban bans} are checked. Default off. */
        public Builder scannersOnly() {
            problems.once("scannersOnly");
            this.scannersOnly = true;
            return this;
        }

        /** Sets the response to a request above a limit. Default {@link Answer#SILENCE}. */
        public Builder answer(Answer value) {
            problems.once("answer");
            this.answer = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets how many leading bits of an address identify a source: IPv4 8 to 32, IPv6 16 to 128. Default 32 and 64.
         */
        public Builder sourcePrefix(int ipv4, int ipv6) {
            problems.once("sourcePrefix");
            if (ipv4 < 8 || ipv4 > 32 || ipv6 < 16 || ipv6 > 128) {
                problems.add("sourcePrefix", ipv4 + ", " + ipv6, "expected 8 to 32, 16 to 128");
            }
            this.prefix = new SourcePrefix(ipv4, ipv6);
            return this;
        }

        /** Adds peers that are never limited, dropped or banned, such as trunks. Default none. */
        public Builder exempt(CidrBlock... networks) {
            exempt.addAll(List.of(networks));
            return this;
        }

        /** Sets how long a source is banned for scanning: 1 second to 30 days. Default 5 minutes. */
        public Builder banTime(Duration time) {
            problems.once("banTime");
            problems.range("banTime", time, Duration.ofSeconds(1), Duration.ofDays(30));
            this.banTime = time;
            return this;
        }

        /** Sets the treatment of scanners. Default {@link ScannerPolicy#DROP}. */
        public Builder scanners(ScannerPolicy policy) {
            problems.once("scanners");
            this.scanners = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets the texts in User-Agent that identify a scanner, compared without case. A text shorter than seven
         * characters matches only as a whole word. Default: those of the common tools.
         */
        public Builder scannerUserAgents(List<String> texts) {
            problems.once("scannerUserAgents");
            if (texts.stream().anyMatch(text -> text.length() < 2)) {
                problems.add(
                        "scannerUserAgents", "", "a text under 2 characters matches most clients", "use a longer one");
            }
            this.signs = List.copyOf(texts);
            return this;
        }

        /** Sets how many unknown users a source may present credentials for: 1 to 1,000. Default 20. */
        public Builder unknownUsers(int count) {
            problems.once("unknownUsers");
            problems.range("unknownUsers", count, 1, 1_000);
            this.unknownUsers = count;
            return this;
        }

        /**
         * Returns the flood guard.
         *
         * @throws ConfigurationException if an option is outside its range or given twice
         */
        public FloodGuard build() {
            OptionProblems found = problems.copy();
            if (scannersOnly && global != null) {
                found.add(
                        "global",
                        "",
                        "requires the source limits, which {scannersOnly} disables",
                        "use one or the other");
            }
            found.throwIfAny();
            return new FloodGuard(this);
        }
    }
}
