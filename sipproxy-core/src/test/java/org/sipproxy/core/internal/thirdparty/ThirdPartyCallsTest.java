package org.sipproxy.core.internal.thirdparty;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.client.ThirdPartyCall.State;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.transaction.TransactionScene;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;
import org.sipproxy.message.SipUri;

/** Calls of mixed outcomes leave nothing, whatever the order of the events. */
class ThirdPartyCallsTest {

    private static final CallSetup SETUP = CallSetup.of(
            Participant.of(SipUri.of("sip:alice@sip.test")), Participant.of(SipUri.of("sip:bob@sip.test")));

    private final TransactionScene scene = new TransactionScene();
    private final Network network = new Network();
    private final ThirdPartyCalls calls =
            new ThirdPartyCalls(100_000, network, scene.table, ParseLimits.DEFAULT, () -> false);

    /** INVITE that waits for its responses. */
    private static final class Ringing implements Signalling.Invitation {

        final Signalling.Outgoing invite;
        final Signalling.InviteUser user;
        final Executor executor;
        boolean isOver;
        boolean cancelled;

        Ringing(Signalling.Outgoing invite, Signalling.InviteUser user, Executor executor) {
            this.invite = invite;
            this.user = user;
            this.executor = executor;
        }

        @Override
        public void cancel(@Nullable String reason) {
            cancelled = true;
        }

        void respond(int status, String tag, String body) {
            SipResponse response = response(invite.request(), status, tag, body);
            isOver |= status >= 200;
            executor.execute(() -> {
                if (status >= 300) {
                    user.failed(status, "X", response);
                } else if (status >= 200) {
                    user.accepted(response, Sender.HOST);
                } else {
                    user.provisional(response);
                }
            });
        }
    }

    private static SipResponse response(SipRequest request, int status, String tag, String body) {
        return SipText.response("SIP/2.0 " + status + " X\n"
                + "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2\n"
                + "From: " + request.header(HeaderName.FROM).orElseThrow() + "\n"
                + "To: <sip:x@sip.test>;tag=" + tag + "\n"
                + "Call-ID: " + request.header(HeaderName.CALL_ID).orElseThrow() + "\n"
                + "CSeq: " + request.header(HeaderName.CSEQ).orElseThrow() + "\n"
                + "Contact: <sip:x@192.0.2.1>\n"
                + "Content-Length: " + body.length() + "\n\n" + body);
    }

    /** Keeps what is sent, for the test to respond. */
    private static final class Network implements Signalling {

        final List<Ringing> invites = new ArrayList<>();
        final List<CompletableFuture<SipResponse>> requests = new ArrayList<>();
        final List<Outgoing> sent = new ArrayList<>();
        int acks;

        @Override
        public Invitation invite(Outgoing invite, InviteUser user, Executor executor) {
            Ringing ringing = new Ringing(invite, user, executor);
            invites.add(ringing);
            return ringing;
        }

        @Override
        public CompletableFuture<SipResponse> send(Outgoing request) {
            CompletableFuture<SipResponse> future = new CompletableFuture<>();
            sent.add(request);
            requests.add(future);
            return future;
        }

        @Override
        public void ack(Outgoing ack) {
            acks++;
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        void clear() {
            invites.clear();
            requests.clear();
            sent.clear();
        }
    }

    /** Request of a user, from the dialog that the INVITE to the user began. */
    private static final class OfUser implements IncomingRequest {

        private final SipRequest request;
        final List<Integer> responses = new ArrayList<>();

        OfUser(String method, Ringing invite, String tag, long cseq) {
            SipRequest of = invite.invite.request();
            this.request = SipText.request(method + " sip:" + invite.invite.token() + "@127.0.0.1 SIP/2.0\n"
                    + "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n"
                    + "From: <sip:x@sip.test>;tag=" + tag + "\n"
                    + "To: " + of.header(HeaderName.FROM).orElseThrow() + "\n"
                    + "Call-ID: " + of.header(HeaderName.CALL_ID).orElseThrow() + "\n"
                    + "CSeq: " + cseq + " " + method + "\n"
                    + "Content-Length: 0\n\n");
        }

        @Override
        public SipRequest request() {
            return request;
        }

        @Override
        public void respond(int status, String phrase, byte[] lines, byte[] body, boolean withContact) {
            responses.add(status);
        }

        @Override
        public void waiting(Runnable cancelled) {
            responses.add(100);
        }
    }

    /** Lets random events happen until the call has ended and both users are released. */
    private CallEnd live(Random random) throws SipParseException {
        network.clear();
        ThirdPartyCall call = calls.connect(SETUP);
        List<OfUser> incoming = new ArrayList<>();
        for (int step = 0; calls.count() > 0; step++) {
            assertThat(step).as("events without an end, " + call).isLessThan(3_000);
            switch (random.nextInt(step > 200 ? 5 : 7)) {
                case 0, 1 -> respondToInvite(random);
                case 2, 3 -> respondToRequest(random);
                case 4 -> {
                    if (random.nextInt(10) == 0) {
                        scene.advance(31_000); // it rings too long
                    }
                }
                case 5 -> request(random, incoming, step);
                default -> {
                    if (random.nextInt(20) == 0) {
                        CompletableFuture<CallEnd> unused = call.hangUp("enough");
                    }
                }
            }
            if (step > 100 && call.state() == State.CONNECTED) {
                CompletableFuture<CallEnd> unused = call.hangUp("");
            }
        }
        assertThat(call.ended()).isDone();
        assertThat(call.hangUp("")).isDone();
        network.invites.stream().filter(one -> !one.isOver).forEach(one -> one.respond(487, "t0", ""));
        network.requests.forEach(future ->
                future.completeExceptionally(new RequestFailedException(RequestFailedException.Reason.TIMED_OUT, "")));
        incoming.forEach(one -> assertThat(one.responses.stream().filter(status -> status >= 200))
                .as(one.request + " in " + call)
                .isNotEmpty());
        return call.ended().join();
    }

    private void respondToInvite(Random random) {
        List<Ringing> open = network.invites.stream().filter(one -> !one.isOver).toList();
        if (!open.isEmpty()) {
            Ringing one = open.get(random.nextInt(open.size()));
            int status = one.cancelled && random.nextBoolean()
                    ? 487
                    : List.of(180, 200, 200, 200, 200, 486, 503).get(random.nextInt(7));
            one.respond(status, "t" + random.nextInt(2), random.nextInt(10) == 0 ? "" : "v=0\n");
        }
    }

    private void respondToRequest(Random random) {
        for (int i = 0; i < network.requests.size(); i++) {
            CompletableFuture<SipResponse> future = network.requests.get(i);
            if (!future.isDone() && random.nextBoolean()) {
                if (random.nextInt(4) == 0) {
                    future.completeExceptionally(
                            new RequestFailedException(RequestFailedException.Reason.TIMED_OUT, "test"));
                } else {
                    future.complete(response(
                            network.sent.get(i).request(),
                            List.of(200, 481, 401).get(random.nextInt(3)),
                            "t0",
                            ""));
                }
            }
        }
    }

    private void request(Random random, List<OfUser> incoming, int step) throws SipParseException {
        if (!network.invites.isEmpty()) {
            Ringing invite = network.invites.get(random.nextInt(network.invites.size()));
            String method = List.of("INVITE", "INFO", "UPDATE", "BYE").get(random.nextInt(4));
            OfUser request = new OfUser(method, invite, "t" + random.nextInt(2), step + 1);
            if (calls.accept(request)) {
                incoming.add(request);
            }
        }
    }

    @Test
    void randomCallsLeaveNothing() throws SipParseException {
        Map<CallEnd.Reason, Integer> ends = new TreeMap<>();
        for (int seed = 0; seed < 500; seed++) {
            CallEnd end = live(new Random(seed));
            ends.merge(end.reason(), 1, Integer::sum);
            assertThat(scene.wheel.size()).as("timers after call " + seed).isZero();
        }

        assertThat(calls.count()).isZero();
        assertThat(network.acks).isPositive();
        assertThat(ends)
                .containsKeys(
                        CallEnd.Reason.BYE,
                        CallEnd.Reason.BUSY,
                        CallEnd.Reason.CANCELLED,
                        CallEnd.Reason.FAILED,
                        CallEnd.Reason.HUNG_UP,
                        CallEnd.Reason.NO_ANSWER,
                        CallEnd.Reason.UNREACHABLE);
    }
}
