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
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.message.KeyedHash;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;

/**
 * Keeps the proxy at work while somebody floods it: what Kamailio's {@code pike} and the ban table of its stock script do, with
 * exact token buckets.
 *
 * <ul>
 *   <li>Each source, an IPv4 address or an IPv6 /64, has a bucket that its messages are taken from. A request that proved a
 *       password gives back what it and its challenge took: so ten thousand phones behind one address come in, and who knows no
 *       password gets {@link Builder#perSource} and no more.
 *   <li>Each user has a bucket for what was let in: {@link Builder#perAor}.
 *   <li>{@link Builder#global} is for all sources together that nobody proved a password at within the last hour.
 *   <li>What calls itself a scanner in User-Agent gets no answer. A source that presents credentials for many users who do not
 *       exist is told to the listeners as one, or banned.
 *   <li>A {@link #ban banned} source is not looked at.
 * </ul>
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
    private final int burst;
    private final String sourceLimit;
    private final BucketTable sources;
    private final BucketTable aors;
    private final @Nullable BucketTable global;
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
        this.burst = builder.perSource.burst();
        this.sourceLimit = "source " + builder.perSource;
        this.sources = new BucketTable(builder.perSource);
        this.aors = new BucketTable(builder.perAor);
        this.global = builder.global == null ? null : new BucketTable(builder.global);
        this.answer = builder.answer;
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
    public void install(ComponentHooks hooks) {
        hooks.onArrival(new Filter());
        hooks.atEntrance(new Step("FloodGuard (source)", this::atEntrance));
        hooks.beforeRouting(new Step("FloodGuard (user)", this::beforeRouting));
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

    /** The bans in force, and when each ends. */
    public Map<CidrBlock, Instant> bans() {
        return bans.list(nowMillis());
    }

    private long nowMillis() {
        ProxyRuntime proxy = runtime;
        return proxy == null ? System.currentTimeMillis() : proxy.now().toEpochMilli();
    }

    /** True if somebody proved a password there lately. */
    private boolean isKnown(long source, long now) {
        return sources.isKnown(source, now);
    }

    private boolean isExempt(InetAddress source) {
        return hasExempt && exempt.find(source) != null;
    }

    /** Before anything is parsed: bans, and sources that are far above their limit. */
    private final class Filter implements ArrivalFilter {

        @Override
        public boolean accepts(Flow flow, int length) {
            InetSocketAddress from = flow.remoteAddress();
            InetAddress address = from.getAddress();
            long now = nowMillis();
            if (bans.contains(address, now)) {
                return isExempt(address);
            }
            long source = prefix.hash(key, address);
            String hit = limitHit(source, now);
            if (hit == null || isExempt(address)) {
                return true;
            }
            tell(from, hit);
            return false;
        }

        /** The limit that is exceeded; null if none. */
        private @Nullable String limitHit(long source, long now) {
            if (answer != Answer.SILENCE) {
                // what is to be answered has to be parsed, up to a point
                return sources.level(source, now) <= -burst ? sourceLimit : null;
            }
            if (sources.take(source, 0, now) < 0) {
                return sourceLimit;
            }
            BucketTable all = global;
            return all != null && !isKnown(source, now) && all.take(0, 0, now) < 0 ? "global" : null;
        }

        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            return !bans.contains(remote.getAddress(), nowMillis()) || isExempt(remote.getAddress());
        }
    }

    private void tell(InetSocketAddress from, String limit) {
        ProxyRuntime proxy = runtime;
        if (proxy != null) {
            proxy.publish(new ProxyEvent.LimitHit(from, limit));
        }
    }

    private Verdict atEntrance(StageContext context) {
        InetSocketAddress from = context.flow().remoteAddress();
        InetAddress address = from.getAddress();
        if (context.isTrusted() || isExempt(address)) {
            return Verdict.proceed();
        }
        String sign = signs.find(context.request());
        if (sign != null && isScanner(from, "User-Agent " + sign)) {
            return Verdict.discard();
        }
        long now = context.now().toEpochMilli();
        long source = prefix.hash(key, address);
        if (answer == Answer.SILENCE) {
            return Verdict.proceed(); // counted before it was parsed
        }
        if (sources.take(source, -burst, now) < 0) {
            return refuse(context, sourceLimit);
        }
        BucketTable all = global;
        if (all != null && !isKnown(source, now) && all.take(0, 0, now) < 0) {
            return refuse(context, "global");
        }
        return Verdict.proceed();
    }

    private Verdict beforeRouting(StageContext context) throws SipParseException {
        if (context.isTrusted()) {
            return Verdict.proceed();
        }
        long now = context.now().toEpochMilli();
        String user = context.authenticatedUser().orElse(null);
        if (user != null) {
            sources.giveBack(prefix.hash(key, context.flow().remoteAddress().getAddress()), TOKENS_OF_A_PROOF, now);
        }
        byte[] aor = (user != null ? user : calledUser(context)).getBytes(StandardCharsets.UTF_8);
        return aors.take(key.hash(aor, 0, aor.length), 0, now) < 0 ? refuse(context, "user") : Verdict.proceed();
    }

    /** A request of nobody we know counts for the user that it is for. */
    private static String calledUser(StageContext context) throws SipParseException {
        SipUri uri = Method.REGISTER.equals(context.request().method())
                ? context.request().to().uri()
                : context.request().requestUri();
        return uri.user().toLowerCase(Locale.ROOT) + "@" + context.domainOf(uri).orElseGet(uri::host);
    }

    private Verdict refuse(StageContext context, String limit) {
        context.publish(new ProxyEvent.LimitHit(context.flow().remoteAddress(), limit));
        ProxyRuntime proxy = runtime;
        if (answer == Answer.TARPIT
                && proxy != null
                && !Method.ACK.equals(context.request().method())) {
            slowReply.send(proxy, context.request(), context.flow());
        }
        return answer == Answer.UNAVAILABLE ? UNAVAILABLE : Verdict.discard();
    }

    /** Tells of a scanner; true if its request is not to be answered. */
    private boolean isScanner(InetSocketAddress from, String evidence) {
        ProxyRuntime proxy = runtime;
        if (proxy != null) {
            proxy.publish(new ProxyEvent.ScannerSeen(from, evidence));
        }
        if (scanners == ScannerPolicy.BAN) {
            bans.add(from.getAddress(), nowMillis(), banTime);
        }
        return scanners != ScannerPolicy.REPORT;
    }

    private void onEvent(ProxyEvent event) {
        if (event instanceof ProxyEvent.AuthenticationFailed failed
                && failed.reason().equals(AuthenticationOutcome.UNKNOWN_USER.name())
                && !isExempt(failed.source().getAddress())
                && unknownUsers.isOneTooMany(prefix.of(failed.source().getAddress()), failed.user())) {
            isScanner(failed.source(), "many unknown users");
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
        private final List<String> problems = new ArrayList<>();

        private Builder() {}

        /** For the messages of one source. Default 50 a second and 500 at once. */
        public Builder perSource(RateLimit limit) {
            this.perSource = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** For the requests of one user who proved a password, and to one user from those who did not. Default 10 a second, 100 at once. */
        public Builder perAor(RateLimit limit) {
            this.perAor = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** For the requests of all sources together at which nobody proved a password lately. Default none. */
        public Builder global(RateLimit limit) {
            this.global = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** What a request above a limit gets. Default {@link Answer#SILENCE}. */
        public Builder answer(Answer value) {
            this.answer = Objects.requireNonNull(value, "value");
            return this;
        }

        /** How many leading bits of an address make one source: IPv4 8 to 32, IPv6 16 to 128. Default 32 and 64. */
        public Builder sourcePrefix(int ipv4, int ipv6) {
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
            if (time.compareTo(Duration.ofSeconds(1)) < 0 || time.compareTo(Duration.ofDays(30)) > 0) {
                problems.add("banTime: " + time + " (expected 1 s to 30 days)");
            }
            this.banTime = time;
            return this;
        }

        /** What is done about a scanner. Default {@link ScannerPolicy#DROP}. */
        public Builder scanners(ScannerPolicy policy) {
            this.scanners = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Texts in User-Agent that a scanner is known by, without case. Default those of the usual tools. */
        public Builder scannerUserAgents(List<String> texts) {
            this.signs = List.copyOf(texts);
            return this;
        }

        /** For how many users who do not exist a source may present credentials: 1 to 1,000, default 20. */
        public Builder unknownUsers(int count) {
            if (count < 1 || count > 1_000) {
                problems.add("unknownUsers: " + count + " (expected 1 to 1,000)");
            }
            this.unknownUsers = count;
            return this;
        }

        /**
         * The guard.
         *
         * @throws IllegalArgumentException if an option is outside its range; the message names all of them
         */
        public FloodGuard build() {
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException("flood guard: " + String.join("; ", problems));
            }
            return new FloodGuard(this);
        }
    }
}
