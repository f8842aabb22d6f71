package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.options.StreamLimits;

/** Connections that messages are sent on, and messages that cannot be sent. */
class StreamSendingTest extends StreamTransportScene {

    @Test
    void aResponseUsesTheConnectionOfItsRequest() throws Exception {
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        TcpPeer peer = peerOf(started());
        peer.write(REQUEST.repeat(50));
        assertThat(peer.read(RESPONSE.length() * 50)).isEqualTo(RESPONSE.repeat(50));
    }

    @Test
    void aRequestToAPeerThatConnectedUsesItsConnection() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        assertThat(transport.existing(peer.address())).containsSame(flow);
        assertThat(transport.flowTo(peer.address(), "")).isSameAs(flow);
        transport.flowTo(peer.address(), "").send(bytes(REQUEST), failures::add);
        assertThat(peer.read(REQUEST.length())).isEqualTo(REQUEST);
    }

    @Test
    void anOpenedConnectionIsReusedInBothDirections() throws Exception {
        StreamTransport transport = started();
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            InetSocketAddress remote = new InetSocketAddress(LOOPBACK, far.getLocalPort());
            TransportFlow flow = transport.flowTo(remote, "");
            assertThat(flow.isOpen()).isTrue();
            assertThat(flow.advertised().port())
                    .isEqualTo(transport.boundEndpoint().port());
            flow.send(bytes(REQUEST), failures::add);
            transport.flowTo(remote, "").send(bytes(RESPONSE), failures::add);
            TcpPeer peer = closing(new TcpPeer(far.accept()));
            assertThat(peer.read(REQUEST.length() + RESPONSE.length())).isEqualTo(REQUEST + RESPONSE);
            assertThat(peer.remoteAddress().getAddress()).isEqualTo(LOOPBACK);

            peer.write(RESPONSE);
            await().until(() -> inbound.messages.size() == 1);
            assertThat(inbound.flows).containsExactly(flow);
            assertThat(transport.flowTo(remote, "")).isSameAs(flow);
            assertThat(counters.connected.sum()).isEqualTo(1);

            peer.close();
            await().until(() -> inbound.closed.contains(flow));
            assertThat(transport.flowTo(remote, "")).isNotSameAs(flow);
        }
    }

    @Test
    void connectionsAreOpenedFromTheListeningAddress() throws Exception {
        StreamTransport transport = started(Endpoint.tcp("127.0.0.2", 0), StreamLimits.DEFAULT);
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            transport
                    .flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "")
                    .send(bytes(REQUEST), failures::add);
            TcpPeer peer = closing(new TcpPeer(far.accept()));
            assertThat(peer.remoteAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.2");
        }
    }

    @Test
    void aWildcardIsAdvertisedAsTheAddressThatReachesThePeer() throws Exception {
        StreamTransport transport = started(Endpoint.tcp("0.0.0.0", 0), StreamLimits.DEFAULT);
        assertThat(flowOf(peerOf(transport)).advertised().host()).isEqualTo("127.0.0.1");
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            TransportFlow made = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
            assertThat(made.advertised().host()).isEqualTo("127.0.0.1");
        }
    }

    @Test
    void ipv6WorksLikeIpv4() throws Exception {
        InetAddress loopback = Inet6Address.getByAddress(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
        ServerSocket far = listeningOn(loopback);
        StreamTransport transport = started(Endpoint.tcp("::1", 0), StreamLimits.DEFAULT);
        TransportFlow flow = transport.flowTo(new InetSocketAddress(loopback, far.getLocalPort()), "");
        flow.send(bytes(REQUEST), failures::add);
        TcpPeer peer = closing(new TcpPeer(far.accept()));
        assertThat(peer.read(REQUEST.length())).isEqualTo(REQUEST);
        assertThat(peer.remoteAddress().getAddress()).isEqualTo(loopback);
        assertThat(flow.advertised().host()).isEqualTo("[::1]");
        assertThat(flow).hasToString(flow.connectionId().orElseThrow() + " to tcp:[::1]:" + far.getLocalPort());
    }

    @Test
    void advertisedAddressOfTheHostIsUsed() throws Exception {
        Endpoint endpoint = Endpoint.tcp("127.0.0.1", 0).advertise("sip.example.org", 5070);
        TransportFlow flow = flowOf(peerOf(started(endpoint, StreamLimits.DEFAULT)));
        assertThat(flow.advertised().host()).isEqualTo("sip.example.org");
        assertThat(flow.advertised().port()).isEqualTo(5070);
    }

    @Test
    void messagesOfOneThreadKeepTheirOrder() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        int threads = 4;
        int each = 500;
        List<Thread> senders = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            String name = String.valueOf((char) ('a' + t));
            Thread sender = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    flow.send(bytes(name + String.format("%07d", i)), failures::add);
                }
            });
            senders.add(sender);
            sender.start();
        }
        String all = peer.read(threads * each * 8);
        for (Thread sender : senders) {
            sender.join();
        }
        int[] next = new int[threads];
        for (int i = 0; i < all.length(); i += 8) {
            int t = all.charAt(i) - 'a';
            assertThat(Integer.parseInt(all.substring(i + 1, i + 8))).isEqualTo(next[t]++);
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void aRefusedConnectionFailsEachMessageOnce() throws Exception {
        StreamTransport transport = started();
        InetSocketAddress nobody = unusedAddress();
        AtomicInteger failed = new AtomicInteger();
        TransportFlow flow = transport.flowTo(nobody, "");
        for (int i = 0; i < 10; i++) {
            flow.send(bytes(REQUEST), cause -> failed.incrementAndGet());
        }
        flow.send(bytes(REQUEST), failures::add);
        await().until(() -> failed.get() == 10 && failures.size() == 1);
        assertThat(failures.get(0)).hasMessageContaining("cannot connect to tcp:127.0.0.1:" + nobody.getPort());
        assertThat(flow.isOpen()).isFalse();
        assertThat(transport.existing(nobody)).isEmpty();
        await().until(() -> environment.budget.open() == 0);
        assertThat(inbound.closed).as("it was never open").isEmpty();
        assertThat(counters.connectFailures.sum()).isEqualTo(1);
        assertThat(counters.sendFailures.sum()).isEqualTo(11);
    }

    @Test
    @EnabledOnOs(OS.LINUX) // Linux ignores a SYN while the accept queue is full
    void aPeerThatDoesNotRespondFailsTheMessageAfterTheConnectTimeout() throws Exception {
        StreamTransport transport =
                started(limits().connect(Duration.ofMillis(200)).build());
        try (ServerSocket far = new ServerSocket(0, 1, LOOPBACK)) {
            InetSocketAddress remote = new InetSocketAddress(LOOPBACK, far.getLocalPort());
            for (int i = 0; i < 5; i++) {
                Socket filler = closing(new Socket());
                try {
                    filler.connect(remote, 100);
                } catch (SocketTimeoutException e) {
                    break;
                }
            }
            transport.flowTo(remote, "").send(bytes(REQUEST), failures::add);
            await().until(() -> failures.size() == 1);
            assertThat(failures.get(0))
                    .hasMessageContaining("cannot connect to tcp:127.0.0.1:")
                    .hasMessageContaining("timed out");
        }
    }

    @Test
    void anAddressThatIsNotResolvedFailsTheMessage() throws Exception {
        StreamTransport transport = started();
        transport
                .flowTo(InetSocketAddress.createUnresolved("sip.invalid", 5060), "")
                .send(bytes(REQUEST), failures::add);
        await().until(() -> failures.size() == 1);
    }

    @Test
    void onlyTheMessageOverTheLimitFailsBeforeTheConnectionIsOpen() throws Exception {
        StreamTransport transport = started(limits().bufferedBytes(1_024).build());
        AtomicInteger failed = new AtomicInteger();
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            CountDownLatch hold = blockEventLoops();
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
            flow.send(new byte[600], cause -> failed.incrementAndGet());
            flow.send(new byte[600], failures::add);
            flow.send(new byte[424], cause -> failed.incrementAndGet());
            assertThat(failures).singleElement().asString().contains("more than 1024 bytes wait to be sent");
            hold.countDown();
            TcpPeer peer = closing(new TcpPeer(far.accept()));
            assertThat(peer.read(1_024)).hasSize(1_024);
            assertThat(failed).hasValue(0);
        }
    }
}
