package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.ParseLimits;

/** Choice of connections over TLS by the host that they reach (RFC 5922 §7.3). */
@Timeout(60)
class TlsTransportTest {

    private static final byte[] REQUEST =
            "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1);
    private static final TestCertificate OURS = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate TWO_NAMES = TestCertificate.of("dns:one.test", "dns:two.test");

    private final TransportCounters counters = new TransportCounters();
    private final RecordingInbound inbound = new RecordingInbound();
    private final StreamEnvironment environment = StreamEnvironment.create(
            2,
            ProxyThreads.named("test"),
            StreamLimits.DEFAULT,
            ParseLimits.DEFAULT,
            counters,
            System::currentTimeMillis);
    private final StreamTransport transport = StreamTransport.tls(
            Endpoint.tls("127.0.0.1", 0),
            new TlsContexts(TlsSettings.builder()
                    .certificate(OURS.chain(), OURS.key())
                    .trust(TWO_NAMES.chain())
                    .build()),
            environment,
            inbound);
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    /** The names in SNI, one list for each connection; empty without SNI. */
    private final List<List<SNIServerName>> asked = new CopyOnWriteArrayList<>();

    private final SSLServerSocket server;

    TlsTransportTest() throws IOException {
        transport.bind();
        transport.start();
        server = (SSLServerSocket) TWO_NAMES
                .context(OURS)
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
        Thread acceptor = new Thread(this::accept, "tls-server");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                SSLSocket socket = (SSLSocket) server.accept();
                socket.startHandshake();
                asked.add(((ExtendedSSLSession) socket.getSession()).getRequestedServerNames());
                Thread reader = new Thread(() -> read(socket), "tls-reader");
                reader.setDaemon(true);
                reader.start();
            } catch (IOException e) {
                // refused by the other side, or ended
            }
        }
    }

    private static void read(SSLSocket socket) {
        try (socket) {
            while (socket.getInputStream().read() >= 0) {
                // the result does not matter
            }
        } catch (IOException e) {
            // closed already
        }
    }

    @AfterEach
    void nothingIsLeftOpen() throws IOException {
        server.close();
        transport.close();
        assertThat(environment.budget.open()).as("places still taken").isZero();
        environment.close();
    }

    private InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    private TransportFlow sent(String name) {
        TransportFlow flow = transport.flowTo(address(), name);
        flow.send(REQUEST, failures::add);
        return flow;
    }

    @Test
    void aConnectionIsReusedForItsName() {
        TransportFlow first = sent("one.test");
        await().until(() -> counters.connected.sum() == 1);

        assertThat(sent("one.test")).isSameAs(first);
        assertThat(first.peerIdentities()).containsExactlyInAnyOrder("one.test", "two.test");
        await().until(() -> asked.toString().contains("one.test"));
    }

    @Test
    void aConnectionIsReusedForAnotherNameInItsCertificate() {
        TransportFlow first = sent("one.test");
        await().until(() -> counters.connected.sum() == 1);

        assertThat(sent("two.test")).isSameAs(first);
        assertThat(failures).isEmpty();
    }

    @Test
    void aConnectionIsNotReusedForANameMissingInItsCertificate() {
        TransportFlow first = sent("one.test");
        await().until(() -> counters.connected.sum() == 1);

        TransportFlow other = sent("three.test");

        assertThat(other).isNotSameAs(first);
        await().until(() -> failures.size() == 1);
        assertThat(failures.get(0))
                .hasMessageContaining(
                        "cannot connect to tls:127.0.0.1:" + address().getPort() + " as three.test")
                .hasMessageContaining("its certificate is for");
        assertThat(first.isOpen()).isTrue();
        assertThat(counters.connectFailures.sum()).isEqualTo(1);
    }

    @Test
    void aConnectionIsNotReusedForItsAddressUnlessTheCertificateHasIt() {
        sent("one.test");
        await().until(() -> counters.connected.sum() == 1);

        sent("127.0.0.1");

        await().until(() -> failures.size() == 1);
        assertThat(transport.existing(address()))
                .as("the peer has not opened it")
                .isEmpty();
    }

    @Test
    void twoNamesAtOnceAreTwoConnections() {
        TransportFlow one = sent("one.test");
        TransportFlow two = sent("two.test");

        assertThat(two).isNotSameAs(one);
        await().until(() -> counters.connected.sum() == 2);
        assertThat(failures).isEmpty();
    }

    @Test
    void aHandshakeInProgressEndsWithTheListeningPoint() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            transport
                    .flowTo((InetSocketAddress) silent.getLocalSocketAddress(), "one.test")
                    .send(REQUEST, failures::add);
            try (Socket accepted = silent.accept()) {
                assertThat(accepted.getInputStream().read()).as("a handshake").isEqualTo(22);

                transport.close();

                assertThat(failures).hasSize(1);
                assertThat(transport.connectionCount()).isZero();
            }
        }
    }

    @Test
    void aPeerThatDoesNotReadIsClosed() throws IOException {
        try (SSLSocket peer = (SSLSocket) TWO_NAMES
                .context(OURS)
                .getSocketFactory()
                .createSocket("127.0.0.1", transport.boundEndpoint().port())) {
            peer.getOutputStream().write(REQUEST);
            await().until(() -> inbound.messages.size() == 1);
            TransportFlow flow = transport
                    .existing((InetSocketAddress) peer.getLocalSocketAddress())
                    .orElseThrow();
            byte[] large = new byte[100_000];

            for (int i = 0; i < 1_000 && flow.isOpen(); i++) {
                flow.send(large, failures::add);
            }

            assertThat(flow.isOpen()).isFalse();
            assertThat(counters.closedFull.sum()).isEqualTo(1);
            await().until(() -> environment.budget.open() == 0);
            assertThat(failures).isNotEmpty();
        }
    }

    @Test
    void acceptedConnectionIsFoundByAddressAndNotByName() throws IOException {
        try (SSLSocket peer = (SSLSocket) TWO_NAMES
                .context(OURS)
                .getSocketFactory()
                .createSocket("127.0.0.1", transport.boundEndpoint().port())) {
            peer.getOutputStream().write(REQUEST);
            await().until(() -> inbound.messages.size() == 1);
            InetSocketAddress remote = (InetSocketAddress) peer.getLocalSocketAddress();

            TransportFlow accepted = transport.existing(remote).orElseThrow();

            assertThat(accepted.isPeerInitiated()).isTrue();
            assertThat(environment.peersOwn(accepted.connectionId().orElseThrow()))
                    .isSameAs(accepted);
            TransportFlow made = transport.flowTo(remote, "one.test");
            assertThat(made).isNotSameAs(accepted);
            made.send(REQUEST, failures::add);
            await().until(() -> failures.size() == 1); // the port is closed
        }
    }
}
