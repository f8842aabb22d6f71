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

/** Transports and address families for which this proxy has a listening point. */
final class Capabilities {

    private static final TransportKind[] KINDS = TransportKind.values();

    /** Transports for a URI without a transport parameter, in the proxy's order of preference (RFC 3263 §4.1). */
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

    /** Returns true if a message can be sent to the address. The unspecified address would always mean this machine. */
    boolean reaches(InetAddress address) {
        return (address instanceof Inet4Address ? ipv4 : ipv6) && !address.isAnyLocalAddress();
    }

    /** Returns the transports that a URI without a transport parameter may use, the best first. */
    List<TransportKind> preferred(boolean secure) {
        if (!secure) {
            return preferred;
        }
        return supports(TransportKind.TLS) ? List.of(TransportKind.TLS) : List.of();
    }

    /**
     * Returns the transport that the URI names, or the one for a numeric host without it (RFC 3263 §4.1); null if this
     * proxy does not support it, or if no transport fits the URI.
     */
    @Nullable
    TransportKind transportOf(SipUri uri) {
        if (uri.hasParameter("transport")) {
            for (TransportKind kind : KINDS) {
                if (uri.parameterIs("transport", kind.lowerCase())) {
                    return supported(uri.isSecure() ? secured(kind) : kind);
                }
            }
            if (namesTransport(uri)) {
                return null;
            }
        }
        List<TransportKind> candidates = preferred(uri.isSecure());
        return candidates.isEmpty() ? null : candidates.get(0);
    }

    /**
     * Returns true if the URI names a transport of SIP. A value that is none counts as missing, as in Kamailio: a phone
     * that writes one in the Contact of its 200 would otherwise get neither the ACK nor the BYE.
     */
    static boolean namesTransport(SipUri uri) {
        if (!uri.hasParameter("transport")) {
            return false;
        }
        for (TransportKind kind : KINDS) {
            if (uri.parameterIs("transport", kind.lowerCase())) {
                return true;
            }
        }
        return uri.parameterIs("transport", "sctp");
    }

    /** Returns the transport that the Via names; null if this proxy does not support it. */
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

    /** RFC 3261 §26.2.2: in a sips URI the transport parameter names the protocol below TLS. */
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
