package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.dns.NextHop;

/** Memory of next hops that failed. */
class FailedHopsTest {

    private long now = Long.MAX_VALUE - 1; // System.nanoTime may overflow
    private final FailedHops hops = new FailedHops(() -> now, TimeUnit.SECONDS.toNanos(60));

    private static NextHop hop(TransportKind kind, int port) {
        return new NextHop(kind, new InetSocketAddress("192.0.2.1", port));
    }

    @Test
    void failureCountsForTransportAddressAndPortAndEndsWithItsTime() {
        NextHop failed = hop(TransportKind.TCP, 5060);
        hops.failed(failed);

        assertThat(hops.contains(failed)).isTrue();
        assertThat(hops.contains(hop(TransportKind.UDP, 5060))).isFalse();
        assertThat(hops.contains(hop(TransportKind.TCP, 5061))).isFalse();
        now += TimeUnit.SECONDS.toNanos(60);
        assertThat(hops.contains(failed)).isFalse();
    }

    @Test
    void orderStaysWithinBothGroups() {
        List<NextHop> all = List.of(
                hop(TransportKind.UDP, 1),
                hop(TransportKind.UDP, 2),
                hop(TransportKind.UDP, 3),
                hop(TransportKind.UDP, 4));
        hops.failed(all.get(2));
        hops.failed(all.get(0));

        assertThat(hops.last(all)).containsExactly(all.get(1), all.get(3), all.get(0), all.get(2));
        hops.responded(all.get(0));
        assertThat(hops.last(all)).containsExactly(all.get(0), all.get(1), all.get(3), all.get(2));
    }

    @Test
    void aServerExcludesItselfForNoLongerThanAnyOther() {
        NextHop failed = hop(TransportKind.UDP, 1);
        hops.failed(failed, TimeUnit.DAYS.toNanos(1));

        now += TimeUnit.SECONDS.toNanos(60);

        assertThat(hops.contains(failed)).isFalse();
    }

    @Test
    void tableIsBounded() {
        for (int i = 0; i < FailedHops.MAX_HOPS + 100; i++) {
            hops.failed(new NextHop(TransportKind.UDP, new InetSocketAddress("192.0.2." + i / 50_000, i % 50_000 + 1)));
        }

        assertThat(hops.size()).isEqualTo(FailedHops.MAX_HOPS);
    }
}
