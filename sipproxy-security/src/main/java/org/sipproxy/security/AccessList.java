package org.sipproxy.security;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.access.AccessRuleSource;
import org.sipproxy.api.access.AccessRules;
import org.sipproxy.api.access.AddressEntry;
import org.sipproxy.api.access.TrustedEntry;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;
import org.sipproxy.security.AccessRule.Action;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may send at all, and who is trusted: Kamailio's {@code permissions}.
 *
 * <p>The rules of the longest network around the source are looked at first, in their order, then those of the next wider one,
 * then those without a network; the first that fits decides. If none does the default policy decides, which has to be given: an
 * empty list must say what it means.
 *
 * <p>What the source alone decides is refused before anything is parsed, responses too, and without an answer; a connection
 * over TLS even before its handshake, unless a rule asks for an identity, which only the handshake tells. Rules about methods
 * and domains are applied to the parsed request and answer 403. Rules can be {@link #replace replaced} and
 * {@link #reload reloaded} at any time, all at once.
 *
 * <p>Safe for use by several threads; a look-up takes no lock. One serves one proxy.
 */
public final class AccessList implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(AccessList.class);

    private static final String DEFAULT_POLICY = "default policy";

    /** All rules at one moment. */
    private record Snapshot(NetworkTrie<AccessRule> networks, AccessRule[] everywhere) {}

    private final Action defaultPolicy;
    private final List<AccessRule> fixedRules;
    private final @Nullable AccessRuleSource source;
    private final Map<Integer, Action> groups;
    private volatile Snapshot rules;
    private volatile @Nullable ProxyRuntime runtime;

    private AccessList(Builder builder, Action defaultPolicy) {
        this.defaultPolicy = defaultPolicy;
        this.fixedRules = List.copyOf(builder.rules);
        this.source = builder.source;
        this.groups = Map.copyOf(builder.groups);
        this.rules = snapshot(fixedRules);
    }

    /** A builder; the default policy is the only option that has no default. */
    public static Builder builder() {
        return new Builder();
    }

    private static Snapshot snapshot(List<AccessRule> list) {
        NetworkTrie.Builder<AccessRule> networks = new NetworkTrie.Builder<>();
        List<AccessRule> everywhere = new ArrayList<>();
        for (AccessRule rule : list) {
            CidrBlock network = rule.network();
            if (network == null) {
                everywhere.add(rule);
            } else {
                networks.add(network, rule);
            }
        }
        return new Snapshot(networks.build(), everywhere.toArray(new AccessRule[0]));
    }

    @Override
    public Phase phase() {
        return Phase.ACCESS;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onArrival(new Filter());
        hooks.atEntrance(new Stage());
    }

    /** Reads the source of rules; a proxy whose rules cannot be read does not start. */
    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
        if (source != null) {
            reload();
        } else {
            warnOfTrustInAll(fixedRules);
        }
    }

    /** It may be meant, behind a firewall; but more often it is an allow that was misspelt. */
    private static void warnOfTrustInAll(List<AccessRule> list) {
        for (AccessRule rule : list) {
            CidrBlock network = rule.network();
            if (rule.action() == Action.TRUST
                    && network != null
                    && network.prefixLength() == 0
                    && !rule.needsMessage()
                    && rule.isForAnyPort()) {
                LOG.warn(
                        "access list: \"{}\" trusts every {} address, so anybody calls and relays without a password; name the"
                                + " networks of your peers",
                        rule,
                        network.isIpv4() ? "IPv4" : "IPv6");
            }
        }
    }

    /**
     * Reads the source again and puts its rules behind the builder's. It may block, so not on an event loop. Without a source it
     * goes back to the builder's rules.
     *
     * @throws RuntimeException if they cannot be read; the rules stay as they were
     */
    public void reload() {
        List<AccessRule> list = new ArrayList<>(fixedRules);
        AccessRuleSource from = source;
        if (from != null) {
            addAll(list, from.read());
        }
        replace(list);
    }

    private void addAll(List<AccessRule> list, AccessRules read) {
        int before = list.size();
        for (TrustedEntry entry : read.trusted()) {
            list.add(AccessRule.trust(CidrBlock.of(entry.ip()))
                    .over(entry.transports().toArray(new TransportKind[0]))
                    .patterns(entry.from().orElse(null), entry.requestUri().orElse(null))
                    .tag(entry.tag()));
        }
        int unused = 0;
        for (AddressEntry entry : read.addresses()) {
            Action action = groups.get(entry.group());
            Optional<InetAddress> ip = entry.ip();
            if (action == null || ip.isEmpty()) {
                unused++; // of a group that means nothing here, or a name, which no source address equals
                continue;
            }
            CidrBlock network = CidrBlock.around(ip.get(), entry.prefixLength());
            AccessRule rule = switch (action) {
                case ALLOW -> AccessRule.allow(network);
                case DENY -> AccessRule.deny(network);
                case TRUST -> AccessRule.trust(network);
            };
            list.add(rule.port(entry.port()).tag(entry.tag().isEmpty() ? "group " + entry.group() : entry.tag()));
        }
        LOG.info("{} access rules read, {} address rows of other groups or with a name", list.size() - before, unused);
    }

    /** Puts these rules in the place of all others, in one step; requests under way are judged by either. */
    public void replace(List<AccessRule> list) {
        rules = snapshot(List.copyOf(list));
        warnOfTrustInAll(list);
    }

    /** What happens to requests from an address, and which rule says so. */
    public AccessDecision explain(InetAddress address) {
        Objects.requireNonNull(address, "address");
        Snapshot now = rules;
        List<String> special = new ArrayList<>();
        for (NetworkTrie.Node<AccessRule> at = now.networks.find(address); at != null; at = at.wider()) {
            AccessDecision decision = explain(at.values(), special);
            if (decision != null) {
                return decision;
            }
        }
        AccessDecision decision = explain(Arrays.asList(now.everywhere), special);
        return decision != null ? decision : new AccessDecision(defaultPolicy, DEFAULT_POLICY, "", special);
    }

    private static @Nullable AccessDecision explain(List<AccessRule> list, List<String> special) {
        for (AccessRule rule : list) {
            if (!rule.needsMessage() && rule.isForAnyPort()) {
                return new AccessDecision(rule.action(), rule.toString(), rule.tag(), special);
            }
            special.add(rule.toString());
        }
        return null;
    }

    /**
     * The rule that decides.
     *
     * @param identities of the peer; null if they are not known yet: the first rule that might fit is returned then
     * @param context null if the message is not known yet: likewise
     * @return null for the default policy
     */
    private @Nullable AccessRule find(
            InetSocketAddress from,
            TransportKind kind,
            @Nullable Set<String> identities,
            @Nullable StageContext context)
            throws SipParseException {
        Snapshot now = rules;
        NetworkTrie.Node<AccessRule> at = now.networks.find(from.getAddress());
        for (; at != null; at = at.wider()) {
            List<AccessRule> list = at.values();
            for (int i = 0; i < list.size(); i++) {
                if (fits(list.get(i), from, kind, identities, context)) {
                    return list.get(i);
                }
            }
        }
        for (AccessRule rule : now.everywhere) {
            if (fits(rule, from, kind, identities, context)) {
                return rule;
            }
        }
        return null;
    }

    private static boolean fits(
            AccessRule rule,
            InetSocketAddress from,
            TransportKind kind,
            @Nullable Set<String> identities,
            @Nullable StageContext context)
            throws SipParseException {
        return rule.fitsSource(from.getPort(), kind, identities)
                && (context == null || !rule.needsMessage() || rule.fitsMessage(context));
    }

    private static SecurityEvent denied(SecurityEvent.Origin origin, @Nullable AccessRule rule) {
        return new SecurityEvent.AccessDenied(origin, rule == null ? DEFAULT_POLICY : rule.toString());
    }

    @Override
    public String toString() {
        return "AccessList[" + fixedRules.size() + " rules, default " + defaultPolicy + "]";
    }

    /** What the source alone decides. */
    private final class Filter implements ArrivalFilter {

        @Override
        public boolean accepts(Flow flow, int length) {
            return accepts(flow.remoteAddress(), flow.kind(), flow.peerIdentities());
        }

        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            // the handshake is to come, and who it is
            return accepts(remote, endpoint.kind(), endpoint.kind().isSecure() ? null : Set.of());
        }

        private boolean accepts(InetSocketAddress from, TransportKind kind, @Nullable Set<String> identities) {
            AccessRule rule;
            try {
                rule = find(from, kind, identities, null);
            } catch (SipParseException e) {
                throw new IllegalStateException("no message was looked at", e);
            }
            boolean undecided = rule != null && (rule.needsMessage() || (identities == null && rule.needsIdentity()));
            Action action = rule == null ? defaultPolicy : rule.action();
            boolean refused = action == Action.DENY && !undecided;
            ProxyRuntime proxy = runtime;
            if (refused && proxy != null) {
                proxy.publish(denied(new SecurityEvent.Origin(from, kind, ""), rule));
            }
            return !refused;
        }
    }

    /** What the message decides, and trust. */
    private final class Stage implements RequestStage {

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            Flow flow = context.flow();
            AccessRule rule = find(flow.remoteAddress(), flow.kind(), flow.peerIdentities(), context);
            Action action = rule == null ? defaultPolicy : rule.action();
            switch (action) {
                case DENY -> {
                    context.publish(denied(
                            SecurityEvent.Origin.of(flow, context.request().method()), rule));
                    return Verdict.respond(StatusCode.FORBIDDEN);
                }
                case TRUST -> context.trust();
                case ALLOW -> {
                    // whoever it is may ask
                }
            }
            return Verdict.proceed();
        }

        @Override
        public String name() {
            return "AccessList";
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

    /** Options of {@link AccessList}. Not safe for use by several threads. */
    public static final class Builder {

        private final List<AccessRule> rules = new ArrayList<>();
        private final Map<Integer, Action> groups = new HashMap<>();
        private final List<String> problems = new ArrayList<>();
        private @Nullable Action defaultPolicy;
        private @Nullable AccessRuleSource source;

        private Builder() {}

        /** Adds rules. Among those of one network the first that fits decides. */
        public Builder rules(AccessRule... list) {
            rules.addAll(List.of(list));
            return this;
        }

        /** What happens to sources that no rule fits: {@link Action#ALLOW} or {@link Action#DENY}. No default. */
        public Builder defaultPolicy(Action policy) {
            if (defaultPolicy != null) {
                problems.add("defaultPolicy: set twice; remove one");
            }
            defaultPolicy = Objects.requireNonNull(policy, "policy");
            if (policy == Action.TRUST) {
                problems.add("defaultPolicy: TRUST would let everybody relay anywhere; use ALLOW or DENY");
            }
            return this;
        }

        /**
         * More rules, read when the proxy starts and at each {@link AccessList#reload}, such as a database's tables {@code address}
         * and {@code trusted}. Entries of {@code trusted} are trusted; what a group of {@code address} means says {@link #group}.
         */
        public Builder source(AccessRuleSource from) {
            if (source != null) {
                problems.add("source: set twice; remove one");
            }
            source = Objects.requireNonNull(from, "from");
            return this;
        }

        /** What the addresses of a group of the {@link #source} are. Addresses of a group that is not named mean nothing. */
        public Builder group(int number, Action action) {
            if (groups.put(number, Objects.requireNonNull(action, "action")) != null) {
                problems.add("group: " + number + " set twice; remove one");
            }
            return this;
        }

        /**
         * The access list.
         *
         * @throws IllegalArgumentException if an option is missing or contradicts another; the message names all of them
         */
        public AccessList build() {
            List<String> found = new ArrayList<>(problems);
            Action policy = defaultPolicy;
            if (policy == null) {
                found.add("defaultPolicy: missing; say what happens to sources that no rule fits");
            }
            if (source == null && !groups.isEmpty()) {
                found.add("group: means nothing without a source of addresses");
            }
            if (policy == null || !found.isEmpty()) {
                throw new IllegalArgumentException("access list: " + String.join("; ", found));
            }
            return new AccessList(this, policy);
        }
    }
}
