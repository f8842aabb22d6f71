package org.sipproxy.nat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipResponse;

/**
 * NAT traversal as one component: registrations, calls, in-dialog requests and keepalives of clients behind NATs.
 *
 * <ul>
 *   <li>{@link NatTest}s detect a sender behind a NAT. The binding of its REGISTER is stored with the source address,
 *       and requests to it are sent there, over the same flow. If the REGISTER has a Path, the edge proxy handles the
 *       NAT instead.
 *   <li>The Contact of a caller or callee behind a NAT gets an {@code alias} parameter with its address, in requests
 *       and in 1xx and 2xx responses, but not in REGISTER. The alias is signed with a key derived from the proxy's
 *       secret, because a forged alias would send requests through the proxy to any address. With a permanent secret,
 *       calls survive a restart. When the alias comes back in a Request-URI, it is removed, so that the client sees the
 *       URI that it wrote. The request goes to the address in the alias, or over the client's registered flow if a
 *       message arrived on that more recently.
 *   <li>UDP flows are pinged, evenly over the interval, from the socket that received the registration. A client that
 *       keeps its mapping open by itself is not pinged.
 *   <li>STUN keepalives get a response (RFC 5626 §8), from which a phone learns that its mapping has changed.
 * </ul>
 *
 * <p>Does not change SDP and does not relay media. A media relay is a {@link org.sipproxy.api.routing.RequestStage} and
 * a {@link org.sipproxy.api.routing.ResponseStage} of the host application. Add them after this component, so that they
 * know who is behind a NAT:
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
 * <p>Use one instance per proxy. Never blocks a receiver thread or the timer thread: work that waits for the location
 * store runs on a thread of its own.
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

    /** Returns a builder; every option has a default. */
    public static Builder builder() {
        return new Builder();
    }

    /** A second one would send each ping again. */
    @Override
    public Object identity() {
        return NatTraversal.class;
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

    /** Handles a client's own keepalive: CRLF or zero bytes, or STUN, which gets a response. */
    private void onNonSip(Flow flow, byte[] bytes) {
        clients.received(flow);
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

    /** Loads the bindings that the store already holds, on a separate thread if the store always blocks. */
    @Override
    public void start(ProxyRuntime runtime) {
        proxy = runtime;
        aliases.start(KeyedHash.of(runtime.key("contact alias"), "contact alias"), runtime.boundEndpoints());
        clients.start(runtime);
        StoreThread thread = new StoreThread(runtime, clients, counters);
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

    /** Returns the counts since the start. May be called by any thread at any time. */
    public NatStatistics statistics() {
        return NatStatistics.of(counters, clients);
    }

    /**
     * Passes the health of every kept flow to the visitor; concurrent changes may be missed. May be called by any
     * thread.
     */
    public void forEachFlow(Consumer<FlowHealth> visitor) {
        Duration shift = clients.wallClockShift();
        clients.forEachFlow(kept -> visitor.accept(FlowHealth.of(kept, shift)));
    }

    /** Builder of {@link NatTraversal}. Not thread-safe. */
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

        private final OptionProblems problems = new OptionProblems("nat");

        private Builder() {}

        /**
         * Sets the signs that a sender is behind a NAT; any one of them is enough. Default {@link NatTest#DEFAULT}.
         * {@link NatTest#fromKamailioFlags} converts a {@code nat_uac_test} number.
         */
        public Builder tests(Set<NatTest> signs) {
            problems.once("tests");
            tests = Set.copyOf(signs);
            if (tests.isEmpty()) {
                problems.add(
                        "tests",
                        "",
                        "none, so no client would be found behind a NAT",
                        "omit the option for the default");
            }
            return this;
        }

        /** Sets the signs as {@link #tests(Set)} does. */
        public Builder tests(NatTest first, NatTest... more) {
            return tests(EnumSet.of(first, more));
        }

        /**
         * Adds a network whose addresses are private, such as {@code 203.0.113.0/24}. By default the private networks
         * are those of RFC 1918, RFC 6598 (carriers), loopback, link-local, {@code 192.0.0.0/24} and unique local IPv6
         * addresses. May be called several times.
         */
        public Builder privateNetwork(String network) {
            try {
                networks.include(network);
            } catch (IllegalArgumentException e) {
                problems.add("privateNetwork", "", String.valueOf(e.getMessage()));
            }
            return this;
        }

        /**
         * Adds a part of the private networks that this proxy reaches directly, such as an office behind a tunnel. May
         * be called several times. Default none.
         */
        public Builder reachableNetwork(String network) {
            try {
                networks.exclude(network);
            } catch (IllegalArgumentException e) {
                problems.add("reachableNetwork", "", String.valueOf(e.getMessage()));
            }
            return this;
        }

        /**
         * Replaces the address in the Contact by the source address, instead of adding an alias. Default off, because a
         * client that compares the Request-URI of an in-dialog request with its own Contact rejects it. For peers that
         * drop URI parameters.
         */
        public Builder fixContact() {
            problems.once("fixContact");
            fixesContact = true;
            return this;
        }

        /**
         * Follows aliases that this proxy did not sign, such as those of a Kamailio that handled the same calls before.
         * Default off, because any sender of a request could then choose the address that it is sent to.
         */
        public Builder foreignAliases() {
            problems.once("foreignAliases");
            foreignAliases = true;
            return this;
        }

        /**
         * Sets how mappings are kept open: every UDP flow is pinged once per {@code interval}, 1 s to 10 min. Default
         * OPTIONS every 15 s, because many home routers drop a UDP mapping after 30 s.
         */
        public Builder ping(PingMethod method, Duration interval) {
            problems.once("ping");
            pingMethod = Objects.requireNonNull(method, "method");
            this.interval = Objects.requireNonNull(interval, "interval");
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                problems.add("ping", OptionProblems.text(interval), "expected 1s to 10m", "use {noPing} for none");
            }
            return this;
        }

        /** Sends no pings: the clients keep their mappings open. Excludes {@link #ping}. */
        public Builder noPing() {
            problems.once("ping");
            pingMethod = null;
            return this;
        }

        /** Pings all UDP clients, including those that are not behind a NAT. Default only those behind a NAT. */
        public Builder pingAll() {
            problems.once("pingAll");
            pingsAll = true;
            return this;
        }

        /**
         * Removes a binding, as {@link org.sipproxy.api.location.RemovalReason#UNREACHABLE}, after this many
         * consecutive OPTIONS pings without a response; 1 to 100. Default never: a binding ends when it expires.
         */
        public Builder removeAfter(int pings) {
            problems.once("removeAfter");
            removeAfter = pings;
            problems.range("removeAfter", pings, 1, 100);
            return this;
        }

        /**
         * Returns the component.
         *
         * @throws ConfigurationException if an option is outside its range, given twice or contradicts another
         */
        public NatTraversal build() {
            OptionProblems found = problems.copy();
            if (removeAfter != 0 && pingMethod != PingMethod.OPTIONS) {
                found.add("removeAfter", "", "only OPTIONS pings get a response", "ping with OPTIONS, or omit it");
            }
            if (pingsAll && pingMethod == null) {
                found.add("pingAll", "", "there are no pings to send", "use {ping}, or omit it");
            }
            if (fixesContact && foreignAliases) {
                found.add("foreignAliases", "", "{fixContact} writes no aliases", "use one or the other");
            }
            found.throwIfAny();
            return new NatTraversal(this);
        }
    }
}
