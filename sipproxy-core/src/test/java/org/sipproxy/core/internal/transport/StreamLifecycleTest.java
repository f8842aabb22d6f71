package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.core.options.StreamLimits;

/** Ports that cannot be bound, and the end of a transport. */
class StreamLifecycleTest extends StreamTransportScene {

    @Test
    void aPortInUseIsReported() {
        StreamTransport first = started();
        StreamTransport second = StreamTransport.tcp(first.boundEndpoint(), environment, inbound);
        assertThatThrownBy(second::bind)
                .isInstanceOfSatisfying(
                        BindFailedException.class, e -> assertThat(e.endpoint()).isEqualTo(first.boundEndpoint()))
                .hasMessage("listen: " + first.boundEndpoint()
                        + " is already in use; stop the other process or listen on another port")
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void anAddressOfAnotherMachineIsReported() {
        started();
        StreamTransport elsewhere = StreamTransport.tcp(Endpoint.tcp("192.0.2.1", 0), environment, inbound);
        assertThatThrownBy(elsewhere::bind)
                .isInstanceOf(BindFailedException.class)
                .hasMessage("listen: tcp:192.0.2.1:0 is not an address of this machine; listen on one that is, or on"
                        + " 0.0.0.0");
    }

    @Test
    void aHostWithoutAddressIsReported() {
        started();
        StreamTransport unknown = StreamTransport.tcp(Endpoint.tcp("no.such.host.invalid", 0), environment, inbound);
        assertThatThrownBy(unknown::bind)
                .isInstanceOf(BindFailedException.class)
                .hasMessageContaining("names a host that cannot be resolved");
    }

    @Test
    void closingFreesThePortEndsTheConnectionsAndReportsEachOnce() throws Exception {
        StreamTransport transport = started();
        Endpoint endpoint = transport.boundEndpoint();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        transport.close();
        transport.close();
        assertThat(flow.isOpen()).isFalse();
        assertThat(inbound.closed).containsExactly(flow);
        peer.awaitEnd();
        StreamTransport next = closing(StreamTransport.tcp(endpoint, environment, inbound));
        next.bind();
        next.start();
        assertThat(next.boundEndpoint()).isEqualTo(endpoint);
        transport.flowTo(unusedAddress(), "").send(bytes(REQUEST), failures::add);
        assertThat(failures).singleElement().asString().contains("the listening point is closed");
    }

    @Test
    void aClosedPortIsFreeAtOnce() {
        // an address of its own: another process may take a free port of 127.0.0.1, and a socket may connect to itself
        StreamTransport transport = started(Endpoint.tcp("127.0.0.77", 0), StreamLimits.DEFAULT);
        Endpoint endpoint = transport.boundEndpoint();
        for (int round = 0; round < 100; round++) {
            transport.close();
            assertThatThrownBy(() -> new Socket(endpoint.host(), endpoint.port()).close())
                    .isInstanceOf(ConnectException.class);
            transport = closing(StreamTransport.tcp(endpoint, environment, inbound));
            transport.bind();
            transport.start();
        }
    }

    @Test
    void closingFailsWhatIsQueuedForAConnectionNotYetOpen() throws Exception {
        StreamTransport transport = started();
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            CountDownLatch hold = blockEventLoops();
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
            AtomicInteger failed = new AtomicInteger();
            for (int i = 0; i < 5; i++) {
                flow.send(bytes(REQUEST), cause -> failed.incrementAndGet());
            }
            Thread closer = new Thread(transport::close);
            closer.start();
            await().until(() -> !flow.isOpen());
            hold.countDown();
            closer.join();
            assertThat(failed).hasValue(5);
            assertThat(counters.sendFailures.sum()).isEqualTo(5);
        }
    }

    @Test
    void closingFromAnEventLoopDoesNotWaitForItself() throws Exception {
        StreamTransport transport = started();
        inbound.onMessage = (wire, from) -> transport.close();
        TcpPeer peer = peerOf(transport);
        peer.write(REQUEST);
        peer.awaitEnd();
        await().until(() -> inbound.closed.size() == 1);
    }

    @Test
    void aMessageFailsOnceWhenSendingAndClosingRace() throws Exception {
        StreamTransport transport = started();
        AtomicInteger failed = new AtomicInteger();
        for (int round = 0; round < 100; round++) {
            TcpPeer peer = peerOf(transport);
            peer.write(REQUEST);
            int connections = round + 1;
            await().pollInterval(Duration.ofMillis(1)).until(() -> inbound.flows.size() == connections);
            TransportFlow flow = inbound.flows.get(round);
            Thread sender = new Thread(() -> {
                while (flow.isOpen()) {
                    flow.send(bytes(RESPONSE), cause -> failed.incrementAndGet());
                }
                flow.send(bytes(RESPONSE), cause -> failed.incrementAndGet());
            });
            sender.start();
            peer.reset();
            sender.join();
        }
        await().until(() -> inbound.closed.size() == 100);
        await().until(() -> failed.get() == counters.sendFailures.sum());
        assertThat(failed.get()).isGreaterThanOrEqualTo(100);
        assertThat(pendingBytes(inbound.flows))
                .as("bytes of messages that neither were sent nor failed")
                .isZero();
    }

    @Test
    void twoThousandConnectionsLeaveNothingBehind() throws Exception {
        StreamTransport transport =
                started(limits().connections(2_000).perSource(500).build());
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        for (int batch = 0; batch < 20; batch++) {
            List<TcpPeer> peers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                peers.add(TcpPeer.to(transport).write(REQUEST));
            }
            for (int i = 0; i < peers.size(); i++) {
                assertThat(peers.get(i).read(RESPONSE.length())).isEqualTo(RESPONSE);
                if (i % 2 == 0) {
                    peers.get(i).close();
                } else {
                    peers.get(i).reset();
                }
            }
            // within the limits only if finished connections have returned their places
            await().until(() -> environment.budget.open() == 0);
        }
        await().until(() -> inbound.closed.size() == 2_000);
        assertThat(inbound.closed).doesNotHaveDuplicates();
        assertThat(counters.accepted.sum()).isEqualTo(2_000);
        assertThat(counters.refused.sum()).isZero();
        assertThat(transport.connectionCount()).isZero();
    }

    /** The loops that read are busy, as with connections on which much arrives. */
    @Test
    void connectionsAreAcceptedWhileTheLoopsThatReadAreBusy() throws Exception {
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        StreamTransport transport = started();
        CountDownLatch busy = blockEventLoops();
        List<TcpPeer> peers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            peers.add(peerOf(transport).write(REQUEST));
        }
        await().untilAsserted(() -> assertThat(transport.waitingConnections()).isEqualTo(20));

        busy.countDown();

        for (TcpPeer peer : peers) {
            assertThat(peer.read(RESPONSE.length())).isEqualTo(RESPONSE);
        }
        assertThat(transport.waitingConnections()).isZero();
    }

    /** The rest stays in the system's queue, and is accepted when the loops continue. */
    @Test
    void noMoreConnectionsAreAcceptedThanMayWaitForBusyLoops() throws Exception {
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        StreamTransport transport = started();
        CountDownLatch busy = blockEventLoops();
        List<TcpPeer> peers = new ArrayList<>();
        for (int i = 0; i < Acceptance.MOST_WAITING + 20; i++) {
            peers.add(peerOf(transport).write(REQUEST));
        }
        await().until(() -> !transport.isAccepting());
        // a selector accepts 16 at once
        assertThat(transport.waitingConnections()).isBetween(Acceptance.MOST_WAITING, Acceptance.MOST_WAITING + 15);

        busy.countDown();

        for (TcpPeer peer : peers) {
            assertThat(peer.read(RESPONSE.length())).isEqualTo(RESPONSE);
        }
        assertThat(transport.isAccepting()).isTrue();
    }

    /** A row dates a registration in whole seconds: times within the first second of a connection count as equal. */
    @Test
    void anAcceptedConnectionWasNotOpenBeforeAndOneThatWasMadeAlwaysWas() throws Exception {
        StreamTransport transport = started();
        TransportFlow accepted = flowOf(peerOf(transport));
        long now = clock.get();
        assertThat(accepted.wasOpenAt(now + 60_000)).isTrue();
        assertThat(accepted.wasOpenAt(now)).isTrue();
        assertThat(accepted.wasOpenAt(now - 999)).isTrue();
        assertThat(accepted.wasOpenAt(now - 1_000)).isFalse();
        assertThat(accepted.wasOpenAt(0)).isFalse();

        TransportFlow made = started()
                .flowTo(
                        new InetSocketAddress(
                                LOOPBACK, transport.boundEndpoint().port()),
                        "");
        assertThat(made.wasOpenAt(0)).isTrue();
    }
}
