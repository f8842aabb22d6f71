package org.sipproxy.core.internal.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.sipproxy.message.HostName;

/** Source addresses of this machine toward peers, according to the system's routing table. */
final class SourceAddresses {

    private static final int ANY_PORT = 9;

    /** A cache, because routes change rarely and a query costs a few system calls. */
    private final Cache<InetAddress, String> known = Caffeine.newBuilder()
            .maximumSize(10_000)
            .expireAfterWrite(Duration.ofSeconds(30))
            .executor(Runnable::run) // its work is short and needs no thread of the JVM
            .build();

    /** Returns the source address toward a peer; empty if there is no route. */
    String towards(InetAddress remote) {
        return known.get(remote, SourceAddresses::ask);
    }

    /** Queries the source address with a connected datagram socket. Connecting it sends nothing. */
    private static String ask(InetAddress remote) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(new InetSocketAddress(remote, ANY_PORT));
            return HostName.literal(probe.getLocalAddress());
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }
}
