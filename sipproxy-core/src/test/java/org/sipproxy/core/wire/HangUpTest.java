package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.core.wire.CallScene.join;
import static org.sipproxy.core.wire.CallScene.until;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** The proxy ends calls: at the host application's request, after the longest duration, and when they are lost. */
class HangUpTest {

    private CallScene scene = new CallScene(settings -> settings);

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    private CallScene restart(CallScene other) {
        scene.close();
        scene = other;
        return other;
    }

    private static void assertIsOfDialog(WireMessage request, Dialog ofSender, String uri) {
        Request expected = ofSender.request(request.method());
        assertThat(request.uri()).isEqualTo(uri);
        assertThat(request.header("From")).isEqualTo(expected.from());
        assertThat(request.header("To")).isEqualTo(expected.to());
        assertThat(request.header("Call-ID")).isEqualTo(expected.callId());
    }

    @Test
    void bothSidesGetAByeLikeThatOfTheOtherSide() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established call = scene.establish(alice, bob);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "credit \"used\" up");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atBob = bob.awaitRequest("BYE");
        assertThat(scene.calls().count()).isZero();
        assertThat(result).isNotDone();
        alice.respond(atAlice, 200);
        bob.respond(atBob, 481);

        Call ended = join(result);
        assertThat(ended.state()).isEqualTo(CallState.ENDED);
        assertThat(ended.end()).contains(new CallEnd(Side.PROXY, Reason.HUNG_UP, 0, "credit \"used\" up"));
        assertIsOfDialog(atAlice, call.callee(), alice.contact());
        assertIsOfDialog(atBob, call.caller(), bob.contact());
        assertThat(atBob.header("CSeq")).isEqualTo("2 BYE");
        assertThat(atAlice.header("CSeq")).isEqualTo("1 BYE");
        assertThat(atBob.header("Reason")).isEqualTo("Q.850;cause=16;text=\"credit \\\"used\\\" up\"");
        assertThat(atBob.lines("Route")).isEmpty();
        assertThat(atBob.lines("Via")).hasSize(1);
        assertThat(atBob.header("Max-Forwards")).isEqualTo("70");
        assertThat(scene.awaitEnd().reason()).isEqualTo(Reason.HUNG_UP);
    }

    @Test
    void cseqIsAboveThatOfAllEarlierRequestsAndTheContactIsTheLatest() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        WireClient.Udp moved = scene.proxy.udp("bob2");
        CallScene.Established call = scene.establish(alice, bob);

        Request update = bob.send(call.callee().request("UPDATE").contact("<" + moved.contact() + ">"));
        alice.respond(alice.awaitRequest("UPDATE"), 200);
        bob.awaitResponse(update, 200);
        Request info = alice.send(call.caller().request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atBob = moved.awaitRequest("BYE");
        alice.respond(atAlice, 200);
        moved.respond(atBob, 200);

        join(result);
        assertThat(atBob.header("CSeq")).isEqualTo("3 BYE");
        assertThat(atAlice.header("CSeq")).isEqualTo("102 BYE");
        assertThat(atBob.header("Reason")).isEqualTo("Q.850;cause=16");
    }

    @Test
    void phonesOnTcpAreReachedOverTheirConnections() {
        WireClient.Tcp bob = scene.proxy.tcp("bob");
        scene.proxy.registerContact(bob, "bob", "<sip:bob@127.0.0.1:" + bob.connectionPort() + ";transport=tcp>");
        WireClient.Tcp alice = scene.proxy.tcp("alice");
        String aliceContact = "<sip:alice@127.0.0.1:" + alice.connectionPort() + ";transport=tcp>";
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test").contact(aliceContact));
        bob.respond(
                bob.awaitRequest("INVITE"),
                200,
                "Contact: <sip:bob@127.0.0.1:" + bob.connectionPort() + ";transport=tcp>");
        alice.send(Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)).ack());
        bob.awaitRequest("ACK");

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "bye");
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        join(result);
    }

    @Test
    void routesOfOtherProxiesAreKept() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp edge = scene.proxy.udp("edge");
        WireClient.Udp core = scene.proxy.udp("core");
        String edgeRoute = "<sip:" + edge.hostPort() + ";lr;x=1>";
        String coreRoute = "<sip:" + core.hostPort() + ";lr>";

        Request invite = edge.send(edge.request("INVITE", "sip:bob@sip.test")
                .contact("<sip:alice@192.0.2.7>")
                .with("Record-Route: " + edgeRoute));
        WireMessage received = bob.awaitRequest("INVITE");
        String recorded = received.lines("Record-Route").get(0);
        WireMessage ok = Response.of(bob, received, 200);
        bob.send(ok.text().replace("Record-Route: " + recorded, "Record-Route: " + coreRoute + ", " + recorded));
        edge.awaitResponse(invite, 200);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "bye");
        WireMessage towardsCaller = edge.awaitRequest("BYE");
        WireMessage towardsCallee = core.awaitRequest("BYE");
        edge.respond(towardsCaller, 200);
        core.respond(towardsCallee, 200);

        join(result);
        assertThat(towardsCaller.uri()).isEqualTo("sip:alice@192.0.2.7");
        assertThat(towardsCaller.elements("Route")).containsExactly(edgeRoute);
        assertThat(towardsCallee.uri()).isEqualTo(bob.contact());
        assertThat(towardsCallee.elements("Route")).containsExactly(coreRoute);
    }

    @Test
    void phonesOnTcpAreFoundInADatabase() {
        restart(new CallScene(
                settings -> settings, b -> b.locationStore(StoreMode.databaseOnly(new HeapBindingRepository()))));
        WireClient.Tcp bob = scene.proxy.tcp("bob");
        String contact = "<sip:bob@127.0.0.1:" + bob.connectionPort() + ";transport=tcp>";
        scene.proxy.registerContact(bob, "bob", contact);
        WireClient.Udp alice = scene.proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: " + contact);
        alice.send(Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)).ack());
        bob.awaitRequest("ACK");

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "bye");
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        join(result);
    }

    @Test
    void stageThatWaitsSeesTheByesAndMayEditThem() {
        restart(new CallScene(
                settings -> settings,
                b -> b.beforeForwarding(context -> {
                    if (context.request().method() == Method.BYE) {
                        Thread.sleep(1);
                        context.replace(context.request().withHeaderBelow(HeaderName.of("X-Stage"), "seen"));
                    }
                    return Verdict.proceed();
                })));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "bye");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atBob = bob.awaitRequest("BYE");
        alice.respond(atAlice, 200);
        bob.respond(atBob, 200);

        join(result);
        assertThat(atAlice.header("X-Stage")).isEqualTo("seen");
        assertThat(atBob.header("X-Stage")).isEqualTo("seen");
        assertThat(atBob.lines("Route")).isEmpty();
    }

    @Test
    void callThatPassesTheProxyTwiceIsOneCallAndItsByesPassOnce() {
        WireClient.Udp[] application = new WireClient.Udp[1];
        restart(new CallScene(
                settings -> settings,
                b -> b.beforeRouting(RequestStage.onInvite(context ->
                        context.request().requestUri().user().equals("group")
                                ? Verdict.relay(Target.of(SipUri.of("sip:group@" + application[0].hostPort())))
                                : Verdict.proceed()))));
        WireClient.Udp app = scene.proxy.udp("app");
        application[0] = app;
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        String appRoute = "<sip:" + app.hostPort() + ";lr>";

        Request invite = alice.send(alice.request("INVITE", "sip:group@sip.test"));
        WireMessage atApp = app.awaitRequest("INVITE");
        app.send(atApp.text()
                .replaceFirst("INVITE \\S+", "INVITE sip:bob@sip.test")
                .replaceFirst(
                        "Via:",
                        "Via: SIP/2.0/UDP " + app.hostPort() + ";branch=" + WireClient.unique("z9hG4bK") + "\r\nVia:")
                .replaceFirst("Record-Route:", "Record-Route: " + appRoute + "\r\nRecord-Route:"));
        WireMessage atBob = bob.awaitRequest("INVITE");
        assertThat(scene.calls().count()).isEqualTo(1);
        bob.respond(atBob, 200);
        WireMessage back = app.await("200 of INVITE", m -> m.isResponse() && m.status() == 200);
        app.send(back.text().replaceFirst("Via: [^\r]*\r\n", ""));
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        assertThat(caller.routes()).hasSize(3);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "bye");
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        join(result);
        assertThat(app.pendingAfterRoundTrip()).noneMatch(m -> m.startLine().startsWith("BYE"));
        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "ANSWERED", "ENDED");
    }

    @Test
    void ringingCallIsCancelled() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "closing time");
        WireMessage cancel = bob.awaitRequest("CANCEL");
        bob.respond(cancel, 200);
        bob.respond(received, 487);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)));

        assertThat(cancel.header("Reason")).isEqualTo("Q.850;cause=16;text=\"closing time\"");
        assertThat(join(result).end()).contains(new CallEnd(Side.PROXY, Reason.HUNG_UP, 0, "closing time"));
        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "RINGING", "ENDED");
    }

    @Test
    void answerThatCrossesTheHangUpIsFollowedByByes() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "too late");
        bob.awaitRequest("CANCEL");
        bob.respond(received, 200);
        alice.send(Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)).ack());
        bob.awaitRequest("ACK");
        scene.clock.advance(Duration.ofMillis(500));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        assertThat(join(result).end().orElseThrow().reason()).isEqualTo(Reason.HUNG_UP);
        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "RINGING", "ANSWERED", "ENDED");
    }

    @Test
    void byeOfAPhoneThatCrossesGetsAFinalResponse() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established call = scene.establish(alice, bob);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atBob = bob.awaitRequest("BYE");
        Request crossing = alice.send(call.caller().request("BYE"));
        alice.awaitResponse(crossing, 200);
        alice.respond(atAlice, 481);
        bob.respond(atBob, 200);

        join(result);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        scene.awaitEnd();
    }

    @Test
    void hangUpCompletesIfThePhonesAreSilent() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);

        CompletableFuture<Call> result = scene.calls().hangUp(scene.only(), "");
        alice.awaitRequest("BYE");
        bob.awaitRequest("BYE");
        scene.clock.advance(Duration.ofSeconds(33));

        assertThat(join(result).state()).isEqualTo(CallState.ENDED);
    }

    @Test
    void secondHangUpAndThatOfAnEndedCallComplete() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);
        Call call = scene.only();

        CompletableFuture<Call> first = scene.calls().hangUp(call, "first");
        CompletableFuture<Call> second = scene.calls().hangUp(call, "second");
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        assertThat(join(first).end().orElseThrow().text()).isEqualTo("first");
        assertThat(join(second).end().orElseThrow().text()).isEqualTo("first");
        assertThat(scene.calls().hangUp(call, "third")).isCompletedWithValue(call);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void reasonIsOneLineOfText() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established established = scene.establish(alice, bob);
        Call call = scene.only();

        assertThatThrownBy(() -> scene.calls().hangUp(call, "a\r\nVia: x")).hasMessageContaining("control character");
        assertThatThrownBy(() -> scene.calls().hangUp(call, "x".repeat(201))).hasMessageContaining("at most 200");
        assertThat(scene.calls().count()).isEqualTo(1);
        Request bye = alice.send(established.caller().request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
    }

    // ---- duration, lost calls

    @Test
    void longestDurationEndsTheCall() {
        restart(new CallScene(settings -> settings.maxDuration(Duration.ofMinutes(10))));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);

        scene.clock.advance(Duration.ofMinutes(10));
        WireMessage atAlice = alice.awaitRequest("BYE");
        alice.respond(atAlice, 200);
        bob.respond(bob.awaitRequest("BYE"), 200);

        assertThat(scene.awaitEnd().reason()).isEqualTo(Reason.MAX_DURATION);
        assertThat(atAlice.header("Reason")).startsWith("Q.850;cause=102");
        assertThat(scene.calls().statistics().expired()).isEqualTo(1);
    }

    private CallScene withKeepalive() {
        return restart(new CallScene(settings -> settings.keepalive(Duration.ofSeconds(30))));
    }

    /** An interval is skipped while the call has not processed the results of the previous OPTIONS. */
    private void advanceToOptions(WireClient phone) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    boolean arrived =
                            phone.pending().stream().anyMatch(m -> m.startLine().startsWith("OPTIONS"));
                    if (!arrived) {
                        scene.clock.advance(Duration.ofSeconds(30));
                    }
                    return arrived;
                });
    }

    @Test
    void keepaliveKeepsACallThatBothSidesKnow() {
        withKeepalive();
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established call = scene.establish(alice, bob);

        for (int i = 0; i < 2; i++) {
            advanceToOptions(bob);
            WireMessage atBob = bob.awaitRequest("OPTIONS");
            bob.respond(atBob, 200);
            alice.respond(alice.awaitRequest("OPTIONS"), 405);
            assertThat(atBob.header("CSeq")).isEqualTo("1 OPTIONS");
            assertIsOfDialog(atBob, call.caller(), bob.contact());
            until(() -> scene.proxy.proxy().statistics().clientTransactions() == 0);
        }

        assertThat(scene.only().state()).isEqualTo(CallState.ANSWERED);
        CompletableFuture<Call> end = scene.calls().hangUp(scene.only(), "");
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);
        join(end);
    }

    @Test
    void lostByeIsFoundByTheKeepalive() {
        withKeepalive();
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);

        scene.clock.advance(Duration.ofSeconds(30));
        bob.respond(bob.awaitRequest("OPTIONS"), 481);
        alice.respond(alice.awaitRequest("OPTIONS"), 200);
        bob.respond(bob.awaitRequest("BYE"), 481);
        alice.respond(alice.awaitRequest("BYE"), 200);

        CallEnd end = scene.awaitEnd();
        assertThat(end.reason()).isEqualTo(Reason.LOST);
        assertThat(end.side()).isEqualTo(Side.CALLEE);
        assertThat(end.text()).contains("481");
        assertThat(scene.calls().statistics().lost()).isEqualTo(1);
    }

    @Test
    void phoneThatDoesNotRespondEndsTheCall() {
        withKeepalive();
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        scene.establish(alice, bob);

        scene.clock.advance(Duration.ofSeconds(30));
        alice.awaitRequest("OPTIONS"); // alice does not respond
        bob.respond(bob.awaitRequest("OPTIONS"), 200);
        scene.clock.advance(Duration.ofSeconds(33));
        bob.respond(bob.awaitRequest("BYE"), 200);

        assertThat(scene.awaitEnd().side()).isEqualTo(Side.CALLER);
        assertThat(scene.ends().get(0).reason()).isEqualTo(Reason.LOST);
        alice.awaitRequest("BYE");
    }

    @Test
    void phoneWhoseConnectionIsClosedEndsTheCallAtTheSecondAttempt() {
        withKeepalive();
        WireClient.Tcp bob = scene.proxy.tcp("bob");
        String contact = "<sip:bob@127.0.0.1:" + bob.connectionPort() + ";transport=tcp>";
        scene.proxy.registerContact(bob, "bob", contact);
        WireClient.Udp alice = scene.proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: " + contact);
        alice.send(Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)).ack());
        bob.awaitRequest("ACK");
        bob.close();

        scene.clock.advance(Duration.ofSeconds(30));
        alice.respond(alice.awaitRequest("OPTIONS"), 200);
        until(() -> scene.proxy.proxy().statistics().clientTransactions() == 0);
        assertThat(scene.calls().count()).isEqualTo(1);
        advanceToOptions(alice);
        alice.respond(alice.awaitRequest("OPTIONS"), 200);
        alice.respond(alice.awaitRequest("BYE"), 200);

        assertThat(scene.awaitEnd().reason()).isEqualTo(Reason.LOST);
    }

    @Test
    void sidesAreAskedWhenTheSessionWasNotRefreshed() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Session-Expires: 90"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200, "Session-Expires: 90;refresher=uas");
        alice.send(Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)).ack());
        bob.awaitRequest("ACK");
        Dialog callee = Dialog.ofCallee(bob, received, ok);

        scene.clock.advance(Duration.ofSeconds(80));
        Request refresh = bob.send(callee.request("UPDATE").contact("<" + bob.contact() + ">"));
        alice.respond(alice.awaitRequest("UPDATE"), 200, "x: 90;refresher=uac");
        bob.awaitResponse(refresh, 200);
        scene.clock.advance(Duration.ofSeconds(80));
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        scene.clock.advance(Duration.ofSeconds(42));
        bob.respond(bob.awaitRequest("OPTIONS"), 481);
        alice.awaitRequest("OPTIONS");
        bob.respond(bob.awaitRequest("BYE"), 481);
        alice.respond(alice.awaitRequest("BYE"), 200);

        assertThat(scene.awaitEnd().reason()).isEqualTo(Reason.LOST);
    }
}
