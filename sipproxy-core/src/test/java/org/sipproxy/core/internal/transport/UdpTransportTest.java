package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;

/** UDP sockets survive interrupts and closes by threads of the host application. */
class UdpTransportTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final List<String> received = new CopyOnWriteArrayList<>();
    private final InboundHandler handler = new RecordingDatagrams();
    private final UdpTransport transport =
            UdpTransport.bind(Endpoint.udp("127.0.0.1", 0), LOOPBACK, 1, handler, ProxyThreads.named("test"));

    private final class RecordingDatagrams implements InboundHandler {

        @Override
        public void onMessage(byte[] wire, TransportFlow from) {
            received.add(new String(wire, US_ASCII));
        }

        @Override
        public void onUnframeable(byte[] head, TransportFlow from, String reason) {}

        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            return true;
        }

        @Override
        public void onRefusedConnection(InetSocketAddress remote, Endpoint endpoint, String why) {}

        @Override
        public void onConnectionLimit(InetSocketAddress remote, Endpoint endpoint, String limit) {}

        @Override
        public boolean onNonSip(byte[] bytes, TransportFlow from) {
            received.add("not SIP: " + bytes.length);
            return true;
        }

        @Override
        public boolean acceptsPing(TransportFlow from, int length) {
            return true;
        }

        @Override
        public void onSend(byte[] wire, TransportFlow to) {}

        @Override
        public void onClosed(TransportFlow flow) {}
    }

    @AfterEach
    void close() {
        transport.close(Deadline.in(Duration.ofSeconds(5)));
    }

    private void send(DatagramSocket from, String text) throws Exception {
        byte[] bytes = text.getBytes(US_ASCII);
        from.send(new DatagramPacket(
                bytes, bytes.length, LOOPBACK, transport.endpoint().port()));
    }

    /** Sends the text until it arrives: a datagram may be lost while the socket is not open. */
    private void awaitArrival(DatagramSocket from, String text) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            send(from, text);
            return received.contains(text);
        });
    }

    @Test
    void interruptsOfSendingThreadsLeaveTheSocketOpen() throws Exception {
        transport.start();
        DatagramSocket socket = transport.socket(0);
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()));
            Thread sending = new Thread(() -> {
                while (!received.contains("stop")) {
                    flow.send(new byte[] {'x'}, SendFailure.IGNORE);
                }
            });
            sending.start();
            for (int i = 0; i < 300; i++) { // a DatagramChannel would be closed by one of the first fifty
                sending.interrupt();
                Thread.onSpinWait();
            }

            awaitArrival(peer, "hello");

            awaitArrival(peer, "stop");
            sending.join(10_000);
            assertThat(transport.socket(0)).isSameAs(socket);
            assertThat(socket.isClosed()).isFalse();
            assertThat(transport.sendFailures()).isZero();
            assertThat(sending.isInterrupted() || !sending.isAlive()).isTrue();
        }
    }

    @Test
    void threadThatIsInterruptedAlreadySendsAndStaysInterrupted() throws Exception {
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            peer.setSoTimeout(10_000);
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()));
            Thread.currentThread().interrupt();

            flow.send(new byte[] {'x'}, SendFailure.IGNORE);

            assertThat(Thread.interrupted()).isTrue();
            peer.receive(new DatagramPacket(new byte[1], 1));
            assertThat(transport.sendFailures()).isZero();
        }
    }

    @Test
    void socketThatIsLostIsOpenedAgainOnTheSameAddress() throws Exception {
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            awaitArrival(peer, "before");
            DatagramSocket lost = transport.socket(0);

            lost.close();

            awaitArrival(peer, "after");
            assertThat(transport.socket(0)).isNotSameAs(lost);
            assertThat(transport.lostSockets()).isZero();
            peer.setSoTimeout(10_000);
            transport
                    .flowTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()))
                    .send(new byte[] {'x'}, SendFailure.IGNORE);
            DatagramPacket answer = new DatagramPacket(new byte[1], 1);
            peer.receive(answer);
            assertThat(answer.getPort()).isEqualTo(transport.endpoint().port());
        }
    }

    @Test
    void socketWhoseAddressIsTakenIsReportedAndOpenedWhenItIsFree() throws Exception {
        // not started yet, so that it is not opened again before the address is taken
        transport.socket(0).close();
        try (DatagramSocket thief = new DatagramSocket(transport.endpoint().port(), LOOPBACK)) {
            transport.start();
            Awaitility.await().until(() -> transport.lostSockets() == 1);
            assertThat(thief.isBound()).isTrue();
            transport
                    .flowTo(new InetSocketAddress(LOOPBACK, thief.getLocalPort()))
                    .send(new byte[] {'x'}, SendFailure.IGNORE);
            assertThat(transport.sendFailures()).isOne();
        }
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            awaitArrival(peer, "after");
            assertThat(transport.lostSockets()).isZero();
        }
    }

    @Test
    void datagramThatCannotBeSentIsCounted() {
        transport.flowTo(new InetSocketAddress(LOOPBACK, 0)).send(new byte[] {'x'}, SendFailure.IGNORE);
        transport
                .flowTo(InetSocketAddress.createUnresolved("nowhere.invalid", 5060))
                .send(new byte[1], SendFailure.IGNORE);

        assertThat(transport.sendFailures()).isEqualTo(2);
    }

    @Test
    void nothingIsBroadcast() throws Exception {
        assertThat(transport.socket(0).getBroadcast()).isFalse();
    }

    @Test
    void lineEndsBeforeTheStartLineAreIgnoredAndOnlyLineEndsAreAKeepalive() throws Exception {
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            awaitArrival(peer, "start");
            send(peer, "\r\n\r\nREGISTER");
            send(peer, "\r\n\r\n");
            Awaitility.await().until(() -> received.contains("REGISTER") && received.contains("not SIP: 4"));
        }
    }
}
