package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipUri;

/** Proxy that connects two users. */
final class ThirdPartyScene implements AutoCloseable {

    static final String OFFER = """
            v=0
            o=a 1 1 IN IP4 192.0.2.1
            s=-
            c=IN IP4 192.0.2.1
            t=0 0
            m=audio 4000 RTP/AVP 0 8
            a=rtpmap:0 PCMU/8000
            m=video 4002/2 RTP/AVP 96
            """.replace("\n", "\r\n");
    /** The answer to {@link #OFFER} that accepts no stream. */
    static final String REJECTION = """
            v=0
            o=- 0 0 IN IP4 0.0.0.0
            s=-
            c=IN IP4 0.0.0.0
            t=0 0
            m=audio 0 RTP/AVP 0 8
            m=video 0 RTP/AVP 96
            """.replace("\n", "\r\n");

    static final String ANSWER = "the answer, which is not read";

    final CallScene.Ahead clock = new CallScene.Ahead();
    final ProxyUnderTest proxy;

    ThirdPartyScene() {
        this(b -> b);
    }

    ThirdPartyScene(UnaryOperator<SipProxyBuilder> options) {
        this.proxy = ProxyUnderTest.start(b -> options.apply(b.clock(clock)));
    }

    static Participant user(String name) {
        return Participant.of(SipUri.of("sip:" + name + "@sip.test"));
    }

    ThirdPartyCall connect(Participant first, Participant second) {
        return connect(CallSetup.of(first, second));
    }

    ThirdPartyCall connect(CallSetup setup) {
        return proxy.proxy().requests().connect(setup);
    }

    ThirdPartyCall connect(WireClient alice, WireClient bob) {
        return connect(user(alice.name()), user(bob.name()));
    }

    /** Lets the first user answer with the offer. Returns the dialog as the user sees it. */
    static Dialog answerFirst(WireClient alice, WireMessage invite) {
        return Dialog.ofCallee(
                alice, invite, alice.respond(invite, 200, "Content-Type: application/sdp", "\r\n" + OFFER));
    }

    /** Lets the second user answer with the answer. Returns the dialog as the user sees it. */
    static Dialog answerSecond(WireClient bob, WireMessage invite) {
        return Dialog.ofCallee(bob, invite, bob.respond(invite, 200, "Content-Type: text/x-answer", "\r\n" + ANSWER));
    }

    /**
     * A call whose first user has answered.
     *
     * @param first the dialog as the first user sees it
     * @param invite the INVITE to the second user
     */
    record Second(ThirdPartyCall call, Dialog first, WireMessage invite) {}

    /** Lets the first user answer, and waits for the INVITE to the second one. */
    Second callSecond(WireClient alice, WireClient bob) {
        ThirdPartyCall call = connect(alice, bob);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        return new Second(call, first, bob.awaitRequest("INVITE"));
    }

    /** Accepts the BYE to a user. Returns it. */
    static WireMessage acceptBye(WireClient user) {
        WireMessage bye = user.awaitRequest("BYE");
        user.respond(bye, 200);
        return bye;
    }

    /** Waits for the ACK to a user's answer and for the BYE after it, and accepts that. Returns the BYE. */
    static WireMessage release(WireClient user) {
        user.awaitRequest("ACK");
        return acceptBye(user);
    }

    static void assertNoRequest(WireClient client, String method) {
        assertThat(client.pendingAfterRoundTrip())
                .noneMatch(m -> !m.isResponse() && m.method().equals(method));
    }

    /** A call whose users have both answered, as they see it. */
    record Connected(ThirdPartyCall call, Dialog first, Dialog second) {}

    Connected established(WireClient alice, WireClient bob) {
        Second calling = callSecond(alice, bob);
        Dialog second = answerSecond(bob, calling.invite());
        bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        assertThat(get(calling.call().connected())).isTrue();
        return new Connected(calling.call(), calling.first(), second);
    }

    /** Ends the call by BYE of the first user. */
    void hangUp(Connected call, WireClient alice, WireClient bob) {
        Request bye = alice.send(call.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        bob.respond(bob.awaitRequest("BYE"), 200);
        get(call.call().ended());
    }

    static CallEnd end(ThirdPartyCall call) {
        return get(call.ended());
    }

    static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(5, TimeUnit.SECONDS).join();
    }

    /** Ends all transactions, and checks that nothing is left. */
    void nothingIsLeft() {
        CallScene.until(() -> proxy.proxy().statistics().unanswered() == 0);
        clock.advance(Duration.ofSeconds(40));
        CallScene.until(() -> {
            ProxyStatistics now = proxy.proxy().statistics();
            return now.serverTransactions() == 0 && now.clientTransactions() == 0 && now.transactionBytes() == 0;
        });
    }

    @Override
    public void close() {
        proxy.close();
    }
}
