package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeRequestClient;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeThirdPartyCall;

class FakeRequestClientTest {

    private final FakeRequestClient client = new FakeRuntime(Instant.EPOCH).requests();
    private final OutgoingRequest options =
            OutgoingRequest.builder(Method.OPTIONS, SipUri.of("sip:gw.test")).build();

    @Test
    void testCompletesEachRequest() throws Exception {
        CompletableFuture<SipResponse> first = client.send(options);
        CompletableFuture<SipResponse> second = client.send(options);
        assertThat(first).isNotDone();

        client.sent().get(0).respond(503, "Retry-After: 5");
        client.sent().get(1).fail(Reason.TIMED_OUT);

        assertThat(first.join().statusCode()).isEqualTo(503);
        assertThat(first.join().header(HeaderName.RETRY_AFTER)).hasValue("5");
        assertThat(first.join().cseq().method()).isEqualTo(Method.OPTIONS);
        assertThatThrownBy(second::join)
                .cause()
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(Reason.TIMED_OUT));
    }

    @Test
    void scriptedStatusCompletesAtOnce() {
        client.respondWith(200);

        assertThat(client.send(options).join().statusCode()).isEqualTo(200);
        assertThat(client.sent())
                .singleElement()
                .extracting(FakeRequestClient.Sent::request)
                .isSameAs(options);
    }

    @Test
    void testLetsTheUsersOfACallAnswerAndHangUp() {
        CallSetup setup = CallSetup.of(
                Participant.of(SipUri.of("sip:1001@sip.test")), Participant.of(SipUri.of("sip:1002@sip.test")));
        ThirdPartyCall call = client.connect(setup);
        FakeThirdPartyCall fake = client.calls().get(0);

        fake.answer();
        assertThat(call.state()).isEqualTo(ThirdPartyCall.State.CALLING_SECOND);
        assertThat(call.connected()).isNotDone();
        fake.answer().answer();
        assertThat(call.connected()).isCompletedWithValue(true);
        assertThat(call.hangUp("done")).isDone();
        fake.answer().end(new CallEnd(CallEnd.Side.CALLER, CallEnd.Reason.BYE, 0, ""));

        assertThat(call.setup()).isSameAs(setup);
        assertThat(call.state()).isEqualTo(ThirdPartyCall.State.ENDED);
        assertThat(call.ended())
                .isCompletedWithValue(new CallEnd(CallEnd.Side.PROXY, CallEnd.Reason.HUNG_UP, 0, "done"));
    }

    @Test
    void callThatEndsEarlyWasNotConnected() {
        FakeThirdPartyCall call = client.connect(CallSetup.of(
                Participant.of(SipUri.of("sip:1001@sip.test")), Participant.of(SipUri.of("sip:1002@sip.test"))));

        call.end(new CallEnd(CallEnd.Side.CALLER, CallEnd.Reason.BUSY, 486, ""));

        assertThat(call.connected()).isCompletedWithValue(false);
    }
}
