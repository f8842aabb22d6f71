package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.options.BindFailedException;

/** What UDP sockets of each kind do. They survive interrupts and closes by threads of the host application. */
@Timeout(60)
abstract class UdpTransportContract {

    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    final List<String> received = new CopyOnWriteArrayList<>();
    final List<InetSocketAddress> sources = new CopyOnWriteArrayList<>();
    final UdpIo io;
    /** What the handler does with a message, on the receiver's thread, before the message is in {@link #received}. */
    volatile BiConsumer<String, TransportFlow> onMessage = (text, from) -> {};

    final UdpTransport transport;

    UdpTransportContract(UdpIo io) {
        this.io = io;
        this.transport = bind("127.0.0.1", 0, 1);
    }

    UdpTransport bind(String host, int port, int sockets) {
        try {
            return UdpTransport.bind(
                    io,
                    Endpoint.udp(host, port),
                    InetAddress.getByName(host),
                    sockets,
                    new RecordingDatagrams(),
                    ProxyThreads.named("test"));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private final class RecordingDatagrams implements InboundHandler {

        @Override
        public void onMessage(byte[] wire, TransportFlow from) {
            String text = new String(wire, US_ASCII);
            onMessage.accept(text, from);
            sources.add(from.remoteAddress());
            received.add(text);
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

    void send(DatagramSocket from, String text) throws Exception {
        byte[] bytes = text.getBytes(US_ASCII);
        from.send(new DatagramPacket(
                bytes, bytes.length, LOOPBACK, transport.endpoint().port()));
    }

    /** Sends the text until it arrives: a datagram may be lost while the socket is not open. */
    void awaitArrival(DatagramSocket from, String text) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            send(from, text);
            return received.contains(text);
        });
    }

    @Test
    void interruptsOfSendingThreadsLeaveTheSocketOpen() throws Exception {
        transport.start();
        UdpSocket socket = transport.socket(0);
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
            UdpSocket lost = transport.socket(0);

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
        try (DatagramSocket peer = new DatagramSocket(0, InetAddress.getByName("0.0.0.0"))) {
            InetSocketAddress all =
                    new InetSocketAddress(InetAddress.getByName("127.255.255.255"), peer.getLocalPort());
            List<Throwable> failures = new CopyOnWriteArrayList<>();

            transport.flowTo(all).send(new byte[] {'x'}, failures::add);

            assertThat(failures).singleElement().asString().contains("ermission denied");
            assertThat(transport.sendFailures()).isOne();
        }
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

    static String receive(DatagramSocket peer) throws IOException {
        peer.setSoTimeout(20_000);
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        peer.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), US_ASCII);
    }

    @Test
    void largestDatagramArrivesAndIsSentWhole() throws Exception {
        transport.start();
        onMessage = (text, from) -> from.send(text.getBytes(US_ASCII), SendFailure.IGNORE);
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            String large = "x".repeat(65_506) + "y"; // with headers, 65,535 bytes
            awaitArrival(peer, large);

            assertThat(receive(peer)).isEqualTo(large);
        }
    }

    @Test
    void responsesOfManyDatagramsKeepTheirOrder() throws Exception {
        onMessage = (text, from) -> {
            from.send((text + "a").getBytes(US_ASCII), SendFailure.IGNORE);
            from.send((text + "b").getBytes(US_ASCII), SendFailure.IGNORE);
            from.send((text + "c").getBytes(US_ASCII), SendFailure.IGNORE);
        };
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 40; i++) { // they wait in the socket, so that they are a batch where there are batches
                send(peer, i + " ");
                expected.addAll(List.of(i + " a", i + " b", i + " c"));
            }
            transport.start();

            for (String one : expected) {
                assertThat(receive(peer)).isEqualTo(one);
            }
        }
    }

    @Test
    void failureOfOneDatagramReachesItsSenderAndTheOthersAreSent() throws Exception {
        List<String> failed = new CopyOnWriteArrayList<>();
        onMessage = (text, from) -> {
            from.send("first".getBytes(US_ASCII), cause -> failed.add("first"));
            from.send(new byte[65_530], cause -> failed.add("too long for IPv4"));
            from.send("second".getBytes(US_ASCII), cause -> failed.add("second"));
            from.send(new byte[70_000], cause -> failed.add("too long for UDP"));
            from.send("third".getBytes(US_ASCII), cause -> failed.add("third"));
        };
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            send(peer, "go");

            assertThat(List.of(receive(peer), receive(peer), receive(peer)))
                    .containsExactly("first", "second", "third");
            Awaitility.await().until(() -> failed.size() == 2);
            assertThat(failed).containsExactlyInAnyOrder("too long for IPv4", "too long for UDP");
            assertThat(transport.sendFailures()).isEqualTo(2);
        }
    }

    @Test
    void failureInTheHandlerLosesNoOtherDatagram() throws Exception {
        onMessage = (text, from) -> {
            if (text.equals("2")) {
                throw new IllegalStateException("expected by the test");
            }
        };
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            for (int i = 1; i < 4; i++) {
                send(peer, Integer.toString(i));
            }
            transport.start();

            Awaitility.await().until(() -> received.size() == 2);
            assertThat(received).containsExactly("1", "3");
        }
    }

    @Test
    void manyThreadsSendWhileTheReceiverResponds() throws Exception {
        onMessage = (text, from) -> from.send("response".getBytes(US_ASCII), SendFailure.IGNORE);
        transport.start();
        int threads = 4;
        int each = 500;
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            peer.setReceiveBufferSize(4 << 20);
            TransportFlow flow = transport.flowTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()));
            List<Thread> senders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                String name = "t" + t;
                senders.add(new Thread(() -> {
                    for (int i = 0; i < each; i++) {
                        flow.send((name + " " + i).getBytes(US_ASCII), SendFailure.IGNORE);
                    }
                }));
            }
            senders.forEach(Thread::start);
            for (int i = 0; i < each; i++) {
                send(peer, "request");
            }
            int[] next = new int[threads];
            int responses = 0;
            for (int i = 0; i < (threads + 1) * each; i++) {
                String one = receive(peer);
                if (one.equals("response")) {
                    responses++;
                } else {
                    int of = one.charAt(1) - '0';
                    assertThat(one).isEqualTo("t" + of + " " + next[of]++);
                }
            }
            assertThat(responses).isEqualTo(each);
            assertThat(next).containsOnly(each);
            assertThat(transport.sendFailures()).isZero();
        }
    }

    @Test
    void addressThatIsTakenAndOneThatIsNotHereAreRefused() {
        int taken = transport.endpoint().port();
        for (int sockets = 1; sockets < 3; sockets++) {
            int count = sockets;
            assertThatExceptionOfType(BindFailedException.class)
                    .isThrownBy(() -> bind("127.0.0.1", taken, count))
                    .withMessageContaining("is already in use");
            assertThatExceptionOfType(BindFailedException.class)
                    .isThrownBy(() -> bind("192.0.2.77", 0, count))
                    .withMessageContaining("is not an address of this machine");
        }
    }

    @Test
    void socketsOfOneAddressAreSharedAndEachReceiverRespondsFromThePort() throws Exception {
        UdpTransport shared = bind("127.0.0.1", 0, 3);
        onMessage = (text, from) -> from.send((text + " 200").getBytes(US_ASCII), SendFailure.IGNORE);
        shared.start();
        try {
            for (int i = 0; i < 30; i++) { // the kernel chooses the socket by the source port
                try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
                    peer.connect(LOOPBACK, shared.endpoint().port());
                    byte[] bytes = ("m" + i).getBytes(US_ASCII);
                    peer.send(new DatagramPacket(bytes, bytes.length));
                    assertThat(receive(peer)).isEqualTo("m" + i + " 200");
                }
            }
        } finally {
            shared.close(Deadline.in(Duration.ofSeconds(5)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "::1, ::1, ::1",
        "0.0.0.0, 127.0.0.1, 127.0.0.1",
        "0.0.0.0, ::1, ::1",
        "::, ::1, ::1",
        "::, 127.0.0.1, 127.0.0.1"
    })
    void peersOfBothFamiliesReachTheAddress(String bound, String to, String from) throws Exception {
        assumeTrue(hasIpv6(), "this machine has no IPv6");
        UdpTransport other = bind(bound, 0, 1);
        onMessage = (text, flow) -> flow.send("200".getBytes(US_ASCII), SendFailure.IGNORE);
        other.start();
        try (DatagramSocket peer = new DatagramSocket(0, InetAddress.getByName(to))) {
            byte[] bytes = "hello".getBytes(US_ASCII);
            peer.send(new DatagramPacket(
                    bytes,
                    bytes.length,
                    InetAddress.getByName(to),
                    other.endpoint().port()));

            assertThat(receive(peer)).isEqualTo("200");
            Awaitility.await().until(() -> sources.size() == 1);
            assertThat(sources.get(0))
                    .isEqualTo(new InetSocketAddress(InetAddress.getByName(from), peer.getLocalPort()));
        } finally {
            other.close(Deadline.in(Duration.ofSeconds(5)));
        }
    }

    private static boolean hasIpv6() throws IOException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(a -> a.isLoopbackAddress() && a instanceof Inet6Address);
    }

    @Test
    void scopeOfALinkLocalAddressIsKept() throws Exception {
        Optional<InetAddress> local = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(a -> a instanceof Inet6Address && a.isLinkLocalAddress())
                .findFirst();
        assumeTrue(local.isPresent(), "this machine has no link-local address");
        InetAddress address = local.get();
        UdpTransport other = bind(address.getHostAddress(), 0, 1);
        onMessage = (text, flow) -> flow.send("200".getBytes(US_ASCII), SendFailure.IGNORE);
        other.start();
        try (DatagramSocket peer = new DatagramSocket(0, address)) {
            byte[] bytes = "hello".getBytes(US_ASCII);
            peer.send(new DatagramPacket(
                    bytes, bytes.length, address, other.endpoint().port()));

            assertThat(receive(peer)).isEqualTo("200");
            Awaitility.await().until(() -> sources.size() == 1);
            assertThat(((Inet6Address) sources.get(0).getAddress()).getScopeId())
                    .isEqualTo(((Inet6Address) address).getScopeId())
                    .isPositive();
        } finally {
            other.close(Deadline.in(Duration.ofSeconds(5)));
        }
    }

    @Test
    void closingWakesTheReceiverAndReleasesThePort() throws Exception {
        for (int i = 0; i < 20; i++) {
            UdpTransport other = bind("127.0.0.1", 0, 2);
            other.start();
            int port = other.endpoint().port();

            other.close(Deadline.in(Duration.ofSeconds(20)));

            try (DatagramSocket next = new DatagramSocket(port, LOOPBACK)) {
                assertThat(next.isBound()).isTrue();
            }
            List<Throwable> failures = new ArrayList<>();
            other.flowTo(new InetSocketAddress(LOOPBACK, port)).send(new byte[1], failures::add);
            assertThat(failures).hasSize(1);
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getName().startsWith("test-udp-"))
                .isEmpty();
    }

    @Test
    void noFileDescriptorIsLeft() throws Exception {
        Path all = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(all), "this system has no /proc");
        long before = count(all);
        for (int i = 0; i < 100; i++) {
            UdpTransport other = bind("127.0.0.1", 0, 2);
            other.start();
            other.close(Deadline.in(Duration.ofSeconds(20)));
            int taken = transport.endpoint().port();
            assertThatExceptionOfType(BindFailedException.class).isThrownBy(() -> bind("127.0.0.1", taken, 1));
        }
        assertThat(count(all)).isLessThan(before + 50);
    }

    private static long count(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }
}
