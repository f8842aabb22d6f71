package org.sipproxy.security;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Keeps the proxy at work while somebody floods it: what Kamailio's {@code pike} and the ban table of its stock script do, with
 * exact token buckets.
 *
 * <ul>
 *   <li>Each source, an IPv4 address or an IPv6 /64, has a bucket that everything from it is taken from before it is parsed:
 *       connections, messages, what cannot be framed or parsed, and pings. A request that proved a password gives back what it
 *       and its challenge took: so ten thousand phones behind one address come in, and a sender without a password gets {@link
 *       Builder#perSource} and no more. The address and port, or connection, of such a proof has a bucket of its own for an
 *       hour, so that a flood from behind the same address does not stop who is registered there.
 *   <li>Each user who proved a password has a bucket for the user's requests: {@link Builder#perAor}. The same limit holds for
 *       what others send to one user; each source has a share of its own there, a tenth.
 *   <li>{@link Builder#global} is for all sources together at which no password was proved within the last hour, apart for UDP,
 *       whose sources can be forged, and for connections.
 *   <li>What calls itself a scanner in User-Agent gets no response. A source that presents credentials for many users who do not
 *       exist is reported to the listeners as one, or banned.
 *   <li>A {@link #ban banned} source is not looked at.
 * </ul>
 *
 * <p>A flood of datagrams under forged sources can use up what sources without a password have in common: then first requests of
 * strangers over UDP are lost, to one user above ten times {@link Builder#perAor}, to all above {@link Builder#global}. It does
 * not touch phones that are registered, nor strangers over TCP, TLS, WS and WSS.
 *
 * <p>Peers that are named, and what was {@link StageContext#trust trusted} by a component before this one, are never limited. The
 * memory of all this has a fixed limit, whatever number of sources is made up.
 *
 * <p>A datagram's source can be forged. So a source is banned on its own only if the host chose to.
 *
 * <p>Safe for use by several threads. One serves one proxy.
 */
public final class FloodGuard implements ProxyComponent {

    /** What a request above a limit gets. */
    public enum Answer {
        /** 503 with Retry-After; after as many again as {@link RateLimit#burst} nothing. */
        UNAVAILABLE,
        /** Nothing. A phone repeats its request for 32 seconds and comes in as soon as there is room. */
        SILENCE,
        /** 503 after 20 seconds, for 1,000 requests at a time and nothing for others: it slows down who waits for answers. */
        TARPIT
    }

    /** What is done about a scanner. */
    public enum ScannerPolicy {
        /** It is told to the listeners, and served as anybody. */
        REPORT,
        /** It is told, and its request gets no answer. */
        DROP,
        /** It is told, its request gets no answer, and its source is banned. Anybody can get any address banned over UDP. */
        BAN
    }

    private static final Duration TARPIT_DELAY = Duration.ofSeconds(20);
    /** The request and the challenge before it. */
    private static final int TOKENS_OF_A_PROOF = 2;

    private static final Verdict UNAVAILABLE = Verdict.respond(503, "Service Unavailable", "Retry-After: 10");

    private final KeyedHash key = KeyedHash.random();
    private final SourcePrefix prefix;
    private final @Nullable Limits limits;
    private final Answer answer;
    private final NetworkTrie<Boolean> exempt;
    private final boolean hasExempt;
    private final BanList bans;
    private final Duration banTime;
    private final ScannerSigns signs;
    private final ScannerPolicy scanners;
    private final UnknownUsers unknownUsers;
    private final SlowReply slowReply = new SlowReply(TARPIT_DELAY);
    private volatile @Nullable ProxyRuntime runtime;

    private FloodGuard(Builder builder) {
        this.prefix = builder.prefix;
        this.answer = builder.answer;
        this.limits = builder.scannersOnly ? null : new Limits(builder);
        NetworkTrie.Builder<Boolean> networks = new NetworkTrie.Builder<>();
        builder.exempt.forEach(network -> networks.add(network, true));
        this.exempt = networks.build();
        this.hasExempt = !builder.exempt.isEmpty();
        this.bans = new BanList(prefix);
        this.banTime = builder.banTime;
        this.signs = new ScannerSigns(builder.signs);
        this.scanners = builder.scanners;
        this.unknownUsers = new UnknownUsers(builder.unknownUsers);
    }

    /** A builder; every option has a default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Phase phase() {
        return Phase.LIMITS;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onArrival(new Filter());
        hooks.atEntrance(new Step("FloodGuard (source)", this::atEntrance));
        Limits all = limits;
        if (all != null) {
            hooks.beforeRouting(new Step("FloodGuard (user)", context -> beforeRouting(context, all)));
        }
        hooks.onEvent(this::onEvent);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
    }

    /** Looks at nothing from a source for a while. */
    public void ban(InetAddress source, Duration time) {
        bans.add(source, nowMillis(), time);
    }

    /**
     * Ends a ban.
     *
     * @return false if there was none
     */
    public boolean unban(InetAddress source) {
        return bans.remove(source);
    }

    /** The bans in force, and when each ends on the wall clock. */
    public Map<CidrBlock, Instant> bans() {
        ProxyRuntime proxy = runtime;
        Duration shift = proxy == null ? Duration.ZERO : Duration.between(proxy.now(), proxy.wallClock());
        Map<CidrBlock, Instant> ends = bans.list(nowMillis());
        ends.replaceAll((source, end) -> end.plus(shift));
        return ends;
    }

    /** The proxy's time, which starts at the wall clock's: a ban from before the start runs on from there. */
    private long nowMillis() {
        ProxyRuntime proxy = runtime;
        return proxy == null ? System.currentTimeMillis() : proxy.now().toEpochMilli();
    }

    private boolean isExempt(InetAddress source) {
        return hasExempt && exempt.find(source) != null;
    }

    /** The buckets. */
    private final class Limits {

        private final String sourceLimit;
        /** How far below 0 a bucket may go: what is to be answered has to be parsed, up to a point. */
        private final int floor;

        private final BucketTable sources;
        /** Of addresses with port, and of connections, at which a password was proved lately. */
        private final BucketTable flows;

        private final @Nullable BucketTable global;
        private final BucketTable users;
        private final CalleeLimits callees;

        Limits(Builder builder) {
            this.sourceLimit = "source " + builder.perSource;
            this.floor = builder.answer == Answer.SILENCE ? 0 : -builder.perSource.burst();
            this.sources = new BucketTable(builder.perSource);
            this.flows = new BucketTable(builder.perSource);
            this.global = builder.global == null ? null : new BucketTable(builder.global);
            this.users = new BucketTable(builder.perAor);
            this.callees = new CalleeLimits(builder.perAor, key);
        }

        long source(InetSocketAddress from) {
            return prefix.hash(key, from.getAddress());
        }

        private long flow(long source, InetSocketAddress from) {
            byte[] address = from.getAddress().getAddress();
            return key.hash(source + from.getPort(), address, 0, address.length);
        }

        /** Takes a token for something that arrives; the limit that is exceeded, null if none. */
        @Nullable
        String arrival(InetSocketAddress from, boolean isForgeable, long now) {
            long source = source(from);
            long flow = flow(source, from);
            boolean isKnownFlow = flows.isKnown(flow, now);
            if ((isKnownFlow ? flows.take(flow, floor, now) : sources.take(source, floor, now)) < floor) {
                return sourceLimit;
            }
            BucketTable all = global;
            return all != null
                            && !isKnownFlow
                            && !sources.isKnown(source, now)
                            && all.take(globalKey(isForgeable), floor, now) < floor
                    ? "global"
                    : null;
        }

        /** The limit that what has arrived exceeded, if that is to be answered. */
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

        /** A password was proved on a flow. */
        void proven(InetSocketAddress from, boolean isForgeable, long now) {
            long source = source(from);
            // the request, the challenge before it, and the connection
            int tokens = isForgeable ? TOKENS_OF_A_PROOF : TOKENS_OF_A_PROOF + 1;
            long flow = flow(source, from);
            // back to where they were taken from; the source is known in any case
            sources.giveBack(source, flows.isKnown(flow, now) ? 0 : tokens, now);
            flows.giveBack(flow, tokens, now);
        }
    }

    private static boolean isForgeable(TransportKind kind) {
        return kind == TransportKind.UDP;
    }

    /** Before anything is parsed: bans, and the limits of sources. */
    private final class Filter implements ArrivalFilter {

        @Override
        public boolean accepts(Flow flow, int length) {
            return accepts(flow.remoteAddress(), flow.kind());
        }

        /** A connection counts as a message: a handshake may follow it. */
        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            return accepts(remote, endpoint.kind());
        }

        private boolean accepts(InetSocketAddress from, TransportKind kind) {
            Limits all = limits;
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
        Limits all = limits;
        if (isExempt(from.getAddress())) {
            return Verdict.proceed();
        }
        if (context.isTrusted()) {
            if (all != null) {
                all.proven(from, isForgeable(flow.kind()), context.now().toEpochMilli());
            }
            return Verdict.proceed();
        }
        String sign = signs.find(context.request());
        if (sign != null && isScanner(origin(context), "User-Agent " + sign)) {
            return Verdict.discard();
        }
        if (all == null || answer == Answer.SILENCE) {
            return Verdict.proceed();
        }
        String hit = all.debt(from, isForgeable(flow.kind()), context.now().toEpochMilli());
        return hit == null ? Verdict.proceed() : refuse(context, hit);
    }

    private static SecurityEvent.Origin origin(StageContext context) {
        return SecurityEvent.Origin.of(context.flow(), context.request().method());
    }

    private Verdict beforeRouting(StageContext context, Limits all) throws SipParseException {
        if (context.isTrusted()) {
            return Verdict.proceed();
        }
        long now = context.now().toEpochMilli();
        InetSocketAddress from = context.flow().remoteAddress();
        boolean isForgeable = isForgeable(context.flow().kind());
        String user = context.authenticatedUser().orElse(null);
        boolean isIn;
        if (user != null) {
            all.proven(from, isForgeable, now);
            byte[] aor = user.getBytes(StandardCharsets.UTF_8);
            isIn = all.users.tryTake(key.hash(aor, 0, aor.length), now);
        } else if (isExempt(from.getAddress())) {
            isIn = true;
        } else {
            long source = all.source(from);
            byte[] callee = calledUser(context).getBytes(StandardCharsets.UTF_8);
            isIn = all.callees.take(source, all.sources.isKnown(source, now), isForgeable, callee, now);
        }
        return isIn ? Verdict.proceed() : refuse(context, "user");
    }

    /** The user that a request is for whose sender proved no password. */
    private static String calledUser(StageContext context) throws SipParseException {
        SipUri uri = Method.REGISTER.equals(context.request().method())
                ? context.request().to().uri()
                : context.request().requestUri();
        return uri.user().toLowerCase(Locale.ROOT) + "@" + context.domainOf(uri).orElseGet(uri::host);
    }

    private Verdict refuse(StageContext context, String limit) {
        context.publish(new SecurityEvent.LimitHit(origin(context), limit));
        ProxyRuntime proxy = runtime;
        if (answer == Answer.TARPIT
                && proxy != null
                && !Method.ACK.equals(context.request().method())) {
            slowReply.send(proxy, context.request(), context.flow());
        }
        return answer == Answer.UNAVAILABLE ? UNAVAILABLE : Verdict.discard();
    }

    /** Reports a scanner; true if its request is not to be answered. */
    private boolean isScanner(SecurityEvent.Origin origin, String evidence) {
        ProxyRuntime proxy = runtime;
        if (proxy != null) {
            proxy.publish(new SecurityEvent.ScannerSeen(origin, evidence));
        }
        if (scanners == ScannerPolicy.BAN) {
            bans.add(origin.source().getAddress(), nowMillis(), banTime);
        }
        return scanners != ScannerPolicy.REPORT;
    }

    private void onEvent(SecurityEvent event) {
        if (event instanceof SecurityEvent.AuthenticationFailed failed
                && failed.reason().equals(AuthenticationOutcome.UNKNOWN_USER.name())
                && !isExempt(failed.source().getAddress())
                && unknownUsers.isOneTooMany(prefix.of(failed.source().getAddress()), failed.user())) {
            isScanner(failed.origin(), "many unknown users");
        }
    }

    /** A step of this component: it never waits, and does no harm twice. */
    private record Step(String name, Decision decision) implements RequestStage {

        interface Decision {
            Verdict decide(StageContext context) throws SipParseException;
        }

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            return decision.decide(context);
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

    /** Options of {@link FloodGuard}. Not safe for use by several threads. */
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
        private final Set<String> set = new HashSet<>();
        private final List<String> problems = new ArrayList<>();

        private Builder() {}

        /** For the messages of one source. Default 50 a second and 500 at once. */
        public Builder perSource(RateLimit limit) {
            once("perSource");
            this.perSource = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * For the requests of one user who proved a password, and for those to one user from senders who did not. Of the latter each
         * source has a tenth of it for itself, and all sources together have ten times as much. Default 10 a second, 100 at once.
         */
        public Builder perAor(RateLimit limit) {
            once("perAor");
            this.perAor = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * For all sources together at which no password was proved within the last hour, so much over UDP and as much again over
         * connections. Default none.
         */
        public Builder global(RateLimit limit) {
            once("global");
            this.global = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** No rate limits: only scanners and {@link FloodGuard#ban bans} are looked for. Default false. */
        public Builder scannersOnly() {
            once("scannersOnly");
            this.scannersOnly = true;
            return this;
        }

        /** What a request above a limit gets. Default {@link Answer#SILENCE}. */
        public Builder answer(Answer value) {
            once("answer");
            this.answer = Objects.requireNonNull(value, "value");
            return this;
        }

        /** How many leading bits of an address make one source: IPv4 8 to 32, IPv6 16 to 128. Default 32 and 64. */
        public Builder sourcePrefix(int ipv4, int ipv6) {
            once("sourcePrefix");
            if (ipv4 < 8 || ipv4 > 32 || ipv6 < 16 || ipv6 > 128) {
                problems.add("sourcePrefix: " + ipv4 + ", " + ipv6 + " (expected 8 to 32, 16 to 128)");
            }
            this.prefix = new SourcePrefix(ipv4, ipv6);
            return this;
        }

        /** Peers that are never limited, dropped or banned, such as trunks. Default none. */
        public Builder exempt(CidrBlock... networks) {
            exempt.addAll(List.of(networks));
            return this;
        }

        /** How long a source is banned for scanning: 1 second to 30 days, default 5 minutes. */
        public Builder banTime(Duration time) {
            once("banTime");
            if (time.compareTo(Duration.ofSeconds(1)) < 0 || time.compareTo(Duration.ofDays(30)) > 0) {
                problems.add("banTime: " + time + " (expected 1 s to 30 days)");
            }
            this.banTime = time;
            return this;
        }

        /** What is done about a scanner. Default {@link ScannerPolicy#DROP}. */
        public Builder scanners(ScannerPolicy policy) {
            once("scanners");
            this.scanners = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Texts in User-Agent that a scanner is known by, without case; one shorter than seven characters only as a word. Default
         * those of the usual tools.
         */
        public Builder scannerUserAgents(List<String> texts) {
            once("scannerUserAgents");
            if (texts.stream().anyMatch(text -> text.length() < 2)) {
                problems.add("scannerUserAgents: a text of less than two characters would fit nearly everybody");
            }
            this.signs = List.copyOf(texts);
            return this;
        }

        /** For how many users who do not exist a source may present credentials: 1 to 1,000, default 20. */
        public Builder unknownUsers(int count) {
            once("unknownUsers");
            if (count < 1 || count > 1_000) {
                problems.add("unknownUsers: " + count + " (expected 1 to 1,000)");
            }
            this.unknownUsers = count;
            return this;
        }

        private void once(String option) {
            if (!set.add(option)) {
                problems.add(option + ": set twice; remove one");
            }
        }

        /**
         * The guard.
         *
         * @throws IllegalArgumentException if an option is outside its range; the message names all of them
         */
        public FloodGuard build() {
            if (scannersOnly && global != null) {
                problems.add(
                        "global: goes with a limit of sources, which scannersOnly() takes off; use one or the other");
            }
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException("flood guard: " + String.join("; ", problems));
            }
            return new FloodGuard(this);
        }
    }
}
