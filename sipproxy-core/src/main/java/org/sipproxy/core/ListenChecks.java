package org.sipproxy.core;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;

/** Checks which listening points can be bound together. */
final class ListenChecks {

    private final List<Endpoint> endpoints;
    private final boolean hasCertificate;

    ListenChecks(List<Endpoint> endpoints, boolean hasCertificate) {
        this.endpoints = endpoints;
        this.hasCertificate = hasCertificate;
    }

    void addTo(OptionProblems found) {
        if (endpoints.isEmpty()) {
            found.add("listen", "", "no endpoint", "add one, such as udp:0.0.0.0:5060");
        }
        for (int i = 0; i < endpoints.size(); i++) {
            Endpoint endpoint = endpoints.get(i);
            if (endpoint.kind().isSecure() && !hasCertificate) {
                found.add("listen", endpoint.toString(), "needs a certificate", "set {tls}");
            }
            endpoints.subList(0, i).stream()
                    .filter(other -> excludes(other, endpoint))
                    .findFirst()
                    .ifPresent(other -> addTwice(found, endpoint, other));
        }
    }

    private static void addTwice(OptionProblems found, Endpoint endpoint, Endpoint other) {
        String text = endpoint.toString();
        if (other.toString().equals(text)) {
            found.add("listen", text, "is given twice", "give it once");
        } else {
            found.add("listen", text, "is the address and port of " + other + " too", "give one of them");
        }
    }

    /**
     * Returns true if two endpoints need the same port of the same address. A name other than localhost is not looked
     * up before the start.
     */
    private static boolean excludes(Endpoint one, Endpoint other) {
        return one.port() == other.port()
                && one.port() != 0
                && (one.kind() == TransportKind.UDP) == (other.kind() == TransportKind.UDP)
                && (HostName.same(one.host(), other.host()) || overlap(addressOf(one), addressOf(other)));
    }

    private static boolean overlap(@Nullable InetAddress one, @Nullable InetAddress other) {
        return one != null
                && other != null
                && (one.equals(other)
                        || one.getClass() == other.getClass()
                                && (one.isAnyLocalAddress() || other.isAnyLocalAddress()));
    }

    private static @Nullable InetAddress addressOf(Endpoint endpoint) {
        if (HostName.isLocalhost(HostName.normal(endpoint.host()))) {
            return InetAddress.getLoopbackAddress();
        }
        String host = endpoint.host();
        return HostName.address(host.indexOf(':') < 0 ? host : "[" + host + "]").orElse(null);
    }
}
