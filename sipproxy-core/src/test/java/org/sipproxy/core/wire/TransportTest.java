package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.StreamLimits;

/** Datagrams and streams (RFC 3261 §18, RFC 3581, RFC 5626 §3.5.1, RFC 5658). */
class TransportTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.udp("alice");

    @AfterEach
    void close() {
        proxy.close();
    }

    private static Dialog call(WireClient from, WireClient to, String user) {
        Request invite = from.send(from.request("INVITE", "sip:" + user + "@sip.test"));
        to.reply(to.awaitRequest("INVITE"), 200);
        return Dialog.ofCaller(from, from.awaitResponse(invite, 200));
    }

    // ---- received and rport

    @Test
    void rportIsFilledAndReceivedIsAdded() {
        Request options =
                alice.send(alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 10.9.9.9:5555;rport;branch="));

        String via = alice.awaitFinal(options).topVia();

        assertThat(via).startsWith("SIP/2.0/UDP 10.9.9.9:5555");
        assertThat(WireMessage.parameter(via, "received")).contains("127.0.0.1");
        assertThat(WireMessage.parameter(via, "rport")).contains(String.valueOf(alice.port()));
        assertThat(WireMessage.parameter(via, "branch")).contains(options.branch());
    }

    @Test
    void receivedIsAddedForANameToo() {
        Request options = alice.send(
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP phone.invalid:" + alice.port() + ";branch="));

        assertThat(WireMessage.parameter(alice.awaitFinal(options).topVia(), "received"))
                .contains("127.0.0.1");
    }

    @Test
    void forgedReceivedIsReplaced() {
        Request options = alice.send(
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 10.9.9.9;received=192.0.2.66;rport;branch="));

        assertThat(WireMessage.parameter(alice.awaitFinal(options).topVia(), "received"))
                .contains("127.0.0.1");
    }

    @Test
    void withoutRportTheResponseGoesToThePortOfSentBy() {
        WireClient.Udp other = proxy.udp("other");
        Request options =
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 127.0.0.1:" + other.port() + ";branch=");

        alice.send(options);

        WireMessage answer = other.awaitFinal(options);
        assertThat(WireMessage.parameter(answer.topVia(), "rport")).isEmpty();
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void withRportTheResponseGoesToTheSourcePort() {
        WireClient.Udp other = proxy.udp("other");
        Request options = alice.request("OPTIONS", "sip:sip.test")
                .via("SIP/2.0/UDP 127.0.0.1:" + other.port() + ";rport;branch=");

        alice.send(options);

        alice.awaitFinal(options);
        assertThat(other.pendingAfterRoundTrip()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.77", "10.77.0.5", "224.0.1.75", "255.255.255.255", "localhost", "[::1]", "0.0.0.0"})
    void maddrOfAThirdPartyIsNotFollowed(String maddr) {
        String sentBy = "SIP/2.0/UDP 127.0.0.1:" + alice.port() + ";maddr=" + maddr;
        for (String via : new String[] {sentBy + ";branch=", sentBy + ";rport;branch="}) {
            Request options =
                    alice.send(alice.request("OPTIONS", "sip:sip.test").via(via));
            Request malformed =
                    alice.send(alice.request("OPTIONS", "sip:sip.test").via(via).with("Content-Length: none"));
            Request denied = alice.send(alice.request("MESSAGE", "sip:x@elsewhere.test")
                    .from("<sip:m@elsewhere.test>;tag=1")
                    .via(via));

            assertThat(alice.awaitFinal(options).status()).isEqualTo(200);
            assertThat(alice.awaitFinal(malformed).status()).isEqualTo(400);
            assertThat(alice.awaitFinal(denied).status()).isEqualTo(403);
        }
    }

    @Test
    void maddrThatIsTheSourceHasNoEffect() {
        WireClient.Udp other = proxy.udp("other");
        Request options = alice.request("OPTIONS", "sip:sip.test")
                .via("SIP/2.0/UDP 10.9.9.9:" + other.port() + ";maddr=127.0.0.1;branch=");

        alice.send(options);

        other.awaitFinal(options);
    }

    @Test
    void forwardedResponsesUseTheSourcePortToo() {
        WireClient.Udp bob = proxy.registered("bob");
        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").via("SIP/2.0/UDP 10.9.9.9:5555;rport;branch="));

        bob.reply(bob.awaitRequest("MESSAGE"), 200);

        assertThat(alice.awaitResponse(message, 200).topVia()).startsWith("SIP/2.0/UDP 10.9.9.9:5555");
    }

    @Test
    void responseComesFromTheAddressThatTheRequestWentTo() {
        Request options = alice.send(alice.request("OPTIONS", "sip:sip.test"));

        assertThat(alice.awaitFinal(options).source()).isEqualTo(proxy.address(TransportKind.UDP));
    }

    @Test
    void forwardedRequestIsSentFromTheListeningPort() {
        WireClient.Udp bob = proxy.registered("bob");

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("MESSAGE").source()).isEqualTo(proxy.address(TransportKind.UDP));
    }

    @Test
    void keepaliveDatagramsGetNoResponse() {
        for (String text : new String[] {"\r\n", "\r\n\r\n", "\u0000\u0000\u0000\u0000", "", " "}) {
            alice.sendBytes(text.getBytes(ISO_8859_1));
        }

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    // ---- UDP and TCP in one call

    @Test
    void callFromUdpToTcpHasTwoRecordRoutes() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/TCP " + proxy.tcpHostPort());
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0))
                .startsWith("<sip:" + proxy.tcpHostPort())
                .contains("transport=tcp", ";lr");
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.udpHostPort())
                .contains(";lr")
                .doesNotContain("transport=tcp");
        WireMessage ok = bob.reply(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        assertThat(bob.awaitRequest("ACK").has("Route")).isFalse();
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        WireMessage atAlice = alice.awaitRequest("BYE");
        assertThat(atAlice.has("Route")).isFalse();
        assertThat(atAlice.topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        alice.reply(atAlice, 200);
        bob.awaitResponse(bye, 200);
    }

    @Test
    void callFromTcpToUdpHasTwoRecordRoutes() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0)).startsWith("<sip:" + proxy.udpHostPort());
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.tcpHostPort())
                .contains("transport=tcp");
        bob.reply(received, 200);
        Dialog caller = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
        carol.send(caller.ack());
        bob.awaitRequest("ACK");
        Request bye = carol.send(caller.request("BYE"));
        bob.reply(bob.awaitRequest("BYE"), 200);
        carol.awaitResponse(bye, 200);
    }

    @Test
    void callWithinOneTransportHasOneRecordRoute() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.send(carol.request("INVITE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("INVITE").elements("Record-Route")).hasSize(1);
    }

    @Test
    void failureOverTcpIsAcknowledgedAndNotRetransmitted() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.reply(bob.awaitRequest("INVITE"), 486);

        bob.awaitRequest("ACK");
        WireMessage failure = alice.awaitResponse(invite, 486);

        alice.send(invite.ack(failure).text());
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void responseWithoutContentLengthGetsOneForTheStream() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Request message = carol.send(carol.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage response = Response.of(bob, bob.awaitRequest("MESSAGE"), 200, "\r\nbody");

        bob.send(response.text().replaceFirst("Content-Length: 4\r\n", ""));

        WireMessage ok = carol.awaitResponse(message, 200);
        assertThat(ok.header("Content-Length")).isEqualTo("4");
        assertThat(ok.body()).isEqualTo("body");
    }

    @Test
    void requestWithoutContentLengthGetsOneForTheStream() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test")
                .body("text/plain", "hello")
                .text()
                .replaceFirst("Content-Length: 5\r\n", ""));

        assertThat(bob.awaitRequest("MESSAGE").body()).isEqualTo("hello");
    }

    // ---- size

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
        listening.reply(received, 200);
        assertThat(message.method()).isEqualTo("MESSAGE");
    }

    @Test
    void largeRequestGoesByUdpIfTcpIsRefused() {
        WireClient.Udp bob = proxy.registered("bob");

        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "x".repeat(3000)));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP ");
        bob.reply(received, 200);
        alice.awaitResponse(message, 200);
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

    @Test
    void largeRequestGoesByUdpSoonIfTcpIsFilteredAndAtOnceTheNextTime() throws Exception {
        try (ProxyUnderTest patient = ProxyUnderTest.start(
                builder -> builder.nextHops(NextHopPolicy.DEFAULT.withTcpAttempt(Duration.ofMillis(50)))
                        .streamLimits(StreamLimits.builder().connectTimeout(Duration.ofMinutes(1)).build()))) {
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
                    bob.reply(received, 200);
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

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 30_000, 50_000})
    void bodyOfAnySizeCrossesTcp(int size) {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        Request message =
                carol.send(carol.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "y".repeat(size)));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.body()).hasSize(size);
        bob.reply(received, 200, "\r\n" + "z".repeat(size));
        assertThat(carol.awaitResponse(message, 200).body()).hasSize(size);
    }

    // ---- streams

    @Test
    void streamMayBeCutAnywhere() {
        WireClient.Tcp carol = proxy.tcp("carol");
        Request options = carol.request("OPTIONS", "sip:sip.test").body("text/plain", "body");

        for (byte b : options.text().getBytes(ISO_8859_1)) {
            carol.sendBytes(new byte[] {b});
        }

        assertThat(carol.awaitFinal(options).status()).isEqualTo(200);
    }

    @Test
    void severalRequestsInOneSegmentAllGetResponses() {
        WireClient.Tcp carol = proxy.tcp("carol");
        Request[] requests = new Request[20];
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < requests.length; i++) {
            requests[i] = carol.request("OPTIONS", "sip:sip.test").body("text/plain", "b".repeat(i));
            all.append(requests[i].text()).append(i % 3 == 0 ? "\r\n" : "");
        }

        carol.send(all.toString());

        for (Request request : requests) {
            assertThat(carol.awaitFinal(request).status()).isEqualTo(200);
        }
    }

    @Test
    void pingGetsAPong() {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes("\r\n\r\n".getBytes(ISO_8859_1));
        carol.awaitCrlf(2);

        carol.pendingAfterRoundTrip();
        assertThat(carol.betweenMessages()).isEqualTo("\r\n");
    }

    @Test
    void singleLineEndIsNotAPing() {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes("\r\n".getBytes(ISO_8859_1));

        carol.pendingAfterRoundTrip();
        assertThat(carol.betweenMessages()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Length: 0 | X-No-Length: 0",
                "Content-Length: 0 | Content-Length: x",
                "Content-Length: 0 | Content-Length: -1",
                "Content-Length: 0 | Content-Length: 2147483647",
                "Content-Length: 0 | Content-Length: 99999999999999"
            })
    void streamThatCannotBeFramedGets400AndIsClosed(String original, String broken) {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.send(carol.request("OPTIONS", "sip:sip.test").text().replace(original, broken));

        assertThat(carol.await("400", WireMessage::isResponse).status()).isIn(400, 413, 513);
        carol.awaitEnd();
    }

    @Test
    void malformedRequestThatCanBeFramedLeavesTheConnectionOpen() {
        WireClient.Tcp carol = proxy.tcp("carol");
        carol.send(carol.request("OPTIONS", "sip:sip.test").text().replace("CSeq: 1", "CSeq: x"));
        assertThat(carol.await("400", WireMessage::isResponse).status()).isEqualTo(400);

        Request options = carol.send(carol.request("OPTIONS", "sip:sip.test"));

        assertThat(carol.awaitFinal(options).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
                "\u0000\u0000\u0000\u0000",
                "<xml/>\r\n\r\n"
            })
    void inputThatIsNotSipEndsTheConnection(String text) {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes(text.getBytes(ISO_8859_1));

        carol.awaitEnd();
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void messageThatIsNeverFinishedEndsTheConnection() {
        StreamLimits limits = StreamLimits.builder().connections(100).connectionsPerSource(100).firstMessageTimeout(Duration.ofMinutes(1)).idleTimeout(Duration.ofMinutes(1)).messageTimeout(Duration.ofMillis(200)).connectTimeout(Duration.ofSeconds(1)).bufferedBytes(1 << 20).build();
        try (ProxyUnderTest impatient = ProxyUnderTest.start(b -> b.streamLimits(limits))) {
            WireClient.Tcp carol = impatient.tcp("carol");

            carol.sendBytes("OPTIONS sip:sip.test SIP/2.0\r\nVia: ".getBytes(ISO_8859_1));

            carol.awaitEnd();
        }
    }

    @Test
    void idleConnectionIsClosed() {
        StreamLimits limits = StreamLimits.builder().connections(100).connectionsPerSource(100).firstMessageTimeout(Duration.ofMinutes(1)).idleTimeout(Duration.ofSeconds(1)).messageTimeout(Duration.ofSeconds(1)).connectTimeout(Duration.ofSeconds(1)).bufferedBytes(1 << 20).build();
        try (ProxyUnderTest impatient = ProxyUnderTest.start(b -> b.streamLimits(limits))) {
            impatient.tcp("carol").awaitEnd();
        }
    }

    @Test
    void connectionIsReusedForRequestsToItsPeer() {
        WireClient.Tcp bob = proxy.tcp("bob");
        String ephemeral = "127.0.0.1:" + bob.localAddress().getPort();
        Request register = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@" + ephemeral + ";transport=tcp>");
        bob.send(register);
        bob.awaitResponse(register, 200);

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.awaitRequest("MESSAGE");
        assertThat(bob.acceptedConnections()).isZero();
    }

    @Test
    void responseReachesTheSenderWhenItsConnectionIsClosed() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Request message = carol.send(carol.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        carol.disconnect();
        // bytes written before the proxy has seen the end of the connection are lost, as with any TCP peer
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == 0);

        bob.reply(received, 200);

        carol.awaitResponse(message, 200);
        assertThat(carol.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void contactThatRefusesItsConnectionIs480() {
        Request register = alice.request("REGISTER", "sip:sip.test")
                .to("<sip:dead@sip.test>")
                .contact("<sip:dead@127.0.0.1:1;transport=tcp>");
        alice.send(register);
        alice.awaitResponse(register, 200);

        Request invite = alice.send(alice.request("INVITE", "sip:dead@sip.test"));

        WireMessage failure = alice.awaitFinal(invite);
        assertThat(failure.status()).isEqualTo(480);
        alice.send(invite.ack(failure).text());
    }

    @Test
    void connectionOfTheRegistrationIsUsedWhenItsContactCannotBeReached() {
        WireClient.Tcp bob = proxy.tcp("bob");
        Request register = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@127.0.0.1:1;transport=tcp>");
        bob.send(register);
        bob.awaitResponse(register, 200);

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.awaitRequest("MESSAGE");
    }

    @Test
    void inDialogRequestCrossesBothConnections() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Dialog dialog = call(carol, bob, "bob");
        carol.send(dialog.ack());
        bob.awaitRequest("ACK");

        Request bye = carol.send(dialog.request("BYE"));

        bob.reply(bob.awaitRequest("BYE"), 200);
        carol.awaitResponse(bye, 200);
    }

    // ---- names of the proxy

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "localhost"})
    void callThroughAWildcardOrANameStaysOnItsPath(String host) {
        try (ProxyUnderTest all = ProxyUnderTest.on(host, b -> b)) {
            WireClient.Udp bob = all.registered("bob");
            WireClient.Tcp carol = all.tcp("carol");
            assertThat(all.proxy().boundEndpoints()).isNotEmpty();
            Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.elements("Record-Route")).hasSize(2).noneMatch(r -> r.contains("0.0.0.0"));
            WireMessage ok = bob.reply(received, 200);
            Dialog dialog = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            carol.send(dialog.ack());
            assertThat(bob.awaitRequest("ACK").has("Route")).isFalse();
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            carol.reply(carol.awaitRequest("BYE"), 200);
            bob.awaitResponse(bye, 200);
        }
    }

    // ---- IPv6

    @Test
    void callOverIpv6() throws Exception {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null, "no ::1 here");
        try (ProxyUnderTest six = ProxyUnderTest.on("::1", b -> b)) {
            WireClient.Udp bob = six.registered("bob");
            WireClient.Tcp carol = six.tcp("carol");
            Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.topVia()).startsWith("SIP/2.0/UDP [");
            assertThat(received.elements("Record-Route")).hasSize(2).allMatch(r -> r.startsWith("<sip:["));
            WireMessage ok = bob.reply(received, 200);
            Dialog dialog = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            carol.send(dialog.ack());
            bob.awaitRequest("ACK");
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            carol.reply(carol.awaitRequest("BYE"), 200);
            bob.awaitResponse(bye, 200);
        }
    }

    @Test
    void addressOfTheProxyMayHaveAnySpellingOfIpv6() throws Exception {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null, "no ::1 here");
        try (ProxyUnderTest six = ProxyUnderTest.on("::1", b -> b)) {
            WireClient.Udp bob = six.registered("bob");
            int port = six.address(TransportKind.UDP).getPort();
            for (String host : new String[] {"[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]"}) {
                Request options = bob.send(bob.request("OPTIONS", "sip:" + host + ":" + port));
                assertThat(bob.awaitFinal(options).status()).as(host).isEqualTo(200);
            }
        }
    }
}
