package org.sipproxy.security;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.access.UriPattern;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Rule of an {@link AccessList}: an action for everything that matches all its conditions. A condition that is not set
 * matches everything. Immutable; the methods that narrow a rule return a new one.
 *
 * <pre>{@code
 * AccessRule.deny(CidrBlock.parse("203.0.113.0/24"))
 * AccessRule.trust(CidrBlock.parse("192.0.2.10")).port(5060).over(TransportKind.UDP).tag("provider A")
 * AccessRule.trustIdentity("provider.example").tag("provider B")
 * AccessRule.deny().method(Method.SUBSCRIBE)
 * }</pre>
 */
public final class AccessRule {

    /** The action of a rule. */
    public enum Action {
        /** The request proceeds; its sender still has to authenticate. */
        ALLOW,
        /** The request is refused. */
        DENY,
        /** The request proceeds as one of a trusted peer. It is not challenged, unless it is a REGISTER. */
        TRUST
    }

    private final Action action;
    private final @Nullable CidrBlock network;
    private final int port;
    private final Set<TransportKind> transports;
    private final Set<String> identities;
    private final Set<Method> methods;
    private final Set<String> fromDomains;
    private final Set<String> requestDomains;
    private final @Nullable UriPattern from;
    private final @Nullable UriPattern requestUri;
    private final String tag;

    private AccessRule(Draft draft) {
        this.action = draft.action;
        this.network = draft.network;
        this.port = draft.port;
        this.transports = draft.transports;
        this.identities = draft.identities;
        this.methods = draft.methods;
        this.fromDomains = draft.fromDomains;
        this.requestDomains = draft.requestDomains;
        this.from = draft.from;
        this.requestUri = draft.requestUri;
        this.tag = draft.tag;
    }

    /** Values of a rule that is being made. */
    private static final class Draft {
        private final Action action;
        private final @Nullable CidrBlock network;
        private int port;
        private Set<TransportKind> transports = Set.of();
        private Set<String> identities = Set.of();
        private Set<Method> methods = Set.of();
        private Set<String> fromDomains = Set.of();
        private Set<String> requestDomains = Set.of();
        private @Nullable UriPattern from;
        private @Nullable UriPattern requestUri;
        private String tag = "";

        Draft(Action action, @Nullable CidrBlock network) {
            this.action = action;
            this.network = network;
        }

        Draft(AccessRule rule) {
            this(rule.action, rule.network);
            this.port = rule.port;
            this.transports = rule.transports;
            this.identities = rule.identities;
            this.methods = rule.methods;
            this.fromDomains = rule.fromDomains;
            this.requestDomains = rule.requestDomains;
            this.from = rule.from;
            this.requestUri = rule.requestUri;
            this.tag = rule.tag;
        }
    }

    private AccessRule with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new AccessRule(draft);
    }

    private static AccessRule of(Action action, @Nullable CidrBlock network) {
        return new AccessRule(new Draft(action, network));
    }

    /** Returns a rule that allows every source for which no rule with a network decides. */
    public static AccessRule allow() {
        return of(Action.ALLOW, null);
    }

    /** Returns a rule that allows a network. */
    public static AccessRule allow(CidrBlock network) {
        return of(Action.ALLOW, Objects.requireNonNull(network, "network"));
    }

    /** Returns a rule that denies every source for which no rule with a network decides. */
    public static AccessRule deny() {
        return of(Action.DENY, null);
    }

    /** Returns a rule that denies a network. */
    public static AccessRule deny(CidrBlock network) {
        return of(Action.DENY, Objects.requireNonNull(network, "network"));
    }

    /** Returns a rule that trusts a network. There is no rule that trusts every source. */
    public static AccessRule trust(CidrBlock network) {
        return of(Action.TRUST, Objects.requireNonNull(network, "network"));
    }

    /**
     * Returns a rule that trusts peers over TLS or WSS, whatever their address, whose certificate was verified to be of
     * one of these SIP domains (RFC 5922 §7.1); see {@link #identity}.
     */
    public static AccessRule trustIdentity(String domain, String... more) {
        List<String> domains = new ArrayList<>(List.of(more));
        domains.add(Objects.requireNonNull(domain, "domain"));
        return of(Action.TRUST, null).identity(domains.toArray(new String[0]));
    }

    /**
     * Restricts the rule to a source port, 1 to 65535; 0 for any.
     *
     * @throws IllegalArgumentException if the port is outside the range
     */
    public AccessRule port(int number) {
        if (number < 0 || number > 65_535) {
            throw new IllegalArgumentException("port: " + number + " (expected 0 to 65535)");
        }
        return with(draft -> draft.port = number);
    }

    /** Restricts the rule to these transports. */
    public AccessRule over(TransportKind... kinds) {
        Set<TransportKind> set = EnumSet.noneOf(TransportKind.class);
        set.addAll(List.of(kinds));
        return with(draft -> draft.transports = set);
    }

    /**
     * Restricts the rule to peers whose certificate was verified to be of one of these SIP domains. Domains are
     * compared in full, ignoring case. The proxy must require client certificates, and must trust only authorities that
     * verify the owners of their certificates.
     */
    public AccessRule identity(String... domains) {
        return with(draft -> draft.identities = normal(domains));
    }

    /** Restricts the rule to requests with one of these methods. */
    public AccessRule method(Method... names) {
        return with(draft -> draft.methods = Set.of(names));
    }

    /** Restricts the rule to requests with one of these domains in From, ignoring case. */
    public AccessRule fromDomain(String... domains) {
        return with(draft -> draft.fromDomains = normal(domains));
    }

    /** Restricts the rule to requests with one of these domains in the Request-URI, ignoring case. */
    public AccessRule requestDomain(String... domains) {
        return with(draft -> draft.requestDomains = normal(domains));
    }

    /**
     * Restricts the rule to requests whose From URI and Request-URI contain a match of these patterns; null for any.
     * Patterns come from a table; each request of the network costs a bounded search.
     */
    AccessRule patterns(@Nullable UriPattern fromPattern, @Nullable UriPattern requestUriPattern) {
        return with(draft -> {
            draft.from = fromPattern;
            draft.requestUri = requestUriPattern;
        });
    }

    /** Sets a name for logs and events, such as the peer's. */
    public AccessRule tag(String text) {
        return with(draft -> draft.tag = Objects.requireNonNull(text, "text"));
    }

    private static Set<String> normal(String... domains) {
        Set<String> set = new HashSet<>();
        for (String domain : domains) {
            set.add(HostName.normal(domain));
        }
        return set;
    }

    /** Returns the action. */
    public Action action() {
        return action;
    }

    /** Returns the tag; empty if there is none. */
    public String tag() {
        return tag;
    }

    @Nullable
    CidrBlock network() {
        return network;
    }

    /** Returns true if a condition depends on the message. */
    boolean needsMessage() {
        return !methods.isEmpty()
                || !fromDomains.isEmpty()
                || !requestDomains.isEmpty()
                || from != null
                || requestUri != null;
    }

    /** Returns true if a condition depends on the TLS handshake. */
    boolean needsIdentity() {
        return !identities.isEmpty();
    }

    /** Returns true if the rule is not restricted by port, transport or certificate. */
    boolean isForAnyPort() {
        return port == 0 && transports.isEmpty() && identities.isEmpty();
    }

    /** @param presented the peer's identities; null if not known yet, which matches any */
    boolean fitsSource(int sourcePort, TransportKind kind, @Nullable Set<String> presented) {
        return (port == 0 || port == sourcePort)
                && (transports.isEmpty() || transports.contains(kind))
                && (identities.isEmpty() || presented == null || !Collections.disjoint(identities, presented));
    }

    boolean fitsMessage(StageContext context) throws SipParseException {
        SipRequest request = context.request();
        return (methods.isEmpty() || methods.contains(request.method()))
                && (fromDomains.isEmpty()
                        || fromDomains.contains(request.from().uri().normalHost()))
                && (requestDomains.isEmpty()
                        || requestDomains.contains(request.requestUri().normalHost()))
                && (from == null || from.isFoundIn(request.from().uri().toString()))
                && (requestUri == null
                        || requestUri.isFoundIn(request.requestUri().toString()));
    }

    /** Returns text such as {@code deny 203.0.113.0/24 port 5060 udp INVITE (provider A)}. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(" ");
        text.add(action.name().toLowerCase(Locale.ROOT)).add(network == null ? "any" : network.toString());
        if (port != 0) {
            text.add("port " + port);
        }
        transports.forEach(kind -> text.add(kind.lowerCase()));
        identities.stream().sorted().forEach(domain -> text.add("identity " + domain));
        methods.stream().map(Method::name).sorted().forEach(text::add);
        fromDomains.stream().sorted().forEach(domain -> text.add("from " + domain));
        requestDomains.stream().sorted().forEach(domain -> text.add("to " + domain));
        if (from != null) {
            text.add("from ~ " + SipParseException.excerpt(from.toString()));
        }
        if (requestUri != null) {
            text.add("to ~ " + SipParseException.excerpt(requestUri.toString()));
        }
        if (!tag.isEmpty()) {
            text.add("(" + SipParseException.excerpt(tag) + ")");
        }
        return text.toString();
    }
}
