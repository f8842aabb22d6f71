package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;

/**
 * Dialogs with phones that do not accept connections: they are reached over the connection of their current binding.
 */
class RemoteTargetTest {

    private static final HttpClient BROWSER = HttpClient.newHttpClient();
    /** A contact at which nothing listens. */
    private static final String NOT_LISTENING = "sip:phone@127.0.0.1:1;transport=tcp";

    private final ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.listen(Endpoint.ws("127.0.0.1", 0)));
    private final WireClient.Udp alice = proxy.udp("alice");

    @AfterEach
    void close() {
        proxy.close();
    }

    private WireClient.Tcp unresponsivePhone(String user) {
        WireClient.Tcp phone = proxy.tcp(user);
        proxy.registerContact(phone, user, "<" + NOT_LISTENING + ">");
        return phone;
    }

    /**
     * Registers a phone that does not listen and names the port of its connection, which changes when it reconnects.
     */
    private WireClient.Tcp namingItsConnection(String user, int port) {
        WireClient.Tcp phone = proxy.tcp(user);
        proxy.registerContact(phone, user, "<" + contact(user, port) + ">");
        return phone;
    }

    private static String contact(String user, int port) {
        return "sip:" + user + "@127.0.0.1:" + port + ";transport=tcp";
    }

    private WireClient.Web browser(String name) {
        return proxy.web(name, TransportKind.WS, BROWSER);
    }

    private void answer(WireClient from, WireClient to, Request request) {
        to.respond(to.awaitRequest(request.method()), 200);
        from.awaitResponse(request, 200);
    }

    private void awaitConnections(long count) {
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == count);
    }

    @Test
    void calleeThatDoesNotListenGetsItsAckReinviteAndBye() {
        WireClient.Tcp bob = unresponsivePhone("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + NOT_LISTENING + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request reinvite = alice.send(caller.request("INVITE"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + NOT_LISTENING + ">");
        alice.awaitResponse(reinvite, 200);
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        answer(alice, bob, alice.send(caller.request("BYE")));
    }

    @Test
    void callerThatDoesNotListenGetsItsBye() {
        WireClient.Tcp bob = unresponsivePhone("bob");
        proxy.register(alice, "alice", "");
        Request invite = bob.send(bob.request("INVITE", "sip:alice@sip.test").contact("<" + NOT_LISTENING + ">"));
        WireMessage received = alice.awaitRequest("INVITE");
        WireMessage ok = alice.respond(received, 200);
        bob.send(Dialog.ofCaller(bob, bob.awaitResponse(invite, 200)).ack());
        alice.awaitRequest("ACK");

        answer(alice, bob, alice.send(Dialog.ofCallee(alice, received, ok).request("BYE")));
    }

    @Test
    void aContactWithATransportThatIsNoneIsReachedOverUdp() {
        WireClient.Udp bob = proxy.udp("bob");
        String contact = "<sip:bob@127.0.0.1:" + bob.port() + ";transport=foo>";
        proxy.registerContact(bob, "bob", contact);
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test")
                .contact("<sip:alice@127.0.0.1:" + alice.port() + ";transport=>"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200, "Contact: " + contact);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        answer(bob, alice, bob.send(Dialog.ofCallee(bob, received, ok).request("INFO")));
        answer(alice, bob, alice.send(caller.request("BYE")));
    }

    @Test
    void phoneThatHasReconnectedIsReachedByItsNewConnection() {
        WireClient.Tcp bob = unresponsivePhone("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + NOT_LISTENING + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);

        WireClient.Tcp again = unresponsivePhone("bob");

        alice.send(caller.ack());
        again.awaitRequest("ACK");
        answer(alice, again, alice.send(caller.request("BYE")));
    }

    @Test
    void phoneOfAnotherUserToWhomAPlanHasLedIsReachedAfterItHasReconnected() {
        try (ProxyUnderTest planned = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
            List<Binding> carols = context.bindings(new Aor("carol", "sip.test"));
            return Verdict.relay(RelayPlan.toCallee()
                    .onFailure(FailureCause.BUSY)
                    .relay(RelayPlan.to(carols.stream().map(Target::of).toList())));
        })))) {
            WireClient.Udp caller = planned.udp("caller");
            WireClient.Tcp bob = planned.tcp("bob");
            planned.registerContact(bob, "bob", "<" + NOT_LISTENING + ">");
            WireClient.Tcp carol = planned.tcp("carol");
            planned.registerContact(carol, "carol", "<" + NOT_LISTENING + ">");
            Request invite = caller.send(caller.request("INVITE", "sip:bob@sip.test"));
            bob.respond(bob.awaitRequest("INVITE"), 486);
            carol.respond(carol.awaitRequest("INVITE"), 200, "Contact: <" + NOT_LISTENING + ">");
            Dialog dialog = Dialog.ofCaller(caller, caller.awaitResponse(invite, 200));
            carol.close();
            Awaitility.await().until(() -> planned.proxy().statistics().connections() == 1);
            WireClient.Tcp again = planned.tcp("carol");
            planned.registerContact(again, "carol", "<" + NOT_LISTENING + ">");

            caller.send(dialog.ack());

            again.awaitRequest("ACK");
            Request bye = caller.send(dialog.request("BYE"));
            again.respond(again.awaitRequest("BYE"), 200);
            caller.awaitResponse(bye, 200);
        }
    }

    @Test
    void phoneWhoseContactHasAnotherPortSinceItReconnectedIsReached() {
        WireClient.Tcp bob = namingItsConnection("bob", 1);
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + contact("bob", 1) + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);

        WireClient.Tcp again = namingItsConnection("bob", 2);

        alice.send(caller.ack());
        again.awaitRequest("ACK");
        answer(alice, again, alice.send(caller.request("INFO")));
        answer(alice, again, alice.send(caller.request("BYE")));
    }

    @Test
    void requestsOfACallGoToThePhoneWhoseContactIsMostLikeTheRemoteTarget() {
        WireClient.Tcp bob = namingItsConnection("bob", 1);
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + contact("bob", 1) + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        WireClient.Tcp another = namingItsConnection("bob", 2);

        answer(alice, bob, alice.send(caller.request("BYE")));
        assertThat(another.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void phoneOfTheSameUserWithAnotherContactUserDoesNotGetTheCallsRequests() {
        WireClient.Tcp bob = namingItsConnection("bob", 1);
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + contact("bob", 1) + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);
        WireClient.Tcp another = proxy.tcp("bob");
        proxy.registerContact(another, "bob", "<" + contact("bob-desk", 2) + ">");

        Request bye = alice.send(caller.request("BYE"));

        alice.awaitResponse(bye, 500);
        assertThat(another.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void phoneThatHasReconnectedIsReachedIfItsBindingIsInADatabaseOnly() {
        try (ProxyUnderTest stored = ProxyUnderTest.start(
                builder -> builder.locationStore(StoreMode.databaseOnly(new HeapBindingRepository())))) {
            WireClient.Udp carol = stored.udp("carol");
            WireClient.Tcp bob = stored.tcp("bob");
            String contact = contact("bob", bob.connectionPort());
            stored.registerContact(bob, "bob", "<" + contact + ">");
            Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
            bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + contact + ">");
            Dialog caller = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            bob.close();
            Awaitility.await().until(() -> stored.proxy().statistics().connections() == 0);

            WireClient.Tcp again = stored.tcp("bob");
            stored.registerContact(again, "bob", "<" + contact("bob", again.connectionPort()) + ">");

            carol.send(caller.ack());
            again.awaitRequest("ACK");
            answer(carol, again, carol.send(caller.request("BYE")));
        }
    }

    @Test
    void anonymousCallerThatHasReconnectedIsReachedWithoutRevealingItsUser() {
        WireClient.Tcp bob = namingItsConnection("bob", 1);
        proxy.register(alice, "alice", "");
        Request invite = bob.send(bob.request("INVITE", "sip:alice@sip.test")
                .from("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1")
                .contact("<" + contact("x", 1) + ">"));
        WireMessage received = alice.awaitRequest("INVITE");
        WireMessage ok = alice.respond(received, 200);
        Dialog callee = Dialog.ofCallee(alice, received, ok);
        bob.send(Dialog.ofCaller(bob, bob.awaitResponse(invite, 200)).ack());
        alice.awaitRequest("ACK");
        bob.close();
        awaitConnections(0);

        WireClient.Tcp again = proxy.tcp("bob");
        proxy.registerContact(again, "bob", "<" + contact("x", 2) + ">");

        assertThat(received.text()).doesNotContain("bob");
        answer(alice, again, alice.send(callee.request("INFO")));
        answer(alice, again, alice.send(callee.request("BYE")));
    }

    @Test
    void anonymousBrowserThatHasReconnectedIsReached() {
        WireClient.Web bob = browser("bob");
        proxy.register(bob, "bob", "");
        proxy.register(alice, "alice", "");
        Request invite =
                bob.send(bob.request("INVITE", "sip:alice@sip.test").from("<sip:anonymous@anonymous.invalid>;tag=1"));
        WireMessage received = alice.awaitRequest("INVITE");
        WireMessage ok = alice.respond(received, 200);
        bob.awaitResponse(invite, 200);
        bob.close();
        awaitConnections(0);

        WireClient.Web again = browser("bob");
        proxy.registerContact(again, "bob", "<" + bob.contact() + ">");

        answer(alice, again, alice.send(Dialog.ofCallee(alice, received, ok).request("BYE")));
    }

    @Test
    void phoneThatWasCalledByAnAliasIsReachedAfterItHasReconnected() {
        RequestStage alias = context -> {
            if (context.request().requestUri().user().equals("sales")) {
                context.replace(context.request().withRequestUri(SipUri.of("sip:bob@sip.test")));
            }
            return Verdict.proceed();
        };
        try (ProxyUnderTest aliased = ProxyUnderTest.start(builder -> builder.beforeRouting(alias))) {
            WireClient.Udp carol = aliased.udp("carol");
            WireClient.Tcp bob = aliased.registeredByTcp("bob");
            Request invite = carol.send(carol.request("INVITE", "sip:sales@sip.test"));
            bob.respond(bob.awaitRequest("INVITE"), 200);
            Dialog caller = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            bob.close();
            Awaitility.await().until(() -> aliased.proxy().statistics().connections() == 0);

            WireClient.Tcp again = aliased.registeredByTcp("bob");

            carol.send(caller.ack());
            again.awaitRequest("ACK");
            answer(carol, again, carol.send(caller.request("BYE")));
        }
    }

    @Test
    void calledBrowserThatHasReconnectedIsReachedInItsCall() {
        WireClient.Web bob = browser("bob");
        proxy.register(bob, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);

        WireClient.Web again = browser("bob");
        proxy.registerContact(again, "bob", "<" + bob.contact() + ">");

        alice.send(caller.ack());
        again.awaitRequest("ACK");
        answer(alice, again, alice.send(caller.request("INVITE")));
        answer(alice, again, alice.send(caller.request("BYE")));
    }

    @Test
    void callingBrowserThatHasReconnectedIsReachedAndContinues() {
        WireClient.Web bob = browser("bob");
        proxy.register(bob, "bob", "");
        proxy.register(alice, "alice", "");
        Request invite = bob.send(bob.request("INVITE", "sip:alice@sip.test"));
        WireMessage received = alice.awaitRequest("INVITE");
        WireMessage ok = alice.respond(received, 200);
        Dialog caller = Dialog.ofCaller(bob, bob.awaitResponse(invite, 200));
        Dialog callee = Dialog.ofCallee(alice, received, ok);
        bob.close();
        awaitConnections(0);

        WireClient.Web again = browser("bob");
        proxy.registerContact(again, "bob", "<" + bob.contact() + ">");

        answer(alice, again, alice.send(callee.request("INFO")));
        again.send(caller.ack().text());
        alice.awaitRequest("ACK");
        again.send(caller.request("INFO").text());
        alice.respond(alice.awaitRequest("INFO"), 200);
        again.await(
                "the 200",
                m -> m.isResponse() && m.status() == 200 && m.header("CSeq").endsWith(" INFO"));
        answer(alice, again, alice.send(callee.request("BYE")));
    }

    @Test
    void anotherUserWhoRegistersTheContactDoesNotGetTheCallsRequests() {
        WireClient.Web bob = browser("bob");
        proxy.register(bob, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);
        WireClient.Web mallory = browser("mallory");
        proxy.registerContact(mallory, "mallory", "<" + bob.contact() + ">");

        Request bye = alice.send(caller.request("BYE"));

        alice.awaitResponse(bye, 430);
        assertThat(mallory.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void closedFlowOfADialogIs430() {
        WireClient.Web bob = browser("bob");
        proxy.register(bob, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        bob.close();
        awaitConnections(0);

        Request bye = alice.send(caller.request("BYE"));

        assertThat(alice.awaitFinal(bye).text()).startsWith("SIP/2.0 430 Flow Failed");
    }

    @Test
    void unreachableTargetOfADialogThatIsNotRegisteredIs500() {
        WireClient.Udp bob = proxy.registered("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <" + NOT_LISTENING + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        Request bye = alice.send(caller.request("BYE"));

        alice.awaitResponse(bye, 500);
    }

    /** The proxy has no TLS, but it knows where the callee has registered. */
    @Test
    void calleeThatNamesATransportThatThisProxyLacksIsReachedWhereItRegistered() {
        WireClient.Udp bob = proxy.registered("bob");
        String unreachable = "Contact: <sip:bob@127.0.0.1:5061;transport=tls>";
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, unreachable);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request reinvite = alice.send(caller.request("INVITE"));
        bob.respond(bob.awaitRequest("INVITE"), 200, unreachable);
        alice.awaitResponse(reinvite, 200);
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        answer(alice, bob, alice.send(caller.request("BYE")));
    }

    /** A request for a sips URI stays within TLS, so the call of this callee cannot be ended by its caller. */
    @Test
    void calleeWithASipsContactDoesNotGetTheRequestsWithoutTls() {
        WireClient.Udp bob = proxy.registered("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <sips:bob@127.0.0.1:5061>");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        Request bye = alice.send(caller.request("BYE"));

        alice.awaitResponse(bye, 500);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }
}
