package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.options.TlsSettings.ClientAuthentication;

/** TLS on both sides (RFC 3261 §26.2, RFC 5922). */
class TlsTest {

    private static final TestCertificate OURS = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate LOCALHOST = TestCertificate.of("dns:localhost");
    private static final TestCertificate ELSEWHERE = TestCertificate.of("dns:elsewhere.test");
    private static final TestCertificate PEER = TestCertificate.of("uri:sip:Peer.test", "dns:host.peer.test");
    private static final SSLContext PHONE = TestCertificate.contextWithout(OURS);

    @TempDir
    private Path folder;

    private ProxyUnderTest proxy = start(tls -> tls, options -> options);

    @AfterEach
    void close() {
        proxy.close();
    }

    private static TlsSettings.Builder settings() {
        return TlsSettings.builder()
                .certificate(OURS.chain(), OURS.key())
                .trust(TestCertificate.bundle(LOCALHOST, ELSEWHERE, PEER));
    }

    private static ProxyUnderTest start(
            UnaryOperator<TlsSettings.Builder> tls, UnaryOperator<SipProxyBuilder> options) {
        return ProxyUnderTest.start(builder -> options.apply(builder.listen(Endpoint.tls("127.0.0.1", 0))
                .tls(tls.apply(settings()).build())));
    }

    private void restart(UnaryOperator<TlsSettings.Builder> tls, UnaryOperator<SipProxyBuilder> options) {
        proxy.close();
        proxy = start(tls, options);
    }

    private WireClient.Tcp registered(String name) {
        WireClient.Tcp client = proxy.tls(name, PHONE);
        proxy.register(client, name, "");
        return client;
    }

    private String ours() {
        return proxy.hostPort(TransportKind.TLS);
    }

    // ---- calls

    @Test
    void aPhoneRegistersAndIsCalledOverItsOwnConnection() {
        WireClient.Tcp bob = registered("bob");
        WireClient.Tcp alice = proxy.tls("alice", PHONE);

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/TLS " + ours());
        assertThat(received.elements("Record-Route"))
                .hasSize(2)
                .allSatisfy(route -> assertThat(route).startsWith("<sip:" + ours() + ";transport=tls"));
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        assertThat(bob.awaitRequest("ACK").has("Route")).isFalse();
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);
        assertThat(bob.acceptedConnections()).isZero();
        assertThat(alice.acceptedConnections()).isZero();
    }

    @Test
    void aCallFromUdpToTlsWorksInBothDirections() {
        WireClient.Tcp bob = registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0))
                .startsWith("<sip:" + ours())
                .contains(";transport=tls", ";r2=on", ";lr", ";ft=");
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.udpHostPort())
                .doesNotContain("transport", ";ft=");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = alice.send(caller.request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        assertThat(alice.awaitRequest("BYE").topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        assertThat(bob.acceptedConnections()).isZero();
        assertThat(bye.method()).isEqualTo("BYE");
    }

    @Test
    void aCallFromTlsToUdpWorksInBothDirections() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp alice = proxy.tls("alice", PHONE);

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = bob.send(Dialog.ofCallee(bob, received, ok).request("INFO"));
        alice.respond(alice.awaitRequest("INFO"), 200);
        bob.awaitResponse(info, 200);
        Request bye = alice.send(caller.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        assertThat(alice.acceptedConnections()).isZero();
    }

    @Test
    void aProxyThatDidNotRecordRouteIsNotInTheDialog() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp other = proxy.tls("other", PHONE);

        other.send(other.request("INVITE", "sip:bob@sip.test")
                .with("Via: SIP/2.0/UDP 192.0.2.9;branch=" + WireClient.unique("z9hG4bK")));

        assertThat(bob.awaitRequest("INVITE").elements("Record-Route"))
                .hasSize(2)
                .noneMatch(route -> route.contains(";ft="));
    }

    @Test
    void aTokenOfAnotherDialogIsIgnored() {
        WireClient.Tcp bob = registered("bob");
        WireClient.Udp alice = proxy.udp("alice");
        Request first = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog toBob = Dialog.ofCaller(alice, alice.awaitResponse(first, 200));
        String token = toBob.routes().get(1).replaceAll(".*(;ft=[^;>]*).*", "$1");
        WireClient.Udp carol = proxy.registered("carol");
        Request second = alice.send(alice.request("INVITE", "sip:carol@sip.test"));
        carol.respond(carol.awaitRequest("INVITE"), 200);
        Dialog toCarol = Dialog.ofCaller(alice, alice.awaitResponse(second, 200));
        bob.discardPending();

        Request info = toCarol.request("INFO");
        alice.send(info.text().replace(";lr", token + ";lr"));

        carol.awaitRequest("INFO");
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void aResponseIsSentOnANewConnectionOnlyToTheProvenSender() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp alice = proxy.tls("alice", LOCALHOST.context(OURS));
        String port = alice.hostPort().replaceAll(".*:", "");
        Request named = alice.request("MESSAGE", "sip:bob@sip.test").via("SIP/2.0/TLS localhost:" + port + ";branch=");
        alice.send(named);
        WireMessage received = bob.awaitRequest("MESSAGE");
        alice.disconnect();
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == 0);

        bob.respond(received, 200);

        alice.awaitResponse(named, 200);
        assertThat(alice.acceptedConnections()).isEqualTo(1);
    }

    // ---- connections to servers

    @Test
    void aServerIsReachedIfItsCertificateMatchesTheUri() {
        WireClient.Tcp server = proxy.tls("server", LOCALHOST.context(OURS));
        String port = server.hostPort().replaceAll(".*:", "");
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sip:server@localhost:" + port + ";transport=tls"));

        server.respond(server.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
        Request again = alice.send(alice.request("MESSAGE", "sips:server@localhost:" + port));
        server.respond(server.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(again, 200);
        assertThat(server.acceptedConnections()).as("reused").isEqualTo(1);
    }

    @Test
    void aServerWithAnotherNameIsNotSentTo() {
        WireClient.Tcp server = proxy.tls("server", ELSEWHERE.context(OURS));
        String port = server.hostPort().replaceAll(".*:", "");
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sip:server@localhost:" + port + ";transport=tls"));

        alice.awaitResponse(message, 500);
        assertThat(server.pending()).isEmpty();
    }

    @Test
    void aServerWithAnUntrustedCertificateIsNotSentTo() {
        TestCertificate unknown = TestCertificate.of("dns:localhost", "dns:unknown.test");
        WireClient.Tcp server = proxy.tls("server", unknown.context(OURS));
        String port = server.hostPort().replaceAll(".*:", "");
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sip:server@localhost:" + port + ";transport=tls"));

        alice.awaitResponse(message, 500);
        assertThat(server.pending()).isEmpty();
    }

    @Test
    void anotherContactIsTriedIfTheNameIsWrong() {
        WireClient.Tcp wrong = proxy.tls("wrong", ELSEWHERE.context(OURS));
        String port = wrong.hostPort().replaceAll(".*:", "");
        WireClient.Udp bob = proxy.udp("bob");
        Request register = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@localhost:" + port + ";transport=tls>;q=0.9, <" + bob.contact() + ">;q=0.5");
        bob.send(register);
        bob.awaitResponse(register, 200);
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
        assertThat(wrong.pending()).isEmpty();
    }

    // ---- sips

    @Test
    void aSipsRequestGoesToAPhoneOnTlsWithSipsRecordRoutes() {
        WireClient.Tcp bob = registered("bob");
        WireClient.Tcp alice = proxy.tls("alice", PHONE);

        alice.send(alice.request("INVITE", "sips:bob@sip.test"));

        assertThat(bob.awaitRequest("INVITE").elements("Record-Route"))
                .hasSize(2)
                .allSatisfy(route -> assertThat(route).startsWith("<sips:" + ours() + ";"));
    }

    @Test
    void aSipsRequestIsNotSentToAPhoneWithoutTls() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.registeredByTcp("carol");
        WireClient.Tcp alice = proxy.tls("alice", PHONE);

        Request toBob = alice.send(alice.request("INVITE", "sips:bob@sip.test"));
        Request toCarol = alice.send(alice.request("INVITE", "sips:carol@sip.test"));

        alice.awaitResponse(toBob, 480);
        alice.awaitResponse(toCarol, 480);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        assertThat(carol.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void noPartOfAPlanForASipsRequestIsSentWithoutTls() {
        AtomicReference<Target> voicemail = new AtomicReference<>();
        restart(
                tls -> tls,
                options -> options.streamLimits(StreamLimits.builder()
                                .connectTimeout(Duration.ofMillis(300)) // the peers do not support TLS
                                .build())
                        .beforeRouting(RequestStage.onInvite(context -> Verdict.relay(RelayPlan.toCallee()
                                .followRedirects()
                                .onAnyFailure()
                                .relay(RelayPlan.to(voicemail.get()))))));
        WireClient.Udp vm = proxy.registered("vm");
        voicemail.set(Target.of(
                proxy.proxy().locationStore().lookup(new Aor("vm", "sip.test")).get(0)));
        WireClient.Udp other = proxy.udp("other");
        WireClient.Tcp bob = registered("bob");
        WireClient.Tcp alice = proxy.tls("alice", PHONE);

        Request invite = alice.send(alice.request("INVITE", "sips:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 302, "Contact: <sip:other@" + other.hostPort() + ">");

        alice.awaitFinal(invite);
        assertThat(other.pendingAfterRoundTrip()).isEmpty();
        assertThat(vm.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void aSipsContactThatWasRegisteredInClearIsCalledOverTlsOnly() {
        restart(
                tls -> tls,
                options -> options.streamLimits(StreamLimits.builder()
                        .connectTimeout(Duration.ofMillis(300)) // the peer does not support TLS and waits for data
                        .build()));
        WireClient.Tcp bob = proxy.tcp("bob");
        String contact = "sips:bob@" + bob.hostPort();
        Request register =
                bob.request("REGISTER", "sip:sip.test").to("<sip:bob@sip.test>").contact("<" + contact + ">");
        bob.send(register);
        bob.awaitResponse(register, 200);
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        alice.awaitResponse(invite, 480);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void withoutATlsListeningPointSipsIsRefused() {
        proxy.close();
        proxy = ProxyUnderTest.start();
        WireClient.Udp bob = proxy.udp("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sips:bob@" + bob.hostPort()));

        alice.awaitResponse(message, 500);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    // ---- client certificates

    @Test
    void aClientsVerifiedCertificateGivesItsDomain() {
        CopyOnWriteArrayList<Set<String>> seen = new CopyOnWriteArrayList<>();
        restart(
                tls -> tls.clientAuthentication(ClientAuthentication.WANT),
                options -> options.beforeAuthentication(context -> {
                    seen.add(context.flow().peerIdentities());
                    return Verdict.respond(404);
                }));
        WireClient.Tcp peer = proxy.tls("peer", PEER.context(OURS));
        WireClient.Tcp phone = proxy.tls("phone", PHONE);

        peer.awaitResponse(peer.send(peer.request("MESSAGE", "sip:bob@sip.test")), 404);
        phone.awaitResponse(phone.send(phone.request("MESSAGE", "sip:bob@sip.test")), 404);

        assertThat(seen).containsExactly(Set.of("peer.test"), Set.of());
    }

    @Test
    void aClientWithoutTheRequiredCertificateIsRefused() throws Exception {
        restart(tls -> tls.clientAuthentication(ClientAuthentication.NEED), options -> options);

        WireClient.Tcp peer = proxy.tls("peer", PEER.context(OURS));
        peer.awaitFinal(peer.send(peer.request("OPTIONS", "sip:sip.test")));

        try (Socket phone = PHONE.getSocketFactory()
                .createSocket(
                        proxy.address(TransportKind.TLS).getAddress(),
                        proxy.address(TransportKind.TLS).getPort())) {
            phone.setSoTimeout(5_000);
            assertThatThrownBy(() -> {
                        phone.getOutputStream().write('\r');
                        phone.getInputStream().read(); // TLS 1.3 reports it with the first read
                    })
                    .isInstanceOf(IOException.class);
        }
        awaitFailedHandshakes(1);
    }

    @Test
    void anUntrustedCertificateIsRefused() {
        TestCertificate stranger = TestCertificate.of("dns:stranger.test");
        restart(tls -> tls.clientAuthentication(ClientAuthentication.WANT), options -> options);

        assertThatThrownBy(() -> {
                    try (SSLSocket socket = (SSLSocket) stranger.context(OURS)
                            .getSocketFactory()
                            .createSocket(
                                    proxy.address(TransportKind.TLS).getAddress(),
                                    proxy.address(TransportKind.TLS).getPort())) {
                        socket.setSoTimeout(5_000);
                        socket.startHandshake();
                        socket.getInputStream().read();
                    }
                })
                .isInstanceOf(SSLException.class);
    }

    // ---- certificate files

    @Test
    void newConnectionsUseTheReloadedCertificate() throws Exception {
        TestCertificate renewed = TestCertificate.of("dns:sip.test", "ip:127.0.0.1", "dns:renewed.test");
        Path chain = Files.copy(OURS.chain(), folder.resolve("chain.pem"));
        Path key = Files.copy(OURS.key(), folder.resolve("key.pem"));
        proxy.close();
        proxy = ProxyUnderTest.start(builder -> builder.listen(Endpoint.tls("127.0.0.1", 0))
                .tls(TlsSettings.builder().certificate(chain, key).build()));
        WireClient.Tcp old = proxy.tls("old", PHONE);

        Files.copy(renewed.chain(), chain, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> proxy.proxy().reloadTls())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is not the key of the first certificate");
        WireClient.Tcp still = proxy.tls("still", PHONE);
        still.awaitFinal(still.send(still.request("OPTIONS", "sip:sip.test")));

        Files.copy(renewed.key(), key, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        proxy.proxy().reloadTls();
        WireClient.Tcp fresh = proxy.tls("fresh", TestCertificate.contextWithout(renewed));
        fresh.awaitFinal(fresh.send(fresh.request("OPTIONS", "sip:sip.test")));
        old.awaitFinal(old.send(old.request("OPTIONS", "sip:sip.test")));
    }

    @Test
    void aKeyStoreOfTheHostIsReadAtTheStartAndAtEachReload() throws Exception {
        TestCertificate renewed = TestCertificate.of("dns:sip.test", "ip:127.0.0.1", "dns:renewed.test");
        AtomicReference<KeyStore> store = new AtomicReference<>(OURS.store());
        restart(
                tls -> TlsSettings.builder()
                        .keyStore(store::get, "test")
                        .keyPassword(TestCertificate::password)
                        .trustStore(PEER::trusted),
                options -> options);
        WireClient.Tcp first = proxy.tls("first", PHONE);
        first.awaitFinal(first.send(first.request("OPTIONS", "sip:sip.test")));

        store.set(renewed.store());
        proxy.proxy().reloadTls();

        WireClient.Tcp fresh = proxy.tls("fresh", TestCertificate.contextWithout(renewed));
        fresh.awaitFinal(fresh.send(fresh.request("OPTIONS", "sip:sip.test")));
        first.awaitFinal(first.send(first.request("OPTIONS", "sip:sip.test")));
    }

    @Test
    void aProxyThatCannotReadItsCertificateDoesNotStart() {
        Path missing = folder.resolve("missing.pem");

        assertThatThrownBy(() ->
                        start(tls -> TlsSettings.builder().certificate(missing, OURS.key()), options -> options))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("tls: certificate: " + missing + " does not exist; check the path");
    }

    @Test
    void aTlsEndpointNeedsACertificate() {
        assertThatThrownBy(() -> ProxyUnderTest.start(builder -> builder.listen(Endpoint.tls("127.0.0.1", 5061))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("listen: tls:127.0.0.1:5061 needs a certificate; set tls");
    }

    // ---- input that is not TLS

    @Test
    void garbageInsteadOfAHandshakeEndsTheConnection() throws Exception {
        try (Socket socket = plain()) {
            socket.getOutputStream().write("OPTIONS sip:sip.test SIP/2.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            awaitEnd(socket);
        }
        awaitFailedHandshakes(1);
        registered("bob");
    }

    @Test
    void aSourceThatAFilterRefusesGetsNoHandshake() throws Exception {
        ArrivalFilter filter = new ArrivalFilter() {
            @Override
            public boolean accepts(Flow flow, int length) {
                return true;
            }

            @Override
            public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
                return endpoint.kind() != TransportKind.TLS;
            }
        };
        restart(tls -> tls, options -> options.component(hooks -> hooks.onArrival(filter)));

        try (Socket socket = plain()) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }

        assertThat(proxy.proxy().statistics().filtered()).isEqualTo(1);
        assertThat(proxy.proxy().statistics().failedHandshakes()).isZero();
    }

    @Test
    void anUnfinishedHandshakeEndsAfterItsTimeout() throws Exception {
        restart(tls -> tls.handshakeTimeout(Duration.ofSeconds(1)), options -> options);
        try (Socket silent = plain();
                Socket half = plain()) {
            half.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0});

            awaitEnd(silent);
            awaitEnd(half);
        }
        awaitFailedHandshakes(2);
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == 0);
        registered("bob");
    }

    @Test
    void connectionsInTheirHandshakeCount() throws Exception {
        restart(
                tls -> tls,
                options -> options.streamLimits(
                        StreamLimits.builder().connectionsPerSource(2).build()));
        try (Socket one = plain()) {
            awaitConnections(1); // so that it is the oldest
            try (Socket two = plain()) {
                awaitConnections(2);
                try (Socket three = plain()) {
                    awaitEnd(one); // the oldest without a message is evicted
                    Awaitility.await().until(() -> proxy.proxy().statistics().evictedConnections() == 1);
                    awaitConnections(2);
                    assertThat(two.isClosed() || three.isClosed()).isFalse();
                }
            }
        }
    }

    private void awaitConnections(int count) {
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == count);
    }

    private Socket plain() throws IOException {
        Socket socket = new Socket(
                proxy.address(TransportKind.TLS).getAddress(),
                proxy.address(TransportKind.TLS).getPort());
        socket.setSoTimeout(5_000);
        return socket;
    }

    private static void awaitEnd(Socket socket) {
        try {
            InputStream in = socket.getInputStream();
            while (in.read() >= 0) {
                // an alert
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection stays open", e);
        } catch (IOException e) {
            // a reset is an end too
        }
    }

    private void awaitFailedHandshakes(int count) {
        Awaitility.await()
                .untilAsserted(() -> assertThat(proxy.proxy().statistics().failedHandshakes())
                        .isEqualTo(count));
    }
}
