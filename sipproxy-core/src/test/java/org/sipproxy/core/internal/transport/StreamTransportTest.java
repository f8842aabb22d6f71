package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.status.BindFailedException;
import org.sipproxy.message.ParseLimits;

@Timeout(60)
class StreamTransportTest {

    private static final String REQUEST = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody";
    private static final String RESPONSE = "SIP/2.0 200 OK\r\nCall-ID: 1\r\nl: 0\r\n\r\n";

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    final TransportCounters counters = new TransportCounters();
    private final RecordingInbound inbound = new RecordingInbound();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private StreamEnvironment environment;

    StreamEnvironment environment(StreamLimits limits) {
        return StreamEnvironment.create(2, ProxyThreads.named("test"), limits, ParseLimits.DEFAULT, counters);
    }

    @AfterEach
    void nothingIsLeftOpen() throws Exception {
        for (int i = toClose.size() - 1; i >= 0; i--) {
            toClose.get(i).close();
        }
        if (environment != null) {
            assertThat(environment.budget.open()).as("places still taken").isZero();
            assertThat(environment.budget.sources()).as("sources still counted").isZero();
            environment.close();
        }
    }

    // Receiving

    @Test
    void messagesArriveCompleteInAnySegmentation() throws Exception {
        TcpPeer peer = peerOf(started());
        peer.write("\r\n" + REQUEST + RESPONSE + REQUEST.substring(0, 30));
        await().until(() -> inbound.messages.size() == 2);
        peer.write(REQUEST.substring(30, 60));
        peer.write(REQUEST.substring(60));
        await().until(() -> inbound.messages.size() == 3);
        assertThat(inbound.messages).containsExactly(REQUEST, RESPONSE, REQUEST);
    }

    @Test
    void aMessageLargerThanOneReadArrivesComplete() throws Exception {
        String large = "MESSAGE sip:a@b SIP/2.0\r\nl: 65000\r\n\r\n" + "x".repeat(65_000);
        peerOf(started()).write(large + large + REQUEST);
        await().until(() -> inbound.messages.size() == 3);
        assertThat(inbound.messages).containsExactly(large, large, REQUEST);
    }

    @Test
    void aFlowNamesItsPeerAndItsEndpoint() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        assertThat(flow.kind()).isEqualTo(TransportKind.TCP);
        assertThat(flow.endpoint())
                .isEqualTo(Endpoint.tcp("127.0.0.1", peer.remoteAddress().getPort()));
        assertThat(flow.remoteAddress()).isEqualTo(peer.address());
        assertThat(flow.connectionId()).hasValueSatisfying(id -> assertThat(id).isPositive());
        assertThat(flow.isOpen()).isTrue();
        assertThat(flow.advertised().host()).isEqualTo("127.0.0.1");
        assertThat(flow.advertised().port()).isEqualTo(transport.boundEndpoint().port());
    }

    @Test
    void eachConnectionIsAFlowOfItsOwn() throws Exception {
        StreamTransport transport = started();
        TransportFlow one = flowOf(peerOf(transport));
        TransportFlow other = flowOf(peerOf(transport));
        assertThat(one).isNotEqualTo(other);
        assertThat(one.connectionId()).isNotEqualTo(other.connectionId());
    }

    @Test
    void aPingGetsOneCrLfAndIsNotAMessage() throws Exception {
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        TcpPeer peer = peerOf(started());
        assertThat(peer.write("\r\n\r\n").read(2)).isEqualTo("\r\n");
        assertThat(peer.write("\r\n\r").write("\n").read(2)).isEqualTo("\r\n");
        peer.write("\r\n\r\n\r\n\r\n").write(REQUEST);
        assertThat(peer.read(4 + RESPONSE.length())).isEqualTo("\r\n\r\n" + RESPONSE);
        assertThat(inbound.messages).containsExactly(REQUEST);
    }

    @Test
    void anUnframeableStreamGetsAResponseAndIsClosed() throws Exception {
        String refusal = "SIP/2.0 400 Content-Length is mandatory on streams\r\nl: 0\r\n\r\n";
        inbound.onUnframeable = (head, from) -> from.send(bytes(refusal), failures::add);
        TcpPeer peer = peerOf(started());
        // what is sent after it must not reset the connection before the response is read
        peer.write("INVITE sip:a@b SIP/2.0\r\n\r\n" + "garbage".repeat(20_000));
        assertThat(peer.readToEnd()).isEqualTo(refusal);
        peer.close();
        await().until(() -> inbound.closed.size() == 1);
        assertThat(inbound.unframeable).containsExactly("Content-Length is mandatory on streams");
        assertThat(inbound.messages).isEmpty();
        assertThat(counters.unframeable.sum()).isEqualTo(1);
        assertThat(failures).isEmpty();
    }

    @Test
    void anAbandonedStreamIsClosedEvenIfThePeerKeepsItOpen() throws Exception {
        TcpPeer peer = peerOf(started());
        peer.write("\u0016\u0003\u0001");
        await().until(() -> inbound.closed.size() == 1);
        assertThat(inbound.flows.get(0).isOpen()).isFalse();
        peer.awaitEnd();
    }

    @Test
    void anExceptionOfTheHandlerClosesNothing() throws Exception {
        inbound.onMessage = (wire, from) -> {
            throw new IllegalStateException("on purpose");
        };
        TcpPeer peer = peerOf(started());
        peer.write(REQUEST + REQUEST).write("\r\n\r\n");
        assertThat(peer.read(2)).isEqualTo("\r\n");
        assertThat(inbound.messages).hasSize(2);
    }

    @Test
    void aConnectionResetInTheMiddleOfAMessageIsReportedClosedOnce() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        InetSocketAddress address = peer.address();
        peer.write(REQUEST.substring(0, 30));
        peer.reset();
        await().until(() -> !inbound.closed.isEmpty());
        assertThat(inbound.closed).containsExactly(flow);
        assertThat(flow.isOpen()).isFalse();
        assertThat(transport.existing(address)).isEmpty();
        flow.send(bytes(RESPONSE), failures::add);
        assertThat(failures).singleElement().asString().contains("closed");
    }

    // Sending and reuse

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
        StreamTransport transport = started(limits().bufferedBytes(1000).build());
        AtomicInteger failed = new AtomicInteger();
        try (ServerSocket far = new ServerSocket(0, 10, LOOPBACK)) {
            CountDownLatch hold = blockEventLoops();
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
            flow.send(new byte[600], cause -> failed.incrementAndGet());
            flow.send(new byte[600], failures::add);
            flow.send(new byte[400], cause -> failed.incrementAndGet());
            assertThat(failures).singleElement().asString().contains("more than 1000 bytes wait to be sent");
            hold.countDown();
            TcpPeer peer = closing(new TcpPeer(far.accept()));
            assertThat(peer.read(1000)).hasSize(1000);
            assertThat(failed).hasValue(0);
        }
    }

    // Limits

    @Test
    void anIdleConnectionIsClosedAndOneWithTrafficIsNot() throws Exception {
        StreamTransport transport =
                started(limits().idle(Duration.ofMillis(400)).build());
        TcpPeer idle = peerOf(transport);
        TcpPeer busy = peerOf(transport);
        long start = System.nanoTime();
        while (inbound.closed.isEmpty()) {
            busy.write("\r\n\r\n").read(2);
        }
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(300));
        assertThat(idle.readToEnd()).isEmpty();
        assertThat(inbound.closed.get(0).remoteAddress()).isEqualTo(idle.address());
        assertThat(busy.write("\r\n\r\n").read(2)).isEqualTo("\r\n");
    }

    @Test
    void aSlowMessageIsCutOffAfterTheMessageTimeout() throws Exception {
        StreamTransport transport =
                started(limits().message(Duration.ofMillis(300)).build());
        TcpPeer slow = peerOf(transport);
        slow.write(REQUEST); // a complete message before it does not extend the time
        long start = System.nanoTime();
        slow.write("O");
        assertThat(endsWhileWriting(slow, "P")).isTrue();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(250));
        await().until(() -> inbound.closed.size() == 1);
        assertThat(counters.closedSlow.sum()).isEqualTo(1);
        assertThat(inbound.messages).containsExactly(REQUEST);
    }

    @Test
    void messagesThatAreEachInTimeAreNotCutOff() throws Exception {
        StreamTransport transport =
                started(limits().message(Duration.ofMillis(400)).build());
        TcpPeer peer = peerOf(transport);
        String tail = REQUEST.substring(10);
        peer.write(REQUEST.substring(0, 10));
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1000);
        int sent = 0;
        while (System.nanoTime() < end) {
            int expected = ++sent;
            peer.write(tail + REQUEST.substring(0, 10)); // always inside a message, but not in the same one for long
            await().pollInterval(Duration.ofMillis(5)).until(() -> inbound.messages.size() == expected);
        }
        peer.write(tail).write("\r\n\r\n");
        assertThat(peer.read(2)).isEqualTo("\r\n");
        assertThat(counters.closedSlow.sum()).isZero();
    }

    @Test
    void connectionWithoutAValidMessageIsClosedInTimeThoughItSendsKeepalives() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofMillis(300)).build());
        long begun = System.nanoTime();
        TcpPeer silent = peerOf(transport);
        TcpPeer pinging = peerOf(transport);
        TcpPeer talking = peerOf(transport);
        inbound.onMessage = (wire, from) -> {}; // not a valid message, because no layer above accepted it

        talking.write(REQUEST);
        assertThat(endsWhileWriting(pinging, "\r\n\r\n")).isTrue();
        silent.awaitEnd();
        talking.awaitEnd();

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        await().until(() -> inbound.limitsHit.size() == 3);
        assertThat(counters.closedSilent.sum()).isEqualTo(3);
        assertThat(inbound.limitsHit).containsOnly("time for the first message");
    }

    @Test
    void connectionThatDeliveredAValidMessageStays() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofSeconds(1)).build());
        inbound.onMessage = (wire, from) -> from.messageAccepted();
        TransportFlow talked = flowOf(peerOf(transport));
        TcpPeer silent = peerOf(transport);

        silent.awaitEnd(); // opened later, so the time of the other has expired too

        await().until(() -> counters.closedSilent.sum() == 1);
        assertThat(talked.isOpen()).isTrue();
    }

    @Test
    void connectionOpenedByTheProxyNeedNotDeliverAMessage() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofMillis(100)).build());
        ServerSocket far = listeningOn(LOOPBACK);
        TransportFlow made = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
        made.send(bytes(REQUEST), failures::add);
        closing(far.accept());

        peerOf(transport).awaitEnd();

        assertThat(made.isOpen()).isTrue();
        assertThat(failures).isEmpty();
    }

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
    void pingThatAFilterRefusesGetsNoPong() throws Exception {
        TcpPeer peer = peerOf(started());
        flowOf(peer);
        inbound.accepting = false;
        peer.write("\r\n\r\n");
        await().until(() -> inbound.nonSip.size() == 1);
        inbound.accepting = true;
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);

        peer.write(REQUEST);

        assertThat(peer.read(RESPONSE.length())).isEqualTo(RESPONSE);
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
        await().until(() -> counters.sendFailures.sum() == failed.get() + 1);
        assertThat(failed.get()).isBetween(1, 11);
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

    // Listening and closing

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
        StreamTransport transport = started();
        Endpoint endpoint = transport.boundEndpoint();
        for (int round = 0; round < 100; round++) {
            transport.close();
            assertThatThrownBy(() -> new Socket(LOOPBACK, endpoint.port()).close())
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

    // The parts

    private StreamTransport started() {
        return started(StreamLimits.DEFAULT);
    }

    private StreamTransport started(StreamLimits limits) {
        return started(Endpoint.tcp("127.0.0.1", 0), limits);
    }

    private StreamTransport started(Endpoint endpoint, StreamLimits limits) {
        environment = environment(limits);
        StreamTransport transport = closing(StreamTransport.tcp(endpoint, environment, inbound));
        transport.bind();
        transport.start();
        return transport;
    }

    private TcpPeer peerOf(StreamTransport transport) throws IOException {
        return closing(TcpPeer.to(transport));
    }

    /** Sends a request and waits until it is received. */
    private TransportFlow flowOf(TcpPeer peer) throws IOException {
        peer.write(REQUEST);
        await().pollInterval(Duration.ofMillis(2))
                .until(() -> inbound.flows.stream()
                        .anyMatch(flow -> flow.remoteAddress().equals(peer.address())));
        return inbound.flows.stream()
                .filter(flow -> flow.remoteAddress().equals(peer.address()))
                .findFirst()
                .orElseThrow();
    }

    private static boolean endsWhileWriting(TcpPeer peer, String text) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TcpPeer.PATIENCE_MILLIS);
        try {
            while (System.nanoTime() < deadline) {
                peer.write(text);
                TimeUnit.MILLISECONDS.sleep(5); // a slow sender; does not wait for anything
            }
            return false;
        } catch (IOException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private CountDownLatch blockEventLoops() {
        CountDownLatch hold = new CountDownLatch(1);
        environment.executeOnEachLoop(() -> {
            try {
                hold.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        toClose.add(hold::countDown);
        return hold;
    }

    private static boolean readsFrom(TransportFlow flow) {
        return ((StreamConnection) flow).isReading();
    }

    private static long pendingBytes(List<TransportFlow> flows) {
        return flows.stream()
                .mapToLong(flow -> ((StreamConnection) flow).pendingBytes())
                .sum();
    }

    private ServerSocket listeningOn(InetAddress address) {
        try {
            return closing(new ServerSocket(0, 10, address));
        } catch (IOException e) {
            return abort("no " + address + " on this machine");
        }
    }

    private static InetSocketAddress unusedAddress() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            return new InetSocketAddress(LOOPBACK, free.getLocalPort());
        }
    }

    private <T extends AutoCloseable> T closing(T resource) {
        toClose.add(resource);
        return resource;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static LimitsBuilder limits() {
        return new LimitsBuilder();
    }

    /** Default limits, of which a test changes some. */
    private static final class LimitsBuilder {

        private int connections = 10_000;
        private int perSource = 10_000;
        private Duration firstMessage = Duration.ofMinutes(5);
        private Duration idle = Duration.ofMinutes(5);
        private Duration message = Duration.ofMinutes(1);
        private Duration connect = Duration.ofSeconds(5);
        private int bufferedBytes = 1 << 20;

        LimitsBuilder connections(int value) {
            connections = value;
            return this;
        }

        LimitsBuilder perSource(int value) {
            perSource = value;
            return this;
        }

        LimitsBuilder firstMessage(Duration value) {
            firstMessage = value;
            return this;
        }

        LimitsBuilder idle(Duration value) {
            idle = value;
            return this;
        }

        LimitsBuilder message(Duration value) {
            message = value;
            return this;
        }

        LimitsBuilder connect(Duration value) {
            connect = value;
            return this;
        }

        LimitsBuilder bufferedBytes(int value) {
            bufferedBytes = value;
            return this;
        }

        StreamLimits build() {
            return StreamLimits.builder().connections(connections).connectionsPerSource(perSource).firstMessageTimeout(firstMessage).idleTimeout(idle).messageTimeout(message).connectTimeout(connect).bufferedBytes(bufferedBytes).build();
        }
    }
}
