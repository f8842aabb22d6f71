package org.sipproxy.core.internal.registrar;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.DestinationPolicy;

/** Applies {@link DestinationPolicy}: a REGISTER must not make the proxy send to where only the proxy can. */
public final class Destinations {

    private final DestinationPolicy policy;
    private final Predicate<SipUri> isMyself;

    /** @param isMyself true for a URI that names this proxy */
    public Destinations(DestinationPolicy policy, Predicate<SipUri> isMyself) {
        this.policy = policy;
        this.isMyself = isMyself;
    }

    /** Why a URI may not be registered by who is at the other end of the flow; null if it may. */
    @Nullable
    String refusal(SipUri uri, Flow flow) {
        if (!policy.ourselves() && !isLocal(flow) && isMyself.test(uri)) {
            return "names this proxy";
        }
        InetAddress host = uri.numericHost().orElse(null);
        if (host == null) {
            return null;
        }
        if (host.isMulticastAddress()) {
            return "is a multicast address";
        }
        if (host.isLoopbackAddress() || host.isAnyLocalAddress()) {
            return policy.loopback() || isLocal(flow) ? null : "is a loopback address";
        }
        return isHidden(host, flow) ? "is an internal address" : null;
    }

    /** True for a contact of an internal network that who registers it is not in, as one behind a NAT is. */
    boolean isHidden(SipUri uri, Flow flow) {
        InetAddress host = uri.numericHost().orElse(null);
        return host != null && isHidden(host, flow);
    }

    private boolean isHidden(InetAddress host, Flow flow) {
        if (policy.internal() || !isInternal(host)) {
            return false;
        }
        InetAddress source = flow.remoteAddress().getAddress();
        return !source.isLoopbackAddress() && !isInternal(source);
    }

    private static boolean isLocal(Flow flow) {
        String host = flow.endpoint().host();
        return flow.remoteAddress().getAddress().isLoopbackAddress()
                || host.startsWith("127.")
                || host.equals("::1")
                || host.equals("localhost");
    }

    /** RFC 1918, 3927, 4193, 4291, 6598, and what RFC 1122 calls this network. */
    private static boolean isInternal(InetAddress address) {
        if (address.isSiteLocalAddress() || address.isLinkLocalAddress()) {
            return true;
        }
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xff;
        if (address instanceof Inet4Address) {
            return first == 0 || (first == 100 && (bytes[1] & 0xc0) == 64);
        }
        return (first & 0xfe) == 0xfc;
    }
}
