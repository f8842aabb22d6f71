package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.StreamLimits;

/** Requests above the size for UDP (RFC 3261 §18.1.1). */
class LargeRequestTest extends TransportScene {

    @Test
    void requestOver1300BytesGoesByTcp() {
        WireClient.Tcp listening = proxy.tcp("bob");
        Request register = alice.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@" + listening.hostPort() + ">");
        alice.send(register);
        alice.awaitResponse(register, 200);

        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "x".repeat(1300)));

        WireMessage received = listening.awaitRequest("MESSAGE");
        assertThat(received.topVia()).startsWith("SIP/2.0/TCP ");
        assertThat(received.body()).hasSize(1300);
        assertThat(listening.acceptedConnections()).isEqualTo(1);
        listening.respond(received, 200);
        assertThat(message.method()).isEqualTo("MESSAGE");
    }

    @Test
    void largeRequestGoesByUdpIfTcpIsRefused() {
        WireClient.Udp bob = proxy.registered("bob");

        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "x".repeat(3000)));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP ");
        bob.respond(received, 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void largeRequestGoesByUdpSoonIfTcpIsFilteredAndAtOnceTheNextTime() throws Exception {
        try (ProxyUnderTest patient = ProxyUnderTest.start(
                builder -> builder.nextHops(NextHopPolicy.DEFAULT.withTcpAttempt(Duration.ofMillis(50)))
                        .streamLimits(StreamLimits.builder()
                                .connectTimeout(Duration.ofMinutes(1))
                                .build()))) {
            WireClient.Udp caller = patient.udp("caller");
            SilentListener taken = null;
            WireClient.Udp bob = null;
            String user = "";
            for (int attempt = 0; taken == null; attempt++) {
                user = "bob" + attempt;
                bob = patient.registered(user);
                taken = SilentListener.at(bob.port(), attempt == 9);
            }
            try (SilentListener silent = taken) {
                for (int i = 0; i < 2; i++) {
                    Request message = caller.send(caller.request("MESSAGE", "sip:" + user + "@sip.test")
                            .body("text/plain", "x".repeat(3000)));
                    WireMessage received = bob.awaitRequest("MESSAGE");
                    assertThat(received.topVia()).startsWith("SIP/2.0/UDP ");
                    bob.respond(received, 200);
                    caller.awaitResponse(message, 200);
                }
                assertThat(silent.queued).isNotEmpty();
            }
        }
    }

    @Test
    void largestUdpRequestIsAnOption() {
        try (ProxyUnderTest other =
                ProxyUnderTest.start(builder -> builder.nextHops(NextHopPolicy.DEFAULT.withLargestUdpRequest(0)))) {
            WireClient.Tcp listening = other.tcp("listening");
            WireClient.Udp bob = other.registered("bob");
            WireClient.Udp caller = other.udp("caller");

            caller.send(caller.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "x".repeat(3000)));

            assertThat(bob.awaitRequest("MESSAGE").topVia()).startsWith("SIP/2.0/UDP ");
            assertThat(listening.acceptedConnections()).isZero();
        }
    }

    /** Listener whose queue is full: the system drops each further SYN, as a firewall does. */
    private static final class SilentListener implements AutoCloseable {

        private final ServerSocket server;
        private final List<SocketChannel> queued = new ArrayList<>();

        /** Returns a listener; null if another process has the port. Throws in that case if {@code last}. */
        static @Nullable SilentListener at(int port, boolean last) throws IOException {
            try {
                return new SilentListener(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
            } catch (BindException e) {
                if (last) {
                    throw e;
                }
                return null;
            }
        }

        private SilentListener(ServerSocket server) throws IOException {
            this.server = server;
            for (int i = 0; i < 4; i++) {
                SocketChannel channel = SocketChannel.open();
                channel.configureBlocking(false);
                channel.connect(server.getLocalSocketAddress());
                queued.add(channel);
            }
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel channel : queued) {
                channel.close();
            }
            server.close();
        }
    }
}
