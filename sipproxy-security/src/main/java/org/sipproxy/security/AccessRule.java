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
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.access.UriPattern;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * One rule of an {@link AccessList}: an action for whatever fits all its conditions. A condition that is not given fits
 * everything. Immutable; the methods that narrow a rule return a new one.
 *
 * <pre>{@code
 * AccessRule.deny(CidrBlock.parse("203.0.113.0/24"))
 * AccessRule.trust(CidrBlock.parse("192.0.2.10")).port(5060).over(TransportKind.UDP).tag("provider A")
 * AccessRule.trustIdentity("provider.example").tag("provider B")
 * AccessRule.deny().method(Method.SUBSCRIBE)
 * }</pre>
 */
public final class AccessRule {

    /** What a rule does. */
    public enum Action {
        /** The request goes on; who sends it still has to prove who he is. */
        ALLOW,
        /** The request ends here. */
        DENY,
        /** The request goes on as a trusted peer's: nobody asks it for a password, except for REGISTER. */
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

    private AccessRule(
            Action action,
            @Nullable CidrBlock network,
            int port,
            Set<TransportKind> transports,
            Set<String> identities,
            Set<Method> methods,
            Set<String> fromDomains,
            Set<String> requestDomains,
            @Nullable UriPattern from,
            @Nullable UriPattern requestUri,
            String tag) {
        this.action = action;
        this.network = network;
        this.port = port;
        this.transports = transports;
        this.identities = identities;
        this.methods = methods;
        this.fromDomains = fromDomains;
        this.requestDomains = requestDomains;
        this.from = from;
        this.requestUri = requestUri;
        this.tag = tag;
    }

    private static AccessRule of(Action action, @Nullable CidrBlock network) {
        return new AccessRule(action, network, 0, Set.of(), Set.of(), Set.of(), Set.of(), Set.of(), null, null, "");
    }

    /** For every source that no network's rule decides about. */
    public static AccessRule allow() {
        return of(Action.ALLOW, null);
    }

    /** For a network. */
    public static AccessRule allow(CidrBlock network) {
        return of(Action.ALLOW, Objects.requireNonNull(network, "network"));
    }

    /** For every source that no network's rule decides about. */
    public static AccessRule deny() {
        return of(Action.DENY, null);
    }

    /** For a network. */
    public static AccessRule deny(CidrBlock network) {
        return of(Action.DENY, Objects.requireNonNull(network, "network"));
    }

    /** For a network; there is no trust in everybody. */
    public static AccessRule trust(CidrBlock network) {
        return of(Action.TRUST, Objects.requireNonNull(network, "network"));
    }

    /**
     * For peers over TLS or WSS, whatever their address, whose certificate was verified to be of one of these SIP domains
     * (RFC 5922 §7.1); see {@link #identity}.
     */
    public static AccessRule trustIdentity(String domain, String... more) {
        List<String> domains = new ArrayList<>(List.of(more));
        domains.add(Objects.requireNonNull(domain, "domain"));
        return of(Action.TRUST, null).identity(domains.toArray(new String[0]));
    }

    /**
     * Only from this port of the source, 1 to 65535; 0 for any.
     *
     * @throws IllegalArgumentException if it is outside the range
     */
    public AccessRule port(int number) {
        if (number < 0 || number > 65_535) {
            throw new IllegalArgumentException("port: " + number + " (expected 0 to 65535)");
        }
        return new AccessRule(
                action,
                network,
                number,
                transports,
                identities,
                methods,
                fromDomains,
                requestDomains,
                from,
                requestUri,
                tag);
    }

    /** Only over one of these transports. */
    public AccessRule over(TransportKind... kinds) {
        Set<TransportKind> set = EnumSet.noneOf(TransportKind.class);
        set.addAll(List.of(kinds));
        return new AccessRule(
                action, network, port, set, identities, methods, fromDomains, requestDomains, from, requestUri, tag);
    }

    /**
     * Only from peers whose certificate was verified to be of one of these SIP domains. Compared without case, as a whole. The
     * proxy has to ask clients for certificates, and to trust only authorities that check whom they issue them to.
     */
    public AccessRule identity(String... domains) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                normal(domains),
                methods,
                fromDomains,
                requestDomains,
                from,
                requestUri,
                tag);
    }

    /** Only requests of one of these methods. */
    public AccessRule method(Method... names) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                identities,
                Set.of(names),
                fromDomains,
                requestDomains,
                from,
                requestUri,
                tag);
    }

    /** Only requests whose From is of one of these domains. Compared without case. */
    public AccessRule fromDomain(String... domains) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                identities,
                methods,
                normal(domains),
                requestDomains,
                from,
                requestUri,
                tag);
    }

    /** Only requests whose Request-URI is of one of these domains. Compared without case. */
    public AccessRule requestDomain(String... domains) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                identities,
                methods,
                fromDomains,
                normal(domains),
                from,
                requestUri,
                tag);
    }

    /**
     * Only requests in whose From URI and Request-URI these are found; null for any. From a table: it costs a bounded search for each
     * request of that network.
     */
    AccessRule patterns(@Nullable UriPattern fromPattern, @Nullable UriPattern requestUriPattern) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                identities,
                methods,
                fromDomains,
                requestDomains,
                fromPattern,
                requestUriPattern,
                tag);
    }

    /** A name for logs and events, such as the peer's. */
    public AccessRule tag(String text) {
        return new AccessRule(
                action,
                network,
                port,
                transports,
                identities,
                methods,
                fromDomains,
                requestDomains,
                from,
                requestUri,
                Objects.requireNonNull(text, "text"));
    }

    private static Set<String> normal(String... domains) {
        Set<String> set = new HashSet<>();
        for (String domain : domains) {
            set.add(HostName.normal(domain));
        }
        return set;
    }

    /** What it does. */
    public Action action() {
        return action;
    }

    /** The tag; empty if there is none. */
    public String tag() {
        return tag;
    }

    @Nullable
    CidrBlock network() {
        return network;
    }

    /** True if it has conditions that only a message can tell about. */
    boolean needsMessage() {
        return !methods.isEmpty()
                || !fromDomains.isEmpty()
                || !requestDomains.isEmpty()
                || from != null
                || requestUri != null;
    }

    /** True if it has conditions that only a handshake can tell about. */
    boolean needsIdentity() {
        return !identities.isEmpty();
    }

    /** True if neither port nor transport nor a certificate narrow it. */
    boolean isForAnyPort() {
        return port == 0 && transports.isEmpty() && identities.isEmpty();
    }

    /** @param presented the identities of the peer; null if they are not known yet, as any may come */
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

    /** {@code deny 203.0.113.0/24 port 5060 udp INVITE (provider A)}. */
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
