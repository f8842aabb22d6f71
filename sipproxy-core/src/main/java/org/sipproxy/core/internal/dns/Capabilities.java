package org.sipproxy.core.internal.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.Via;

/** What this proxy can send by: the transports and address families that it has a listening point for. */
final class Capabilities {

    private static final TransportKind[] KINDS = TransportKind.values();

    /** What a URI without a transport parameter may be sent by, in our order of preference (RFC 3263 §4.1). */
    private static final List<TransportKind> PREFERENCE =
            List.of(TransportKind.UDP, TransportKind.TCP, TransportKind.TLS);

    private final EnumSet<TransportKind> transports = EnumSet.noneOf(TransportKind.class);
    private final List<TransportKind> preferred;
    private final boolean ipv4;
    private final boolean ipv6;

    Capabilities(Set<TransportKind> transports, Set<? extends ProtocolFamily> families) {
        this.transports.addAll(transports);
        this.preferred = PREFERENCE.stream().filter(transports::contains).toList();
        this.ipv4 = families.contains(StandardProtocolFamily.INET);
        this.ipv6 = families.contains(StandardProtocolFamily.INET6);
    }

    boolean supports(TransportKind kind) {
        return transports.contains(kind);
    }

    boolean ipv4() {
        return ipv4;
    }

    boolean ipv6() {
        return ipv6;
    }

    /** True if a message can be sent there. The unspecified address would be this very machine, whoever names it. */
    boolean reaches(InetAddress address) {
        return (address instanceof Inet4Address ? ipv4 : ipv6) && !address.isAnyLocalAddress();
    }

    /** The transports that a URI without a transport parameter may use, the best first. */
    List<TransportKind> preferred(boolean secure) {
        if (!secure) {
            return preferred;
        }
        return supports(TransportKind.TLS) ? List.of(TransportKind.TLS) : List.of();
    }

    /**
     * The transport that the URI names, or for a numeric host without one (RFC 3263 §4.1); null if we do not have it, or if
     * no transport fits the URI.
     */
    @Nullable
    TransportKind transportOf(SipUri uri) {
        if (!uri.hasParameter("transport")) {
            List<TransportKind> candidates = preferred(uri.isSecure());
            return candidates.isEmpty() ? null : candidates.get(0);
        }
        for (TransportKind kind : KINDS) {
            if (uri.parameterIs("transport", kind.lowerCase())) {
                return supported(uri.isSecure() ? secured(kind) : kind);
            }
        }
        return null;
    }

    /** The transport that the Via names; null if we do not have it. */
    @Nullable
    TransportKind transportOf(Via via) {
        for (TransportKind kind : KINDS) {
            if (via.transportIs(kind.lowerCase())) {
                return supported(kind);
            }
        }
        return null;
    }

    private @Nullable TransportKind supported(@Nullable TransportKind kind) {
        return kind != null && supports(kind) ? kind : null;
    }

    /** RFC 3261 §26.2.2: in a sips URI the transport parameter names what TLS runs over. */
    private static @Nullable TransportKind secured(TransportKind kind) {
        return switch (kind) {
            case UDP -> null;
            case TCP, TLS -> TransportKind.TLS;
            case WS, WSS -> TransportKind.WSS;
        };
    }

    @Override
    public String toString() {
        return transports + " over " + (ipv4 && ipv6 ? "IPv4 and IPv6" : ipv4 ? "IPv4" : "IPv6");
    }
}
