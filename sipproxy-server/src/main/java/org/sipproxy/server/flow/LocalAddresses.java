package org.sipproxy.server.flow;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sipproxy.api.transport.Flow;

/**
 * This machine's addresses on flows. A UDP listening point on all addresses does not know to which one a datagram was
 * sent; then it is the one from which the system would send to the peer. Thread-safe.
 */
final class LocalAddresses {

    private static final int MOST_PEERS = 1_000;
    private static final int ANY_PORT = 9;

    private static final Map<InetAddress, InetAddress> TOWARDS = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, InetAddress> eldest) {
            return size() > MOST_PEERS;
        }
    };

    private LocalAddresses() {}

    /** Returns the local address of a flow. */
    static InetSocketAddress of(Flow flow) {
        InetSocketAddress local = flow.localAddress();
        InetAddress remote = flow.remoteAddress().getAddress();
        if (local.getAddress() == null || !local.getAddress().isAnyLocalAddress() || remote == null) {
            return local;
        }
        synchronized (TOWARDS) {
            return new InetSocketAddress(TOWARDS.computeIfAbsent(remote, LocalAddresses::ask), local.getPort());
        }
    }

    /** Queries the source address with a connected datagram socket. Connecting it sends nothing. */
    private static InetAddress ask(InetAddress remote) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(new InetSocketAddress(remote, ANY_PORT));
            return probe.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            return remote; // there is no route; of the same family at least
        }
    }
}
