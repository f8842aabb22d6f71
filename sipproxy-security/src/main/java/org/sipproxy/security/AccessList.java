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
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.api.transport.ArrivalDecision;
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
 * Access list of senders and trusted peers: the equivalent of Kamailio's {@code permissions}.
 *
 * <p>The rules of the longest network that contains the source are evaluated first, in order, then those of the next
 * wider one, then those without a network. The first matching rule decides. If none matches, the default policy
 * decides. It has to be set, because an empty list has no obvious meaning.
 *
 * <p>If the source alone decides, messages are dropped before they are parsed, responses too, and get no response. A
 * TLS connection is refused before its handshake, unless a rule requires an identity, which is known only after the
 * handshake. Rules for methods and domains are applied to the parsed request, which gets 403. Rules can be
 * {@link #replace replaced} and {@link #reload reloaded} atomically at any time.
 *
 * <p>Thread-safe; a look-up takes no lock. Use one instance per proxy.
 */
public final class AccessList implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ACCESS);

    private static final String NAME = "AccessList";
    private static final String DEFAULT_POLICY = "default policy";

    /** What the builder set. */
    private record Options(
            Action defaultPolicy,
            List<AccessRule> fixedRules,
            @Nullable AccessRuleSource source,
            Map<Integer, Action> groups) {}

    /** An immutable set of rules. */
    private record Snapshot(
            Action defaultPolicy, List<AccessRule> list, NetworkTrie<AccessRule> networks, AccessRule[] everywhere) {}

    /** Written under this object's monitor. */
    private volatile Options options;

    private volatile Snapshot rules;
    private volatile @Nullable ProxyRuntime runtime;

    private AccessList(Builder builder, Action defaultPolicy) {
        this.options =
                new Options(defaultPolicy, List.copyOf(builder.rules), builder.source, Map.copyOf(builder.groups));
        this.rules = snapshot(defaultPolicy, options.fixedRules());
    }

    /** Returns a builder; the default policy is the only option without a default. */
    public static Builder builder() {
        return new Builder();
    }

    private static Snapshot snapshot(Action defaultPolicy, List<AccessRule> list) {
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
        return new Snapshot(defaultPolicy, list, networks.build(), everywhere.toArray(new AccessRule[0]));
    }

    @Override
    public Phase phase() {
        return Phase.ACCESS;
    }

    /** The rules of two lists would depend on their order; one list has it in its rules. */
    @Override
    public Object identity() {
        return AccessList.class;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onArrival(new Filter());
        hooks.atEntrance(new Stage());
    }

    /** Reads the source of rules; the start fails if they cannot be read. */
    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
        if (options.source() != null) {
            reload();
        } else {
            warnOfTrustInAll(options.fixedRules());
        }
    }

    /**
     * Warns of trust in all addresses: it can be intended, behind a firewall, but is usually a mistake for
     * {@code allow}.
     */
    private static void warnOfTrustInAll(List<AccessRule> list) {
        for (AccessRule rule : list) {
            CidrBlock network = rule.network();
            if (rule.action() == Action.TRUST
                    && network != null
                    && network.prefixLength() == 0
                    && !rule.needsMessage()
                    && rule.isForAnyPort()) {
                LOG.warn(
                        "access list: \"{}\" trusts every {} address, so anyone can call and relay without a password;"
                                + " use the networks of your peers",
                        rule,
                        network.isIpv4() ? "IPv4" : "IPv6");
            }
        }
    }

    /**
     * Reads the source again and appends its rules to the builder's. Without a source, restores the builder's rules.
     * May block, so do not call it on a receiver thread.
     *
     * @throws RuntimeException if the rules cannot be read; the current rules then stay in force
     */
    public void reload() {
        Options now = options;
        List<AccessRule> list = new ArrayList<>(now.fixedRules());
        AccessRuleSource from = now.source();
        if (from != null) {
            addAll(list, from.read(), now.groups());
        }
        synchronized (this) {
            if (options == now) { // otherwise newer rules are in force already
                replace(list);
            }
        }
    }

    private static void addAll(List<AccessRule> list, AccessRules read, Map<Integer, Action> groups) {
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
                unused++; // its group has no action, or it is a host name, which never equals a source address
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

    /** Replaces all rules atomically. A request in progress is checked against either the old or the new rules. */
    public void replace(List<AccessRule> list) {
        rules = snapshot(options.defaultPolicy(), List.copyOf(list));
        warnOfTrustInAll(list);
    }

    /** Returns the rules in force, in the order in which they were added: those of the builder, then of the source. */
    public List<AccessRule> rules() {
        return rules.list();
    }

    /** Returns the action for sources without a matching rule. */
    public Action defaultPolicy() {
        return rules.defaultPolicy();
    }

    /**
     * Takes over the options and the current rules of another list atomically: rules, default policy, source and
     * groups. The other list must not be used by a proxy. If it has a source, {@link #reload} it before.
     */
    public synchronized void replaceWith(AccessList other) {
        options = other.options;
        rules = other.rules;
        warnOfTrustInAll(other.options.fixedRules());
    }

    /** Returns the action for requests from an address, and the rule that decides it. */
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
        return decision != null ? decision : new AccessDecision(now.defaultPolicy(), DEFAULT_POLICY, "", special);
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
     * Returns the rule that decides.
     *
     * @param identities the peer's identities; null if not known yet: then returns the first rule that could match
     * @param context null if the message is not known yet; likewise
     * @return null if the default policy decides
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

    private String text(@Nullable AccessRule rule) {
        return rule == null ? DEFAULT_POLICY + " " + rules.defaultPolicy() : rule.toString();
    }

    private static SecurityEvent denied(SecurityEvent.Origin origin, @Nullable AccessRule rule) {
        return new SecurityEvent.AccessDenied(origin, rule == null ? DEFAULT_POLICY : rule.toString());
    }

    @Override
    public String toString() {
        return "AccessList[" + Quantity.of(options.fixedRules().size(), "rule") + ", default " + options.defaultPolicy()
                + "]";
    }

    /** Refuses what the source alone decides. */
    private final class Filter implements ArrivalFilter {

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public boolean accepts(Flow flow, int length) {
            return accepts(flow.remoteAddress(), flow.kind(), flow.peerIdentities());
        }

        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            // the handshake, and with it the peer's identity, is yet to come
            return accepts(remote, endpoint.kind(), endpoint.kind().isSecure() ? null : Set.of());
        }

        @Override
        public Optional<ArrivalDecision> rehearse(Flow flow, int length) {
            AccessRule rule = find(flow.remoteAddress(), flow.kind(), flow.peerIdentities());
            return Optional.of(new ArrivalDecision(NAME, !refuses(rule, flow.peerIdentities()), text(rule)));
        }

        private @Nullable AccessRule find(
                InetSocketAddress from, TransportKind kind, @Nullable Set<String> identities) {
            try {
                return AccessList.this.find(from, kind, identities, null);
            } catch (SipParseException e) {
                throw new IllegalStateException("a rule read the message although none was given", e);
            }
        }

        private boolean refuses(@Nullable AccessRule rule, @Nullable Set<String> identities) {
            boolean undecided = rule != null && (rule.needsMessage() || (identities == null && rule.needsIdentity()));
            Action action = rule == null ? rules.defaultPolicy() : rule.action();
            return action == Action.DENY && !undecided;
        }

        private boolean accepts(InetSocketAddress from, TransportKind kind, @Nullable Set<String> identities) {
            AccessRule rule = find(from, kind, identities);
            boolean refused = refuses(rule, identities);
            ProxyRuntime proxy = runtime;
            if (refused && proxy != null) {
                proxy.publish(denied(new SecurityEvent.Origin(from, kind, ""), rule));
            }
            return !refused;
        }
    }

    /** Applies the rules that need the message, and trust. */
    private final class Stage implements RequestStage {

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            Flow flow = context.flow();
            AccessRule rule = find(flow.remoteAddress(), flow.kind(), flow.peerIdentities(), context);
            Action action = rule == null ? rules.defaultPolicy() : rule.action();
            if (context.isRehearsal()) {
                context.note("access rule", text(rule));
            }
            switch (action) {
                case DENY -> {
                    context.publish(denied(SecurityEvent.Origin.of(flow, context.request()), rule));
                    return Verdict.respond(StatusCode.FORBIDDEN);
                }
                case TRUST -> context.trust();
                case ALLOW -> {
                    // accepted, but not trusted
                }
            }
            return Verdict.proceed();
        }

        @Override
        public String name() {
            return NAME;
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

    /** Builder of {@link AccessList}. Not thread-safe. */
    public static final class Builder {

        private final List<AccessRule> rules = new ArrayList<>();
        private final Map<Integer, Action> groups = new HashMap<>();
        private final OptionProblems problems = new OptionProblems("access list");
        private @Nullable Action defaultPolicy;
        private @Nullable AccessRuleSource source;

        private Builder() {}

        /** Adds rules. Among the rules of one network the first matching one decides. */
        public Builder rules(AccessRule... list) {
            rules.addAll(List.of(list));
            return this;
        }

        /**
         * Sets the action for sources without a matching rule: {@link Action#ALLOW} or {@link Action#DENY}. No default.
         */
        public Builder defaultPolicy(Action policy) {
            problems.once("defaultPolicy");
            defaultPolicy = Objects.requireNonNull(policy, "policy");
            if (policy == Action.TRUST) {
                problems.add(
                        "defaultPolicy", "TRUST", "would let anyone relay to any destination", "use ALLOW or DENY");
            }
            return this;
        }

        /**
         * Sets the source of further rules, read when the proxy starts and at each {@link AccessList#reload}, such as
         * the database tables {@code address} and {@code trusted}. Entries of {@code trusted} are trusted;
         * {@link #group} sets the action of a group of {@code address}.
         */
        public Builder source(AccessRuleSource from) {
            problems.once("source");
            source = Objects.requireNonNull(from, "from");
            return this;
        }

        /**
         * Sets the action for the addresses of a group of the {@link #source}. Addresses of other groups are ignored.
         */
        public Builder group(int number, Action action) {
            if (groups.put(number, Objects.requireNonNull(action, "action")) != null) {
                problems.add("group", Integer.toString(number), "is given twice", "give it once");
            }
            return this;
        }

        /**
         * Returns the access list.
         *
         * @throws ConfigurationException if an option is missing or contradicts another
         */
        public AccessList build() {
            OptionProblems found = problems.copy();
            Action policy = defaultPolicy;
            if (policy == null) {
                found.add("defaultPolicy", "", "missing", "use ALLOW or DENY for sources without a matching rule");
            }
            if (source == null && !groups.isEmpty()) {
                found.add("group", "", "has no effect without {source}", "add one, or omit the option");
            }
            found.throwIfAny();
            return new AccessList(this, Objects.requireNonNull(policy));
        }
    }
}
