package org.sipproxy.api.routing;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipUri;

/**
 * One place that a request may go to (RFC 3261 §16.5).
 *
 * @param uri the Request-URI of the forwarded request
 * @param q 0 to 1; targets of equal q are tried in parallel, lower ones after higher ones. Default 1
 * @param routes a Route set to prepend, the first hop first
 * @param flow the flow that the contact was registered over; null for none. It is used, as long as it is open, if
 *     {@code received} is there too, or if the client opened it over TLS or as a WebSocket; one of TCP also when nothing that
 *     {@code uri} resolves to can be reached, and before what failed a short while ago. Not if it has no TLS and the request is
 *     for a sips URI. In any case requests leave from its listening point
 * @param received the address to send to, whatever {@code uri} resolves to, because the client is behind a NAT; its host is
 *     numeric. Of a stream transport only a connection that is open is used, as a NAT lets none in: without one the target
 *     fails at once, unless {@code uri} has the same address. Null for none. Not used if {@code routes} is not empty or the
 *     request has a Route left: then the NAT is that hop's matter
 * @param socket the listening point to send from, {@code udp:192.0.2.1:5060}, if {@code flow} is null; if it is empty or none of
 *     ours, the one that leads there
 * @param substitute true if it does the same as the targets of higher q, such as another gateway: it is tried if these did not
 *     serve, that is if they could not be reached, did not answer, or answered 408, 430 or 5xx; not if they refused otherwise
 */
public record Target(
        SipUri uri,
        float q,
        List<SipUri> routes,
        @Nullable Flow flow,
        @Nullable SipUri received,
        String socket,
        boolean substitute) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if q is outside 0 to 1
     */
    public Target {
        Objects.requireNonNull(uri, "uri");
        Objects.requireNonNull(socket, "socket");
        routes = List.copyOf(routes);
        if (!(q >= 0f && q <= 1f)) {
            throw new IllegalArgumentException("q: " + q + " (expected 0 to 1)");
        }
    }

    /** A target that is tried whatever those of higher q answered. */
    public Target(
            SipUri uri, float q, List<SipUri> routes, @Nullable Flow flow, @Nullable SipUri received, String socket) {
        this(uri, q, routes, flow, received, socket, false);
    }

    /** A target that no NAT hides. */
    public Target(SipUri uri, float q, List<SipUri> routes, @Nullable Flow flow) {
        this(uri, q, routes, flow, null, "");
    }

    /** A URI, resolved as RFC 3263 says. */
    public static Target of(SipUri uri) {
        return new Target(uri, 1f, List.of(), null);
    }

    /**
     * A URI whose requests go to an address that is known better than the URI says.
     *
     * @param received see {@link #received}
     */
    public static Target of(SipUri uri, SipUri received) {
        return new Target(uri, 1f, List.of(), null, Objects.requireNonNull(received, "received"), "");
    }

    /** Where a registered contact is: its URI behind its Path. */
    public static Target of(Binding binding) {
        float q = binding.q() == Binding.Q_UNSPECIFIED ? 1f : binding.q();
        return new Target(
                binding.contact().asRequestUri(),
                q,
                binding.path(),
                binding.flow().orElse(null),
                binding.received().orElse(null),
                binding.flow().isPresent() ? "" : binding.socket());
    }
}
