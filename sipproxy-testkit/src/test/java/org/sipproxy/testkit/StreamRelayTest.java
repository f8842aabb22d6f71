package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.transport.TransportKind;

/** An application with a plain socket behind a relay to the proxy. */
@Timeout(60)
class StreamRelayTest {

    private static final int PATIENCE_MILLIS = 20_000;

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.create();

    private StreamRelay relay(StreamRelay.Builder options) {
        return sip.closing(options.open());
    }

    private Socket connect(StreamRelay relay) throws IOException {
        Socket socket = sip.closing(
                new Socket(relay.address().getAddress(), relay.address().getPort()));
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static void send(Socket socket, int number) throws IOException {
        String request = "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK" + number
                + "\r\nFrom: <sip:app@sip.test>;tag=a\r\nTo: <sip:sip.test>\r\nCall-ID: relay\r\nCSeq: " + number
                + " OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads one message without a body. */
    private static String read(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("after: " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }

    @Test
    void messagesPassBothWays() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()));
        Socket application = connect(relay);

        send(application, 1);

        assertThat(read(application)).startsWith("SIP/2.0 200 OK\r\n");
        assertThat(relay.connections()).isEqualTo(1);
    }

    @Test
    void cutConnectionEndsAndANewOneIsAccepted() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()));
        Socket application = connect(relay);
        send(application, 1);
        read(application);

        relay.cut();

        assertThat(application.getInputStream().read()).isEqualTo(-1);
        await().untilAsserted(
                        () -> assertThat(sip.proxy().statistics().connections()).isZero());
        Socket again = connect(relay);
        send(again, 2);
        assertThat(read(again)).startsWith("SIP/2.0 200 OK\r\n");
    }

    @Test
    void resetConnectionThrows() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()));
        Socket application = connect(relay);
        send(application, 1);
        read(application);

        relay.reset();

        assertThatThrownBy(() -> application.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void stalledConnectionDeliversWhenItResumes() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()));
        Socket application = connect(relay);
        send(application, 1);
        read(application);

        relay.stall();
        send(application, 2);
        application.setSoTimeout(300);
        assertThatThrownBy(() -> read(application)).isInstanceOf(SocketTimeoutException.class);
        application.setSoTimeout(PATIENCE_MILLIS);
        relay.resume();

        assertThat(read(application)).contains("CSeq: 2 OPTIONS\r\n");
    }

    @Test
    void messageIsCutInTheMiddle() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp())
                .faults(NetworkFaults.builder(1).cutAfter(1).build()));
        Socket application = connect(relay);
        send(application, 1);
        assertThat(read(application)).contains("CSeq: 1 OPTIONS\r\n");

        send(application, 2);

        assertThatThrownBy(() -> read(application)).isInstanceOf(IOException.class);
        await().untilAsserted(
                        () -> assertThat(sip.proxy().statistics().connections()).isZero());
        assertThat(sip.ladder().arrows()).hasSize(2);
    }

    @Test
    void garbageReachesTheTarget() throws IOException {
        try (ServerSocket target = new ServerSocket(0)) {
            target.setSoTimeout(PATIENCE_MILLIS);
            StreamRelay relay = relay(StreamRelay.builder(new InetSocketAddress("127.0.0.1", target.getLocalPort()))
                    .faults(NetworkFaults.builder(7).garbage(1).build()));
            Socket application = connect(relay);

            send(application, 1);

            try (Socket server = target.accept()) {
                server.setSoTimeout(PATIENCE_MILLIS);
                byte[] first = server.getInputStream().readNBytes(100);
                assertThat(new String(first, StandardCharsets.ISO_8859_1))
                        .isNotEqualTo("OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1"
                                + "\r\nFrom: <sip:app@sip.test>;t")
                        .contains("sip");
            }
        }
    }

    @Test
    void delayIsOnTheClockOfTheTest() throws IOException {
        TestClock clock = TestClock.stopped();
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp())
                .clock(clock)
                .faults(NetworkFaults.builder(1).delay(Duration.ofMinutes(1)).build()));
        Socket application = connect(relay);
        send(application, 1);
        application.setSoTimeout(1);
        List<String> received = new ArrayList<>();

        await().atMost(Duration.ofSeconds(30)).until(() -> {
            clock.advance(Duration.ofMinutes(1));
            try {
                received.add(read(application));
            } catch (SocketTimeoutException e) {
                // not yet
            }
            return !received.isEmpty();
        });

        assertThat(received.get(0)).startsWith("SIP/2.0 200 OK\r\n");
        assertThat(Duration.between(java.time.Instant.now(), clock.now())).isGreaterThan(Duration.ofSeconds(90));
    }

    @Test
    void proxyReadsAMessageByteForByte() throws IOException {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()).pieces(1, Duration.ofMillis(1)));
        Socket application = connect(relay);

        send(application, 1);
        send(application, 2);

        assertThat(read(application)).contains("CSeq: 1 OPTIONS\r\n");
        assertThat(read(application)).contains("CSeq: 2 OPTIONS\r\n");
    }

    @Test
    void phoneCallsThroughARelay() {
        StreamRelay relay = relay(StreamRelay.builder(sip.tcp()).pieces(40, Duration.ZERO));
        Phone bob = sip.registeredPhone(
                "bob",
                phone -> phone.transport(TransportKind.TCP)
                        .proxy(relay.address())
                        .lenient());

        OutgoingCall call = sip.phone("alice").call("bob");
        bob.awaitCall().answer();
        call.awaitAnswer().hangUp();
    }

    @Test
    void connectionIsClosedIfTheTargetDoesNotListen() throws IOException {
        int unused;
        try (ServerSocket closed = new ServerSocket(0)) {
            unused = closed.getLocalPort();
        }
        Socket application = connect(relay(StreamRelay.builder(new InetSocketAddress("127.0.0.1", unused))));

        assertThat(application.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void optionsOutsideTheirRangeAreRefused() {
        assertThatThrownBy(() -> StreamRelay.builder(sip.tcp()).pieces(0, Duration.ZERO))
                .hasMessageStartingWith("pieces: 0 bytes every PT0S (expected");
    }
}
