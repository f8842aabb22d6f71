package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;

/** A stream transport with a recording inbound handler, which must leave no connection behind. */
@Timeout(60)
abstract class StreamTransportScene {

    static final String REQUEST = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody";
    static final String RESPONSE = "SIP/2.0 200 OK\r\nCall-ID: 1\r\nl: 0\r\n\r\n";

    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    final TransportCounters counters = new TransportCounters();
    /** The time of the proxy. */
    final AtomicLong clock = new AtomicLong(1_000_000);

    final RecordingInbound inbound = new RecordingInbound();
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    final List<AutoCloseable> toClose = new ArrayList<>();
    StreamEnvironment environment;

    StreamEnvironment environment(StreamLimits limits) {
        return StreamEnvironment.create(
                2, ProxyThreads.named("test"), limits, ParseLimits.DEFAULT, counters, clock::get);
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

    StreamTransport started() {
        return started(StreamLimits.DEFAULT);
    }

    StreamTransport started(StreamLimits limits) {
        return started(Endpoint.tcp("127.0.0.1", 0), limits);
    }

    StreamTransport started(Endpoint endpoint, StreamLimits limits) {
        environment = environment(limits);
        StreamTransport transport = closing(StreamTransport.tcp(endpoint, environment, inbound));
        transport.bind();
        transport.start();
        return transport;
    }

    TcpPeer peerOf(StreamTransport transport) throws IOException {
        return closing(TcpPeer.to(transport));
    }

    /** Sends a request and waits until it is received. */
    TransportFlow flowOf(TcpPeer peer) throws IOException {
        peer.write(REQUEST);
        await().pollInterval(Duration.ofMillis(2))
                .until(() -> inbound.flows.stream()
                        .anyMatch(flow -> flow.remoteAddress().equals(peer.address())));
        return inbound.flows.stream()
                .filter(flow -> flow.remoteAddress().equals(peer.address()))
                .findFirst()
                .orElseThrow();
    }

    CountDownLatch blockEventLoops() {
        CountDownLatch hold = new CountDownLatch(1);
        for (EventExecutor loop : environment.eventLoop().parent()) {
            loop.execute(() -> {
                try {
                    hold.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
        toClose.add(hold::countDown);
        return hold;
    }

    static long pendingBytes(List<TransportFlow> flows) {
        return flows.stream()
                .mapToLong(flow -> ((StreamConnection) flow).pendingBytes())
                .sum();
    }

    ServerSocket listeningOn(InetAddress address) {
        try {
            return closing(new ServerSocket(0, 10, address));
        } catch (IOException e) {
            return abort("no " + address + " on this machine");
        }
    }

    static InetSocketAddress unusedAddress() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            return new InetSocketAddress(LOOPBACK, free.getLocalPort());
        }
    }

    <T extends AutoCloseable> T closing(T resource) {
        toClose.add(resource);
        return resource;
    }

    static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    static LimitsBuilder limits() {
        return new LimitsBuilder();
    }

    /** Default limits, of which a test changes some. */
    static final class LimitsBuilder {

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
            return StreamLimits.builder()
                    .connections(connections)
                    .connectionsPerSource(perSource)
                    .firstMessageTimeout(firstMessage)
                    .idleTimeout(idle)
                    .messageTimeout(message)
                    .connectTimeout(connect)
                    .bufferedBytes(bufferedBytes)
                    .build();
        }
    }
}
