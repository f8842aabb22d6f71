package org.sipproxy.api.routing;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;

/**
 * One place that a request may go to (RFC 3261 §16.5).
 *
 * @param uri the Request-URI of the forwarded request
 * @param q 0 to 1; targets of equal q are tried in parallel, lower ones after higher ones. Default 1
 * @param routes a Route set to prepend, the first hop first
 * @param flow a flow to use if it is open and {@code routes} is empty, whatever {@code uri} resolves to; null for none
 */
public record Target(
        SipUri uri, float q, List<SipUri> routes, @Nullable Flow flow) {

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

    /** A URI, resolved as RFC 3263 says. */
    public static Target of(SipUri uri) {
        return new Target(uri, 1f, List.of(), null);
    }

    /** Where a registered contact is: its URI behind its Path. */
    public static Target of(Binding binding) {
        float q = binding.q() == Binding.Q_UNSPECIFIED ? 1f : binding.q();
        return new Target(
                binding.contact().asRequestUri(),
                q,
                binding.path(),
                binding.flow().orElse(null));
    }

    /** The flow, if one is named. */
    public Optional<Flow> preferredFlow() {
        return Optional.ofNullable(flow);
    }
}
