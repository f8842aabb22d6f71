package org.sipproxy.nat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipResponse;

/**
 * Clients behind NATs: one object that makes registrations, calls, the requests inside of them, and keepalives go together.
 *
 * <ul>
 *   <li>A sender is found to be behind a NAT by {@link NatTest}s. Its REGISTER is stored with the address that it came from, and
 *       requests to it go there, over the very flow. A Path beats that: then the NAT is the edge proxy's matter.
 *   <li>The Contact of a caller or callee behind a NAT gets an {@code alias} parameter with its address, in requests and in 1xx
 *       and 2xx responses, but not in REGISTER. It is signed with a key of the proxy's secret, so that nobody can write one and
 *       have requests sent through the proxy to any address, and so that a secret that stays keeps calls over a restart. When it comes back in a Request-URI it is taken off, so the client sees the URI that it wrote, and
 *       the request goes where it says; or over the flow that the client is registered by, if that was heard of later.
 *   <li>UDP flows are pinged, evenly over the interval, from the socket that the registration came to. A client that keeps its
 *       mapping open by itself is spared.
 *   <li>STUN keepalives are answered (RFC 5626 §8), by which a phone learns that its mapping has changed.
 * </ul>
 *
 * <p>SDP is left alone: media is not a proxy's. A media relay is a {@link org.sipproxy.api.routing.RequestStage} and a {@link
 * org.sipproxy.api.routing.ResponseStage} of the host, added after this component so that it knows who is behind a NAT:
 *
 * <pre>{@code
 * SipProxy.builder()
 *     .component(NatTraversal.builder().build())
 *     .beforeForwarding(context -> {
 *         if (context.isBehindNat()) {
 *             relay.offer(context.request());
 *         }
 *         return Verdict.proceed();
 *     })
 *     .onResponse(context -> relay.answer(context.response()))
 * }</pre>
 *
 * <p>For one proxy. Never blocks an event loop or the timer, whatever the location store: what has to wait for that has a thread
 * of its own.
 */
public final class NatTraversal implements ProxyComponent {

    private final NatDetection detection;
    private final AliasWriter aliases;
    private final KnownClients clients;
    private final ContactAliasing contacts;
    private final NatPinger.Rules rules;
    private final NatCounters counters = new NatCounters();
    private volatile @Nullable ProxyRuntime proxy;
    private volatile @Nullable NatPinger pinger;
    private volatile @Nullable StoreThread store;

    private NatTraversal(Builder builder) {
        this.detection = new NatDetection(builder.tests, builder.networks);
        this.aliases = new AliasWriter(builder.foreignAliases);
        this.clients = new KnownClients(aliases, builder.pingsAll);
        this.contacts = new ContactAliasing(aliases, clients, counters, builder.fixesContact);
        this.rules = new NatPinger.Rules(builder.pingMethod, builder.interval, builder.removeAfter);
    }

    /** A builder; every option has a default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.atEntrance(new DetectNat(detection, clients, counters));
        hooks.beforeForwarding(new RouteThroughNat(contacts, aliases, clients, counters));
        hooks.onResponse(new MarkCallee(contacts, detection, clients));
        hooks.onStrayResponse(this::isPingAnswer);
        hooks.onNonSip(this::onNonSip);
        hooks.onLocationChange(clients);
    }

    /** A keepalive of the client's own: line ends or zeros, or STUN, which wants an answer. */
    private void onNonSip(Flow flow, byte[] bytes) {
        clients.heard(flow);
        ProxyRuntime runtime = proxy;
        byte[] answer = runtime == null ? null : StunResponder.answer(bytes, flow);
        if (answer != null && runtime != null) {
            counters.stunAnswers.increment();
            runtime.send(flow, answer);
        }
    }

    private boolean isPingAnswer(SipResponse response, Flow flow) {
        NatPinger active = pinger;
        return active != null && active.isAnswer(response, flow);
    }

    /** Reads the bindings that the store holds already; on a thread of its own if the store has to wait for a database. */
    @Override
    public void start(ProxyRuntime runtime) {
        proxy = runtime;
        aliases.start(KeyedHash.of(runtime.key("contact alias"), "contact alias"), runtime.boundEndpoints());
        clients.start(runtime);
        StoreThread thread = new StoreThread(runtime.locationStore(), clients, counters);
        store = thread;
        if (runtime.locationStore().blocking() == LocationStore.Blocking.ALWAYS) {
            thread.execute(() -> clients.load(runtime));
        } else {
            clients.load(runtime);
        }
        NatPinger made = new NatPinger(rules, clients, counters, KeyedHash.random(), runtime, thread);
        pinger = made;
        made.start();
    }

    @Override
    public void close() {
        StoreThread thread = store;
        if (thread != null) {
            thread.close();
        }
    }

    /** What has been done since the start; may be called by any thread at any time. */
    public NatStatistics statistics() {
        return NatStatistics.of(counters, clients);
    }

    /** Shows the health of every flow that is kept; what changes meanwhile may be missed. Any thread. */
    public void forEachFlow(Consumer<FlowHealth> visitor) {
        Duration shift = clients.wallClockShift();
        clients.forEachFlow(kept -> visitor.accept(FlowHealth.of(kept, shift)));
    }

    /** Options of {@link NatTraversal}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration SHORTEST = Duration.ofSeconds(1);
        private static final Duration LONGEST = Duration.ofMinutes(10);

        private Set<NatTest> tests = NatTest.DEFAULT;
        private final PrivateNetworks networks = new PrivateNetworks();
        private boolean fixesContact;
        private boolean foreignAliases;
        private @Nullable PingMethod pingMethod = PingMethod.OPTIONS;
        private Duration interval = Duration.ofSeconds(15);
        private boolean pingsAll;
        private int removeAfter;

        private final Set<String> given = new HashSet<>();
        private final List<String> problems = new ArrayList<>();

        private Builder() {}

        /**
         * Which signs tell that a sender is behind a NAT; one of them is enough. Default {@link NatTest#DEFAULT}. {@link
         * NatTest#fromKamailioFlags} gives those of a {@code nat_uac_test} number.
         */
        public Builder tests(Set<NatTest> signs) {
            once("tests");
            tests = Set.copyOf(signs);
            if (tests.isEmpty()) {
                problems.add(
                        "tests: none, so nobody would ever be behind a NAT; leave the option away for the default");
            }
            return this;
        }

        /** See {@link #tests(Set)}. */
        public Builder tests(NatTest first, NatTest... more) {
            return tests(EnumSet.of(first, more));
        }

        /**
         * Another network whose addresses mean nothing to others, such as {@code 203.0.113.0/24}. Private by themselves are those
         * of RFC 1918, RFC 6598 (carriers), loopback, link-local, {@code 192.0.0.0/24} and unique local IPv6 addresses. May be
         * given several times.
         */
        public Builder privateNetwork(String network) {
            try {
                networks.include(network);
            } catch (IllegalArgumentException e) {
                problems.add("privateNetwork: " + e.getMessage());
            }
            return this;
        }

        /** A part of the private addresses that is reached directly from here, such as an office behind a tunnel. */
        public Builder reachableNetwork(String network) {
            try {
                networks.exclude(network);
            } catch (IllegalArgumentException e) {
                problems.add("reachableNetwork: " + e.getMessage());
            }
            return this;
        }

        /**
         * Puts the sender's address into its Contact instead of an alias beside it. Default off: a client that checks the
         * Request-URI of a later request does not find its own there. For peers that drop URI parameters.
         */
        public Builder fixContact() {
            once("fixContact");
            fixesContact = true;
            return this;
        }

        /**
         * Follows aliases without our signature, as a Kamailio makes them that shared these calls. Default off: with it anybody
         * who gets a request through this proxy chooses the address that it goes to.
         */
        public Builder foreignAliases() {
            once("foreignAliases");
            foreignAliases = true;
            return this;
        }

        /**
         * How mappings are kept open: every UDP flow once in {@code interval}, 1 s to 10 min. Default OPTIONS every 15 s; many
         * home routers forget a UDP mapping after 30 s.
         */
        public Builder ping(PingMethod method, Duration interval) {
            once("ping");
            pingMethod = Objects.requireNonNull(method, "method");
            this.interval = Objects.requireNonNull(interval, "interval");
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                problems.add("ping: interval " + interval + " (expected 1 s to 10 min); use noPing() for none");
            }
            return this;
        }

        /** No pings: the clients keep their mappings open. Excludes {@link #ping}. */
        public Builder noPing() {
            once("ping");
            pingMethod = null;
            return this;
        }

        /** Pings all UDP clients, those too that are not behind a NAT. Default only those that are. */
        public Builder pingAll() {
            once("pingAll");
            pingsAll = true;
            return this;
        }

        /**
         * Removes a binding, as {@link org.sipproxy.api.location.RemovalReason#UNREACHABLE}, after this many OPTIONS pings in a row
         * without an answer; 1 to 100. Default never: a binding ends when it expires.
         */
        public Builder removeAfter(int pings) {
            once("removeAfter");
            removeAfter = pings;
            if (pings < 1 || pings > 100) {
                problems.add("removeAfter: " + pings + " (expected 1 to 100); leave the option away to remove none");
            }
            return this;
        }

        private void once(String option) {
            if (!given.add(option)) {
                problems.add(option + ": given twice; give it once");
            }
        }

        /**
         * The component.
         *
         * @throws IllegalArgumentException with every problem found, a line each
         */
        public NatTraversal build() {
            List<String> found = new ArrayList<>(problems);
            if (removeAfter != 0 && pingMethod != PingMethod.OPTIONS) {
                found.add("removeAfter: only OPTIONS pings are answered; use ping(PingMethod.OPTIONS, ...) with it");
            }
            if (pingsAll && pingMethod == null) {
                found.add("pingAll: there are no pings with noPing(); leave one of them away");
            }
            if (fixesContact && foreignAliases) {
                found.add("foreignAliases: with fixContact() there are no aliases; leave one of them away");
            }
            if (!found.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", found));
            }
            return new NatTraversal(this);
        }
    }
}
