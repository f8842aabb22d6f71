package org.sipproxy.core.internal.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.sipproxy.message.HostName;

/** Which of this machine's addresses the way to a peer starts from, as the system's routing table has it. */
final class SourceAddresses {

    private static final int ANY_PORT = 9;

    /** Routes change rarely, and asking costs a few system calls. */
    private final Cache<InetAddress, String> known = Caffeine.newBuilder()
            .maximumSize(10_000)
            .expireAfterWrite(Duration.ofSeconds(30))
            .build();

    /** The source address towards a peer; empty if there is no route. */
    String towards(InetAddress remote) {
        return known.get(remote, SourceAddresses::ask);
    }

    /** A connected datagram socket has a source address, and connecting it sends nothing. */
    private static String ask(InetAddress remote) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(new InetSocketAddress(remote, ANY_PORT));
            return HostName.literal(probe.getLocalAddress());
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }
}
