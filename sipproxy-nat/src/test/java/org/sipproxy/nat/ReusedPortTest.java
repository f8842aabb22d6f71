package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.TestClock;

/**
 * Phones behind one NAT, or on one host, that reconnect over TCP, as all of them do after a restart of the proxy: one
 * phone may get the port of another.
 */
@Timeout(30)
class ReusedPortTest {

    private static final Duration LATER = Duration.ofSeconds(2);

    private final TestClock clock = new TestClock();
    private final HeapBindingRepository rows = new HeapBindingRepository();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy ->
                    proxy.component(NatTraversal.builder().build()).clock(clock).udpReceivers(1))
            .build();

    /** A test writes its rows. */
    @RegisterExtension
    final SipProxyExtension database = SipProxyExtension.builder()
            .configure(proxy -> proxy.component(NatTraversal.builder().build())
                    .clock(clock)
                    .udpReceivers(1)
                    .locationStore(StoreMode.databaseOnly(rows)))
            .build();

    /** A phone that claims a private address and reads and writes its connection itself. */
    private final class TcpPhone {

        private final Socket socket = new Socket();

        /** @param port the source port; 0 for any */
        TcpPhone(InetSocketAddress proxy, int port) throws IOException {
            socket.setReuseAddress(true);
            socket.setSoTimeout(10_000);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.connect(proxy);
            sip.closing(socket);
        }

        int port() {
            return socket.getLocalPort();
        }

        /** Closes with a reset, so that the port is free at once. */
        void drop() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        TcpPhone register(String user, String claimed) throws IOException {
            write("REGISTER sip:sip.test SIP/2.0\r\nVia: SIP/2.0/TCP " + claimed + ";rport;branch=z9hG4bK" + port()
                    + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@sip.test>;tag=1\r\nTo: <sip:" + user
                    + "@sip.test>\r\nCall-ID: reg" + port() + "\r\nCSeq: 1 REGISTER\r\nContact: <"
                    + contact(user, claimed)
                    + ">\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n");
            assertThat(read()).startsWith("SIP/2.0 200");
            return this;
        }

        static String contact(String user, String claimed) {
            return "sip:" + user + "@" + claimed + ";transport=tcp";
        }

        /** Responds 200 to the next request and returns it. */
        String answer(String more) throws IOException {
            String request = read();
            write("SIP/2.0 200 OK\r\n"
                    + request.lines()
                            .filter(line -> line.matches("(Via|Record-Route|From|Call-ID|CSeq): .*"))
                            .collect(Collectors.joining("\r\n"))
                    + "\r\n"
                    + request.lines()
                            .filter(line -> line.startsWith("To: "))
                            .map(to -> to.contains(";tag=") ? to : to + ";tag=bob")
                            .collect(Collectors.joining())
                    + "\r\n" + more + "Content-Length: 0\r\n\r\n");
            return request;
        }

        void write(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        /** Returns the next message without its body; skips a body. */
        String read() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = socket.getInputStream().read();
                if (next < 0) {
                    throw new IOException("closed after \"" + head + "\"");
                }
                head.append((char) next);
            }
            String text = head.toString();
            int length = text.lines()
                    .filter(line -> line.startsWith("Content-Length: "))
                    .mapToInt(line -> Integer.parseInt(line.substring(16)))
                    .findFirst()
                    .orElse(0);
            socket.getInputStream().readNBytes(length);
            return text;
        }

        /** True if nothing arrived before the response to an OPTIONS that is sent now. */
        boolean receivedNothing() throws IOException {
            write("OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/TCP 192.168.1.99;rport;branch=z9hG4bKlast" + port()
                    + "\r\nMax-Forwards: 70\r\nFrom: <sip:x@sip.test>;tag=1\r\nTo: <sip:sip.test>\r\nCall-ID: last"
                    + port()
                    + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
            return read().startsWith("SIP/2.0 200");
        }
    }

    @Test
    void aByeGoesToTheUsersNewConnectionAndNotToThePhoneThatGotItsPort() throws Exception {
        TcpPhone bob = new TcpPhone(sip.tcp(), 0);
        OutgoingCall call = callTo(bob, "192.168.1.10:49001");

        bob.drop();
        clock.advance(LATER);
        TcpPhone carol = new TcpPhone(sip.tcp(), bob.port()).register("carol", "192.168.1.30:49003");
        TcpPhone bobAgain = new TcpPhone(sip.tcp(), 0).register("bob", "192.168.1.10:49002");

        assertThatAByeReaches(bobAgain, call);
        assertThat(carol.receivedNothing()).isTrue();
    }

    /** RFC 5626 §5.3, as for a browser without NAT traversal. */
    @Test
    void aByeOverAConnectionThatIsClosedIs430() throws Exception {
        TcpPhone bob = new TcpPhone(sip.tcp(), 0);
        OutgoingCall call = callTo(bob, "192.168.1.10:49001");

        bob.drop();

        assertThat(call.send("BYE").statusCode()).isEqualTo(430);
    }

    /** Both name the port of their connection, which the other one gets. */
    @Test
    void theSameHoldsForTwoPhonesOfOneHostWithoutANat() throws Exception {
        TcpPhone bob = new TcpPhone(sip.tcp(), 0);
        OutgoingCall call = callTo(bob, "127.0.0.1:" + bob.port());

        bob.drop();
        clock.advance(LATER);
        TcpPhone carol = new TcpPhone(sip.tcp(), bob.port()).register("carol", "127.0.0.1:" + bob.port());
        TcpPhone bobAgain = new TcpPhone(sip.tcp(), 0);
        bobAgain.register("bob", "127.0.0.1:" + bobAgain.port());

        assertThatAByeReaches(bobAgain, call);
        assertThat(carol.receivedNothing()).isTrue();
    }

    private OutgoingCall callTo(TcpPhone bob, String claimed) throws IOException {
        Phone alice = sip.registeredPhone("alice");
        bob.register("bob", claimed);
        OutgoingCall call = alice.call("bob");
        bob.answer("Contact: <" + TcpPhone.contact("bob", claimed) + ">\r\n");
        call.awaitAnswer();
        assertThat(bob.read()).startsWith("ACK ");
        return call;
    }

    private static void assertThatAByeReaches(TcpPhone phone, OutgoingCall call) throws Exception {
        CompletableFuture<String> bye = CompletableFuture.supplyAsync(() -> {
            try {
                return phone.answer("");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(call.send("BYE").statusCode()).isEqualTo(200);
        assertThat(bye.get()).startsWith("BYE ");
    }

    @Test
    void aCallToAUserFromARowDoesNotReachThePhoneThatGotTheUsersPort() throws Exception {
        Phone alice = database.phone("alice");
        TcpPhone carol = new TcpPhone(database.tcp(), 0).register("carol", "192.168.1.30:49003");
        long before = clock.currentTimeMillis() - 60_000;
        Binding bob = Binding.builder("bob-1", SipUri.of(TcpPhone.contact("bob", "192.168.1.10:49001")))
                .times(before, before + 600_000)
                .received(SipUri.of("sip:127.0.0.1:" + carol.port() + ";transport=tcp"))
                .socket(Endpoint.tcp("127.0.0.1", database.tcp().getPort()))
                .build();
        rows.write(List.of(new BindingWrite.Put(new Aor("bob", "sip.test"), bob)));

        assertThat(alice.call("bob").awaitFinal().statusCode()).isEqualTo(480);
        assertThat(carol.receivedNothing()).isTrue();
    }
}
