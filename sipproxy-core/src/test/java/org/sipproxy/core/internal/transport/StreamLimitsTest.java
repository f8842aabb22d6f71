package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Limits of connections and of buffered bytes. */
class StreamLimitsTest extends StreamTransportScene {

    @Test
    void silentConnectionIsEvictedForTheNextOne() throws Exception {
        StreamTransport transport = started(limits().perSource(2).build());
        inbound.onMessage = (wire, from) -> from.messageAccepted();
        TransportFlow talked = flowOf(peerOf(transport));
        TcpPeer silent = peerOf(transport);
        await().until(() -> environment.budget.open() == 2);

        TransportFlow next = flowOf(peerOf(transport));

        silent.awaitEnd();
        assertThat(talked.isOpen()).isTrue();
        assertThat(next.isOpen()).isTrue();
        await().until(() -> counters.evicted.sum() == 1);
        assertThat(counters.refused.sum()).isZero();
        assertThat(environment.unprovenConnections()).isEqualTo(2);
    }

    @Test
    void moreProvenConnectionsThanAllowedAreRefusedUntilOneCloses() throws Exception {
        inbound.onMessage = (wire, from) -> from.peerProven();
        StreamTransport transport = started(limits().connections(2).build());
        TcpPeer first = peerOf(transport);
        flowOf(first);
        flowOf(peerOf(transport));
        TcpPeer third = peerOf(transport);
        third.awaitEnd();
        assertThat(counters.refused.sum()).isEqualTo(1);
        TransportFlow denied = transport.flowTo(unusedAddress(), "");
        assertThat(denied.isOpen()).isFalse();
        denied.send(bytes(REQUEST), failures::add);
        assertThat(failures).singleElement().asString().contains("all connections allowed are in use");

        first.close();
        await().until(() -> environment.budget.open() == 1);
        flowOf(peerOf(transport));
        assertThat(inbound.closed).hasSize(1);
    }

    @Test
    void oneAddressCannotTakeAllConnections() throws Exception {
        inbound.onMessage = (wire, from) -> from.peerProven();
        StreamTransport transport = started(limits().perSource(2).build());
        flowOf(peerOf(transport));
        flowOf(peerOf(transport));
        peerOf(transport).awaitEnd();
        assertThat(counters.refused.sum()).isEqualTo(1);
        assertThat(counters.accepted.sum()).isEqualTo(2);
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            TransportFlow made = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
            made.send(bytes(REQUEST), failures::add);
            TcpPeer peer = closing(new TcpPeer(far.accept()));
            assertThat(peer.read(REQUEST.length()))
                    .as("connections opened by the proxy do not count")
                    .isEqualTo(REQUEST);
        }
    }

    @Test
    void aPeerThatDoesNotReadIsClosedAtTheLimitAndEachMessageFailsOnce() throws Exception {
        StreamTransport transport = started(limits().bufferedBytes(100_000).build());
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        byte[] wire = new byte[10_000];
        AtomicInteger failed = new AtomicInteger();
        flow.send(wire, cause -> failed.incrementAndGet());
        await().until(() -> pendingBytes(List.of(flow)) == 0);
        int sent = 1;
        while (flow.isOpen()) {
            flow.send(wire, cause -> failed.incrementAndGet());
            sent++;
        }
        flow.send(wire, failures::add);
        await().until(() -> inbound.closed.contains(flow));
        assertThat(failures).singleElement().asString().contains("the peer does not read");
        assertThat(counters.closedFull.sum()).isEqualTo(1);
        // messages in the kernel did not fail; those that waited and the one over the limit did
        await().until(() -> failed.get() > 0 && counters.sendFailures.sum() == failed.get() + 1);
        assertThat(failed.get()).isLessThanOrEqualTo(11);
        assertThat(sent).isGreaterThan(failed.get());
    }

    @Test
    void aPeerThatDoesNotReadIsNotReadFrom() throws Exception {
        StreamTransport transport = started(limits().bufferedBytes(8_000_000).build());
        byte[] answer = new byte[5_000];
        inbound.onMessage = (wire, from) -> from.send(answer, failures::add);
        TcpPeer peer = peerOf(transport);
        int requests = 20_000;
        Thread writer = new Thread(() -> {
            try {
                for (int i = 0; i < requests; i++) {
                    peer.write(REQUEST);
                }
            } catch (IOException e) {
                failures.add(e);
            }
        });
        writer.start();
        await().until(() -> !inbound.flows.isEmpty() && !readsFrom(inbound.flows.get(0)));
        int seen = inbound.messages.size();
        assertThat(seen).isLessThan(requests);
        assertThat(inbound.flows.get(0).isOpen()).isTrue();

        long expected = (long) requests * answer.length;
        long read = 0;
        while (read < expected) {
            int n = (int) Math.min(10_000_000, expected - read);
            read += peer.read(n).length();
        }
        writer.join();
        assertThat(inbound.messages).hasSize(requests);
        assertThat(failures).isEmpty();
    }

    private static boolean readsFrom(TransportFlow flow) {
        return ((StreamConnection) flow).isReading();
    }
}
