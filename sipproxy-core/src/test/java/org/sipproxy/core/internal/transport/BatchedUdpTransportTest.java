package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.sipproxy.core.internal.time.Deadline;

/** UDP with several datagrams per system call. */
@ExtendWith(NeedsBatchedUdp.class)
class BatchedUdpTransportTest extends UdpTransportContract {

    BatchedUdpTransportTest() {
        super(UdpIo.BATCHED);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void isTheDefaultWhereItIsPossible() {
        assertThat(UdpIo.best()).isEqualTo(UdpIo.BATCHED);
        assertThat(transport.batchedSockets()).isOne();
    }

    @Test
    void datagramsThatWaitAreReceivedTogether() throws Exception {
        UdpSocket socket = transport.socket(0);
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            for (int i = 0; i < 20; i++) {
                send(peer, "m" + i);
            }
            List<String> all = new ArrayList<>();
            List<Integer> counts = new ArrayList<>();
            while (all.size() < 20) {
                int count = socket.receive();
                counts.add(count);
                for (int i = 0; i < count; i++) {
                    all.add(new String(socket.datagram(i), US_ASCII));
                    assertThat(socket.source(i)).isEqualTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()));
                }
            }
            assertThat(counts).containsExactly(16, 4);
            assertThat(all).startsWith("m0", "m1").endsWith("m18", "m19");
        }
    }

    @Test
    void failureIsReportedAfterTheHandlerHasReturnedAndItsHandlingMaySend() throws Exception {
        AtomicBoolean handling = new AtomicBoolean();
        List<Boolean> reportedInHandler = new CopyOnWriteArrayList<>();
        onMessage = (text, from) -> {
            handling.set(true);
            from.send(new byte[65_530], cause -> {
                reportedInHandler.add(handling.get());
                from.send(bytes("next candidate"), SendFailure.IGNORE);
            });
            for (int i = 0; i < 40; i++) { // the batch is sent meanwhile
                from.send(bytes("m"), SendFailure.IGNORE);
            }
            handling.set(false);
        };
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            send(peer, "go");

            for (int i = 0; i < 40; i++) {
                assertThat(receive(peer)).isEqualTo("m");
            }
            assertThat(receive(peer)).isEqualTo("next candidate");
            assertThat(reportedInHandler).containsExactly(false);
        }
    }

    @Test
    void failureIsReportedByTheReceiverAlsoIfAnotherThreadSendsTheBatch() throws Exception {
        CountDownLatch collected = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        List<String> reporters = new CopyOnWriteArrayList<>();
        onMessage = (text, from) -> {
            from.send(
                    new byte[65_530],
                    cause -> reporters.add(Thread.currentThread().getName()));
            collected.countDown();
            await(release);
        };
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            send(peer, "go");
            await(collected);
            transport
                    .flowTo(new InetSocketAddress(LOOPBACK, peer.getLocalPort()))
                    .send(bytes("of another thread"), cause -> reporters.add("another"));
            assertThat(receive(peer)).isEqualTo("of another thread");
            assertThat(reporters).isEmpty();

            release.countDown();

            Awaitility.await().until(() -> !reporters.isEmpty());
            assertThat(reporters).singleElement().asString().startsWith("test-udp-");
        }
    }

    @Test
    void whatTheReceiverSentBeforeArrivesBeforeWhatAnotherThreadSendsAfter() throws Exception {
        UdpTransport shared = bind("127.0.0.1", 0, 3);
        onMessage = (text, from) -> {
            from.send(bytes("100"), SendFailure.IGNORE);
            Thread worker = new Thread(() -> from.send(bytes("200"), SendFailure.IGNORE));
            worker.start();
            try {
                worker.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        shared.start();
        try {
            for (int i = 0; i < 30; i++) { // the kernel chooses the socket by the source port
                try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
                    peer.connect(LOOPBACK, shared.endpoint().port());
                    peer.send(new java.net.DatagramPacket(bytes("x"), 1));
                    assertThat(receive(peer)).isEqualTo("100");
                    assertThat(receive(peer)).isEqualTo("200");
                }
            }
        } finally {
            shared.close(Deadline.in(Duration.ofSeconds(5)));
        }
    }

    @Test
    void timerSendsWhatABlockedReceiverHasCollected() throws Exception {
        CountDownLatch collected = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        onMessage = (text, from) -> {
            from.send(bytes("collected"), SendFailure.IGNORE);
            collected.countDown();
            await(release);
        };
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            send(peer, "go");
            await(collected);

            transport.pushOut();

            assertThat(receive(peer)).isEqualTo("collected");
            assertThat(received).isEmpty();
        } finally {
            release.countDown();
        }
    }

    @Test
    void closingSendsWhatWasCollected() throws Exception {
        CountDownLatch collected = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        List<Throwable> late = new CopyOnWriteArrayList<>();
        onMessage = (text, from) -> {
            from.send(bytes("collected"), SendFailure.IGNORE);
            collected.countDown();
            await(release);
            from.send(bytes("too late"), late::add);
        };
        transport.start();
        try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
            send(peer, "go");
            await(collected);

            transport.close(Deadline.in(Duration.ZERO));

            assertThat(receive(peer)).isEqualTo("collected");
            release.countDown();
            Awaitility.await().until(() -> late.size() == 1);
        } finally {
            release.countDown();
        }
    }

    @Test
    void closesWhileManyThreadsSend() throws Exception {
        for (int i = 0; i < 30; i++) {
            UdpTransport other = bind("127.0.0.1", 0, 2);
            other.start();
            TransportFlow flow = other.flowTo(
                    new InetSocketAddress(LOOPBACK, transport.endpoint().port()));
            AtomicBoolean stop = new AtomicBoolean();
            List<Throwable> failures = new CopyOnWriteArrayList<>();
            List<Thread> senders = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                senders.add(new Thread(() -> {
                    while (!stop.get()) {
                        flow.send(new byte[] {'x'}, cause -> {
                            failures.add(cause);
                            stop.set(true);
                        });
                    }
                }));
            }
            senders.forEach(Thread::start);

            other.close(Deadline.in(Duration.ofSeconds(20)));

            for (Thread sender : senders) {
                sender.join();
            }
            // never an error of a descriptor that is closed or another's
            assertThat(failures).isNotEmpty().allSatisfy(e -> assertThat(e).hasMessage("the socket is closed"));
        }
    }
}
