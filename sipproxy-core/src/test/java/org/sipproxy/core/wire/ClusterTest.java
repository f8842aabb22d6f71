package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ConnectionLoss;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.StatusCode;

/** Two nodes with one database: phones that only one of them can reach. */
@Timeout(60)
class ClusterTest {

    private static final Aor BOB = new Aor("bob", "sip.test");
    private static final byte[] SECRET =
            "a secret of all the nodes".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    /** Every sender without this header must authenticate. */
    private static final String PASSWORD = "X-Password: right";

    private final HeapBindingRepository rows = new HeapBindingRepository();
    private final List<ProxyUnderTest> nodes = new ArrayList<>();

    @AfterEach
    void close() {
        nodes.forEach(ProxyUnderTest::close);
    }

    private static int freePort(String host) {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private SipProxyBuilder options(String name, String host, int port) {
        return SipProxy.builder()
                .listen(Endpoint.udp(host, 0))
                .listen(Endpoint.tcp(host, port))
                .domain("sip.test")
                .authentication(new HeaderPassword())
                .secret(SECRET)
                .registrar(RegistrarPolicy.builder()
                        .connectionLoss(ConnectionLoss.KEEP)
                        .build())
                .locationStore(StoreMode.databaseOnly(rows))
                .timers(ProxyUnderTest.QUICK)
                .cluster(new ClusterSettings(name, Endpoint.tcp(host, port)));
    }

    private ProxyUnderTest node(String name, String host, UnaryOperator<SipProxyBuilder> more) {
        await().ignoreExceptionsInstanceOf(BindFailedException.class) // the port may be that of another test by now
                .until(() -> nodes.add(ProxyUnderTest.of(more.apply(options(name, host, freePort(host))))));
        return nodes.get(nodes.size() - 1);
    }

    private ProxyUnderTest node(String name, String host) {
        return node(name, host, builder -> builder);
    }

    private static final class HeaderPassword implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            if (!context.request().headers(HeaderName.of("X-Password")).contains("right")) {
                return Verdict.respond(StatusCode.PROXY_AUTHENTICATION_REQUIRED);
            }
            context.authenticated("alice", "sip.test", -1);
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    /** Makes every client one behind a NAT. */
    private static final RequestStage BEHIND_NAT = new RequestStage() {
        @Override
        public Verdict handle(StageContext context) {
            context.behindNat();
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    };

    private static void register(WireClient phone, String user, String contact) {
        Request register = phone.request("REGISTER", "sip:sip.test")
                .from("<sip:" + user + "@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:" + user + "@sip.test>")
                .contact(contact)
                .with(PASSWORD);
        WireMessage ok = phone.awaitResponse(phone.send(register), 200);
        assertThat(ok.has("Path")).as("the node's own hop is not shown").isFalse();
    }

    private static Request message(WireClient from, String to) {
        return from.request("MESSAGE", "sip:" + to + "@sip.test").with(PASSWORD);
    }

    /** A phone that does not listen: only its connection leads to it. */
    private static WireClient.Tcp phone(ProxyUnderTest node, String user) {
        WireClient.Tcp phone = node.tcp(user);
        register(phone, user, "<sip:" + user + "@phone.invalid;transport=tcp>");
        return phone;
    }

    @Test
    void aPhoneOnAConnectionIsCalledFromTheOtherNode() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        WireClient.Tcp bob = phone(one, "bob");
        WireClient.Udp alice = two.udp("alice");
        register(alice, "alice", "<" + alice.contact() + ">");

        Request invite = alice.request("INVITE", "sip:bob@sip.test")
                .contact("<" + alice.contact() + ">")
                .with(PASSWORD);
        alice.send(invite);
        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.has("Route")).as("the hop between the nodes").isFalse();
        assertThat(received.uri()).isEqualTo("sip:bob@phone.invalid;transport=tcp");
        assertThat(received.elements("Via")).hasSize(3);
        assertThat(received.header("Max-Forwards")).isEqualTo("68");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = alice.send(caller.request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);
    }

    @Test
    void aRingingCallToTheOtherNodesPhoneIsCancelled() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        WireClient.Tcp bob = phone(one, "bob");
        WireClient.Udp alice = two.udp("alice");

        Request invite = alice.request("INVITE", "sip:bob@sip.test")
                .contact("<" + alice.contact() + ">")
                .with(PASSWORD);
        alice.send(invite);
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(received, 487);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)));
    }

    @Test
    void aPhoneBehindANatIsCalledFromTheOtherNode() {
        ProxyUnderTest one = node("one", "127.0.0.1", builder -> builder.beforeAuthentication(BEHIND_NAT));
        ProxyUnderTest two = node("two", "127.0.0.2", builder -> builder.beforeAuthentication(BEHIND_NAT));
        WireClient.Udp bob = one.udp("bob");
        register(bob, "bob", "<sip:bob@192.0.2.77:5060>");
        WireClient.Tcp alice = two.tcp("alice");

        Request message = alice.send(message(alice, "bob"));
        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void aPhoneThatEveryNodeReachesIsCalledWithoutADetour() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        WireClient.Udp bob = one.udp("bob");
        register(bob, "bob", "<" + bob.contact() + ">");
        WireClient.Udp alice = two.udp("alice");

        alice.send(message(alice, "bob"));
        assertThat(bob.awaitRequest("MESSAGE").elements("Via")).hasSize(2);
        assertThat(rows.find(BOB, Instant.now()))
                .singleElement()
                .satisfies(row -> assertThat(row.path()).isEmpty());
    }

    @Test
    void theRowNamesTheNodeAndTheNodeItselfReadsItWithout() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        phone(one, "bob");

        assertThat(rows.find(BOB, Instant.now()))
                .singleElement()
                .satisfies(row -> assertThat(row.path().toString())
                        .matches("\\[sip:[-_A-Za-z0-9]+@" + one.tcpHostPort() + ";transport=tcp;lr;node=one]"));
        assertThat(one.proxy().locationStore().lookup(BOB)).singleElement().satisfies(binding -> {
            assertThat(binding.path()).isEmpty();
            assertThat(binding.flow()).isPresent();
        });
        assertThat(two.proxy().locationStore().lookup(BOB))
                .singleElement()
                .satisfies(binding -> assertThat(binding.path()).hasSize(1));
    }

    @Test
    void aPhoneThatMovesToTheOtherNodeIsCalledThere() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        phone(one, "bob").close();
        WireClient.Tcp bob = phone(two, "bob");
        WireClient.Udp alice = one.udp("alice");

        assertThat(rows.find(BOB, Instant.now())).hasSize(1);
        Request message = alice.send(message(alice, "bob"));
        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void aBindingWhoseFlowHasEndedIsTriedLastAndRemoved() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        phone(one, "bob").close();
        await().untilAsserted(
                        () -> assertThat(one.proxy().statistics().connections()).isZero());
        WireClient.Udp alice = two.udp("alice");

        alice.awaitResponse(alice.send(message(alice, "bob")), 480);

        await().untilAsserted(() -> assertThat(rows.find(BOB, Instant.now())).isEmpty());
    }

    @Test
    void anotherContactOfTheUserIsCalledIfTheFlowHasEnded() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        phone(one, "bob").close();
        await().untilAsserted(
                        () -> assertThat(one.proxy().statistics().connections()).isZero());
        WireClient.Udp second = two.udp("bob");
        register(second, "bob", "<" + second.contact() + ">;q=0.5");
        WireClient.Udp alice = two.udp("alice");

        Request message = alice.send(message(alice, "bob"));
        second.respond(second.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void aTokenOfAnEarlierProcessDoesNotReachAnotherClient() {
        int port = freePort("127.0.0.1");
        ProxyUnderTest one = ProxyUnderTest.of(options("one", "127.0.0.1", port));
        phone(one, "bob");
        one.close();
        await().ignoreExceptionsInstanceOf(BindFailedException.class) // the port may be that of another test's client
                .until(() -> nodes.add(ProxyUnderTest.of(options("one", "127.0.0.1", port))));
        ProxyUnderTest two = node("two", "127.0.0.2");
        WireClient.Udp alice = two.udp("alice");

        alice.awaitResponse(alice.send(message(alice, "bob")), 480);
    }

    @Test
    void aNodeThatHasStoppedCostsNoMoreThanARefusedConnection() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        ProxyUnderTest two = node("two", "127.0.0.2");
        phone(one, "bob");
        one.close();
        WireClient.Udp alice = two.udp("alice");

        alice.awaitResponse(alice.send(message(alice, "bob")), 480);
    }

    @Test
    void theTokenOfARowDoesNotLetAStrangerSend() {
        ProxyUnderTest one = node("one", "127.0.0.1");
        WireClient.Tcp bob = phone(one, "bob");
        Binding row = rows.find(BOB, Instant.now()).get(0);
        WireClient.Udp mallory = one.udp("mallory");

        Request plain = mallory.request("MESSAGE", "sip:bob@phone.invalid;transport=tcp")
                .with("Route: <" + row.path().get(0) + ">");
        mallory.awaitResponse(mallory.send(plain), 407);
        Request guessed = mallory.request("MESSAGE", "sip:bob@phone.invalid;transport=tcp")
                .with("Route: <" + row.path().get(0) + ";by=0019a0b0c0dAAAAAAAAAAAAAAAAAAAAAA>");
        mallory.awaitResponse(mallory.send(guessed), 407);

        assertThat(bob.pendingAfterRoundTrip())
                .noneMatch(message -> message.method().equals("MESSAGE"));
    }

    @Test
    void requestsAreCountedOnceAlsoWithinTheDialog() {
        List<String> events = new CopyOnWriteArrayList<>();
        ProxyUnderTest one = node(
                "one",
                "127.0.0.1",
                builder -> builder.requestListener(
                        request -> events.add("one " + request.request().method())));
        ProxyUnderTest two = node(
                "two",
                "127.0.0.2",
                builder -> builder.requestListener(
                        request -> events.add("two " + request.request().method())));
        WireClient.Tcp bob = phone(one, "bob");
        WireClient.Udp alice = two.udp("alice");
        await().until(() -> events.remove("one REGISTER"));

        Request invite = alice.request("INVITE", "sip:bob@sip.test")
                .contact("<" + alice.contact() + ">")
                .with(PASSWORD);
        alice.send(invite);
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = alice.send(caller.request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);

        await().untilAsserted(() -> assertThat(events).containsOnlyOnce("two INVITE", "two INFO", "two BYE"));
        assertThat(events).noneMatch(event -> event.startsWith("one"));
    }

    @Test
    void settingsThatCannotWorkAreReportedTogether() {
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .cluster(new ClusterSettings("node one", Endpoint.tcp("0.0.0.0", 5060)));

        assertThatThrownBy(builder::build)
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationProblem::toString)
                                .anyMatch(text -> text.contains("node: 'node one'"))
                                .anyMatch(text -> text.contains("nodeAddress: tcp:0.0.0.0:5060"))
                                .anyMatch(text -> text.contains("needs a secret"))
                                .anyMatch(text -> text.contains("needs bindings that all nodes share"))
                                .anyMatch(text -> text.contains("no listening point has its transport")));
    }
}
