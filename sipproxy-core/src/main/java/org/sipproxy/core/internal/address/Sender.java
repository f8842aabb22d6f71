package org.sipproxy.core.internal.address;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipUri;

/**
 * Party on whose behalf a message is sent, as far as it decides which addresses may be reached.
 *
 * @param address its address; null for the host application, which may reach any host
 * @param atLoopback true if it talks to a listening point on a loopback address
 * @param trusted true for a peer that the host application trusts
 * @param dialog the addresses of the dialog's other side; null outside a dialog
 */
public record Sender(
        @Nullable InetAddress address,
        boolean atLoopback,
        boolean trusted,
        @Nullable Predicate<InetSocketAddress> dialog) {

    /** The host application: its stages, components and configuration. */
    public static final Sender HOST = new Sender(null, false, true, null);

    /** Returns the peer at the other end of a flow. */
    public static Sender of(Flow flow) {
        return of(flow, false, null);
    }

    /** Returns the peer at the other end of a flow, in a dialog or trusted. */
    public static Sender of(Flow flow, boolean trusted, @Nullable Predicate<InetSocketAddress> dialog) {
        return new Sender(
                flow.remoteAddress().getAddress(), isLoopback(flow.endpoint().host()), trusted, dialog);
    }

    /** Returns the same peer in a dialog. */
    public Sender inDialog(@Nullable Predicate<InetSocketAddress> sides) {
        return new Sender(address, atLoopback, trusted, sides);
    }

    /**
     * Returns the client that registered a binding, as far as the binding identifies it: by its flow, otherwise by its
     * source address, otherwise by the listening point that it used.
     */
    public static Sender of(Binding binding) {
        Flow flow = binding.flow().orElse(null);
        if (flow != null) {
            return of(flow);
        }
        InetAddress seen = binding.received().flatMap(SipUri::numericHost).orElse(null);
        InetAddress point =
                binding.socket().flatMap(e -> IpLiteral.parse(e.host())).orElse(null);
        InetAddress address = seen != null ? seen : point != null ? point : InetAddress.getLoopbackAddress();
        boolean unknown = seen == null && point == null;
        // a row that names neither was written by the operator
        return unknown ? HOST : new Sender(address, point != null && point.isLoopbackAddress(), false, null);
    }

    private static boolean isLoopback(String host) {
        return host.startsWith("127.") || host.equals("::1") || host.equals("localhost");
    }
}
