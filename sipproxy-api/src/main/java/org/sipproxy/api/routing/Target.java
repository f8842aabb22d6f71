package org.sipproxy.api.routing;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipUri;

/**
 * One target of a request: a URI, and how to reach it (RFC 3261 §16.5).
 *
 * <p>If {@code flow} is open, it is used in these cases: {@code received} is given as well; or the client opened it
 * over TLS or as a WebSocket. A TCP flow is also used if no address that {@code uri} resolves to can be reached, and
 * before addresses that failed recently. A flow without TLS is never used for a sips URI. In all cases the request
 * leaves from the flow's listening point.
 *
 * @param uri the Request-URI of the forwarded request
 * @param q 0 to 1. Targets of equal q are tried in parallel, targets of lower q after those of higher q. Default 1
 * @param routes the Route set to prepend, the first hop first
 * @param flow the flow that the contact was registered over, or null
 * @param received the address to send to instead of what {@code uri} resolves to, because the client is behind a NAT;
 *     its host is numeric. Null for none. With a stream transport only an open connection is used, because a NAT does
 *     not let a new one in: without a connection the target fails at once, unless {@code uri} has the same address.
 *     Ignored if {@code routes} is not empty or the request has a Route left: NAT traversal is then up to that hop
 * @param socket the listening point to send from, such as {@code udp:192.0.2.1:5060}, if {@code flow} is null. If it is
 *     null or this proxy does not have it, the listening point that leads to the target is used
 * @param seenAtMillis when the client was seen at {@code received}, in the time of
 *     {@link org.sipproxy.api.component.ProxyRuntime#now()}. A connection that was accepted from the address later is
 *     not used: a NAT may have given the port to another client, for example when all clients reconnect after a
 *     restart. {@link #UNKNOWN} for any connection
 */
public record Target(
        SipUri uri,
        float q,
        List<SipUri> routes,
        @Nullable Flow flow,
        @Nullable SipUri received,
        @Nullable Endpoint socket,
        long seenAtMillis) {

    /** The {@link #seenAtMillis} of a target for which it is not known. */
    public static final long UNKNOWN = Long.MAX_VALUE;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if q is outside 0 to 1
     */
    public Target {
        Objects.requireNonNull(uri, "uri");
        routes = List.copyOf(routes);
        if (!(q >= 0f && q <= 1f)) {
            throw new IllegalArgumentException("q: " + q + " (expected 0 to 1)");
        }
    }

    /** Creates a target of a client of which it is not known when it was seen. */
    public Target(
            SipUri uri,
            float q,
            List<SipUri> routes,
            @Nullable Flow flow,
            @Nullable SipUri received,
            @Nullable Endpoint socket) {
        this(uri, q, routes, flow, received, socket, UNKNOWN);
    }

    /** Creates a target that is not behind a NAT. */
    public Target(SipUri uri, float q, List<SipUri> routes, @Nullable Flow flow) {
        this(uri, q, routes, flow, null, null);
    }

    /** Returns a target whose URI is resolved by RFC 3263. */
    public static Target of(SipUri uri) {
        return new Target(uri, 1f, List.of(), null);
    }

    /**
     * Returns a target that is reached through other proxies, such as an outbound proxy: a Route set is added, and the
     * request is sent to the first of them, resolved by RFC 3263 (RFC 3261 §16.6 steps 6 and 7). The Request-URI stays
     * {@code uri}.
     *
     * @param hops the first hop first; {@code lr} is added to those without it
     * @throws IllegalArgumentException if there is no hop, or one is not a {@code sip:} or {@code sips:} URI or has
     *     headers
     */
    public static Target through(SipUri uri, SipUri... hops) {
        if (hops.length == 0) {
            throw new IllegalArgumentException("hops: empty; use Target.of(uri) for none");
        }
        return new Target(uri, 1f, Arrays.stream(hops).map(Target::route).toList(), null);
    }

    private static SipUri route(SipUri hop) {
        if (!hop.isSip() || hop.hasHeaders()) {
            throw new IllegalArgumentException("hops: " + hop + " (expected a sip: or sips: URI without headers)");
        }
        return hop.hasParameter("lr") ? hop : SipUri.of(hop + ";lr");
    }

    /**
     * Returns the target of a client behind a NAT.
     *
     * @param received the client's address as the proxy sees it; see {@link #received}
     * @throws IllegalArgumentException if its host is not numeric
     */
    public static Target behindNat(SipUri uri, SipUri received) {
        if (received.numericHost().isEmpty()) {
            throw new IllegalArgumentException("received: " + received
                    + " (expected a numeric host; use Target.through(uri, hop) for a next hop with a name)");
        }
        return new Target(uri, 1f, List.of(), null, received, null);
    }

    /**
     * Returns this target with another q.
     *
     * @throws IllegalArgumentException if q is outside 0 to 1
     */
    public Target withQ(float value) {
        return new Target(uri, value, routes, flow, received, socket, seenAtMillis);
    }

    /** Returns the target for a binding: its contact URI, reached through its Path. */
    public static Target of(Binding binding) {
        float q = binding.q() == Binding.Q_UNSPECIFIED ? 1f : binding.q();
        return new Target(
                binding.contact().asRequestUri(),
                q,
                binding.path(),
                binding.flow().orElse(null),
                binding.received().orElse(null),
                binding.flow().isPresent() ? null : binding.socket().orElse(null),
                binding.received().isPresent() ? binding.updatedAtMillis() : UNKNOWN);
    }

    /** Returns the URI, and what is not a default. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder("Target[").append(uri);
        if (q != 1f) {
            out.append(", q ").append(q);
        }
        if (!routes.isEmpty()) {
            out.append(", through ").append(routes);
        }
        if (received != null) {
            out.append(", received ").append(received);
        }
        if (flow != null) {
            out.append(", over ").append(flow);
        }
        if (socket != null) {
            out.append(", from ").append(socket);
        }
        return out.append(']').toString();
    }
}
