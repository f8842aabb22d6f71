package org.sipproxy.core.internal.thirdparty;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestSession;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.thirdparty.Signalling.InviteUser;
import org.sipproxy.core.internal.thirdparty.Signalling.Outgoing;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * Call between two users, set up by flow I of RFC 3725.
 *
 * <pre>
 *  state           event                          action                                       next
 *  --------------  -----------------------------  -------------------------------------------  --------------
 *  CALLING_FIRST   2xx of the first               INVITE with its offer to the second          CALLING_SECOND
 *  CALLING_SECOND  2xx of the first again         none: it waits for its ACK                   CALLING_SECOND
 *  CALLING_SECOND  2xx of the second              ACK to the second, ACK with answer to first  CONNECTED
 *  CALLING_*       failure, ring time, hung up    release both                                 ENDED
 *  CALLING_*       BYE of a user                  200; release both                            ENDED
 *  CALLING_*       other request of a user        491                                          -
 *  CONNECTED       BYE of a user                  200; release both                            ENDED
 *  CONNECTED       other request of a user        pass to the other user, responses back       CONNECTED
 *  CONNECTED       maximum duration, hung up      release both                                 ENDED
 *  any             2xx again, after its ACK       the same ACK                                 -
 *  any             2xx that is not wanted         ACK, BYE                                     -
 *  ENDED           BYE of a user                  200                                          ENDED
 *  ENDED           last BYE and INVITE are over   leave the table                              -
 * </pre>
 *
 * <p>To release a user is to CANCEL the INVITE if it has no final response; otherwise to send the ACK, if that is
 * missing, and a BYE, unless the user has sent one.
 *
 * <p>All that happens to a call is a task of {@link SerialTasks}, so its state has no lock. It is its own timer.
 */
final class ControlledCall extends Timer implements ThirdPartyCall {

    private static final int LONGEST_REASON = 200;
    /** How much earlier than its deadline a timer may fire. */
    private static final long TIMER_GRACE = 50_000_000L;

    private static final int REQUEST_PENDING = 491;

    private static final byte[] NONE = {};

    private final ThirdPartyCalls calls;
    private final Signalling signalling;
    private final CallSetup setup;
    private final SerialTasks tasks;
    private final Side first;
    private final Side second;

    private final CompletableFuture<Boolean> connected = new CompletableFuture<>();
    private final CompletableFuture<CallEnd> ended = new CompletableFuture<>();
    /** Completed when both users are released. */
    private final CompletableFuture<CallEnd> released = new CompletableFuture<>();

    private volatile State state = State.CALLING_FIRST;
    private long dueAt;
    private @Nullable CallEnd ending;
    private @Nullable String endReason;
    /** Number of BYEs without a final response. */
    private int byes;
    /** True once the call has left the table. */
    private boolean hasLeft;

    ControlledCall(ThirdPartyCalls calls, CallSetup setup) {
        this.calls = calls;
        this.signalling = calls.signalling();
        this.setup = setup;
        this.tasks = new SerialTasks(signalling::execute, this::failed);
        this.first = new Side(true, setup.first(), setup.second());
        this.second = new Side(false, setup.second(), setup.first());
    }

    List<UserDialog> dialogs() {
        return List.of(first.dialog, second.dialog);
    }

    /** Returns the dialog with the other user; null if the users are not connected. */
    @Nullable
    UserDialog connectedTo(UserDialog dialog) {
        if (state != State.CONNECTED) {
            return null;
        }
        return dialog == first.dialog ? second.dialog : first.dialog;
    }

    // ---- the host application

    @Override
    public CallSetup setup() {
        return setup;
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public CompletableFuture<Boolean> connected() {
        return connected.copy();
    }

    @Override
    public CompletableFuture<CallEnd> ended() {
        return ended.copy();
    }

    @Override
    public CompletableFuture<CallEnd> hangUp(String reason) {
        if (Objects.requireNonNull(reason, "reason").length() > LONGEST_REASON) {
            throw new IllegalArgumentException(
                    "reason: " + reason.length() + " characters; write at most " + LONGEST_REASON);
        }
        if (reason.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("reason: holds a control character; write one line of text");
        }
        end(new CallEnd(CallEnd.Side.PROXY, Reason.HUNG_UP, 0, reason), Reasons.q850(Reasons.NORMAL, reason));
        return released.copy();
    }

    @Override
    public String toString() {
        return setup + ": " + state;
    }

    // ---- set-up

    /** Ends the call before it has begun. */
    void refuse(CallEnd end) {
        state = State.ENDED;
        connected.complete(false);
        ended.complete(end);
        released.complete(end);
    }

    void start() {
        tasks.execute(() -> {
            if (state == State.CALLING_FIRST) {
                schedule(setup.first().ringFor().orElse(CallSetup.FIRST_RINGS_FOR));
                first.call(NONE, Body.NONE);
            }
        });
    }

    private void answered(Side side, SipResponse accepted) throws SipParseException {
        Body description = Body.of(accepted);
        if (side == second) {
            second.acknowledge(Body.NONE);
        }
        if (description.isEmpty()) {
            endNow(
                    new CallEnd(side.name(), Reason.FAILED, 0, "the 200 has no session description"),
                    Reasons.sip(StatusCode.SERVER_INTERNAL_ERROR, "no session description"));
        } else if (side == first) {
            first.offer = description;
            state = State.CALLING_SECOND;
            schedule(setup.second().ringFor().orElse(CallSetup.SECOND_RINGS_FOR));
            second.call(allow(accepted), description);
        } else {
            first.acknowledge(description);
            state = State.CONNECTED;
            schedule(setup.maxDuration());
            signalling.execute(() -> connected.complete(true));
        }
    }

    /** Returns the methods that the first user supports, because the second one's requests are passed to it. */
    private static byte[] allow(SipResponse accepted) {
        ByteWriter lines = new ByteWriter(64);
        accepted.headers(HeaderName.ALLOW)
                .forEach(value -> lines.text("Allow: ").text(value).crlf());
        return lines.toBytes();
    }

    private void schedule(Duration delay) {
        dueAt = calls.table().now() + delay.toNanos();
        calls.table().schedule(this, delay.toNanos());
    }

    @Override
    protected void fire() {
        tasks.execute(this::due);
    }

    private void due() {
        if (calls.table().now() - dueAt < -TIMER_GRACE) {
            return; // it fired when the state had just changed
        }
        if (state == State.CONNECTED) {
            endNow(
                    new CallEnd(CallEnd.Side.PROXY, Reason.MAX_DURATION, 0, "maximum duration"),
                    Reasons.q850(Reasons.TIMER_EXPIRED, "maximum duration"));
        } else if (state != State.ENDED) {
            Side silent = state == State.CALLING_FIRST ? first : second;
            endNow(
                    new CallEnd(silent.name(), Reason.NO_ANSWER, StatusCode.REQUEST_TIMEOUT, "not answered in time"),
                    Reasons.sip(StatusCode.REQUEST_TIMEOUT, "not answered in time"));
        }
    }

    // ---- end

    /**
     * Ends the call. May be called by any thread.
     *
     * @param reason value of Reason in the BYEs and CANCELs; null for none
     */
    void end(CallEnd end, @Nullable String reason) {
        tasks.execute(() -> endNow(end, reason));
    }

    private void endNow(CallEnd end, @Nullable String reason) {
        if (state == State.ENDED) {
            return;
        }
        boolean wasConnected = state == State.CONNECTED;
        state = State.ENDED;
        ending = end;
        endReason = reason;
        calls.table().cancel(this);
        first.endPassed();
        second.endPassed();
        first.release();
        second.release();
        signalling.execute(() -> {
            connected.complete(wasConnected);
            ended.complete(end);
        });
        leaveIfOver();
    }

    private void failed(Throwable e) {
        calls.failed(e);
        endNow(
                new CallEnd(CallEnd.Side.PROXY, Reason.FAILED, 0, "the proxy failed; its log has the error"),
                Reasons.sip(StatusCode.SERVER_INTERNAL_ERROR, ""));
    }

    /** Leaves the table when only retransmissions are expected. */
    private void leaveIfOver() {
        CallEnd end = ending;
        if (end != null && byes == 0 && first.isOver() && second.isOver() && !hasLeft) {
            hasLeft = true;
            calls.remove(this);
            released.completeAsync(() -> end, signalling::execute);
        }
    }

    private void bye(UserDialog dialog, @Nullable String reason) {
        byes++;
        byte[] lines = reason == null ? NONE : ("Reason: " + reason + "\r\n").getBytes(StandardCharsets.UTF_8);
        send(dialog, Method.BYE, lines, NONE, dialog.digest(Method.BYE), (response, failure) -> {
            byes--;
            leaveIfOver();
        });
    }

    /** Sends a request, and again with credentials if it is challenged. {@code done} is a task of this call. */
    private void send(
            UserDialog dialog,
            Method method,
            byte[] lines,
            byte[] body,
            DigestSession digest,
            BiConsumer<@Nullable SipResponse, @Nullable Throwable> done) {
        Outgoing request;
        try {
            request = dialog.request(method, lines, body, digest);
        } catch (SipParseException e) {
            done.accept(null, e);
            return;
        }
        CompletableFuture<?> unused = signalling
                .send(request)
                .whenComplete((response, failure) -> tasks.execute(() -> {
                    if (response != null && isChallenge(response.statusCode()) && digest.accept(response)) {
                        send(dialog, method, lines, body, digest, done);
                    } else {
                        done.accept(response, failure);
                    }
                }));
    }

    private static boolean isChallenge(int status) {
        return status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
    }

    // ---- requests of the users

    /** Handles a request of a user. May be called by any thread. */
    void onRequest(UserDialog dialog, IncomingRequest request) {
        Side side = dialog == first.dialog ? first : second;
        tasks.execute(() -> {
            try {
                side.received(request);
            } catch (SipParseException e) {
                respond(request, e.statusCode());
            }
        });
    }

    /** Handles the ACK of a user, to the 2xx of a re-INVITE. May be called by any thread. */
    void onAck(UserDialog dialog, SipRequest ack) {
        Side side = dialog == first.dialog ? first : second;
        tasks.execute(() -> {
            PassedInvite invite = side.passed;
            try {
                if (invite != null && invite.isOf(ack)) {
                    invite.acknowledge(Body.of(ack));
                }
            } catch (SipParseException e) {
                calls.unreadable(e);
            }
        });
    }

    private static void respond(IncomingRequest request, int status) {
        refuse(request, status, StatusCode.reasonPhrase(status));
    }

    private static void refuse(IncomingRequest request, int status, String phrase, String... lines) {
        String text = lines.length == 0 ? "" : String.join("\r\n", lines) + "\r\n";
        request.respond(status, phrase, text.getBytes(StandardCharsets.UTF_8), NONE, false);
    }

    /** Responds as the other user has responded. A challenge is for the proxy, not for the user. */
    private static void respond(IncomingRequest request, SipResponse response, boolean withContact) {
        if (isChallenge(response.statusCode())) {
            respond(request, StatusCode.FORBIDDEN);
        } else {
            request.respond(
                    response.statusCode(),
                    response.reasonPhrase(),
                    PassedHeaders.of(response),
                    response.body(),
                    withContact && response.statusCode() < 300);
        }
    }

    private static int statusOf(Throwable failure) {
        RequestFailedException.Reason reason = failure instanceof RequestFailedException known
                ? known.reason()
                : RequestFailedException.Reason.INTERNAL_ERROR;
        return switch (reason) {
            case TIMED_OUT -> StatusCode.REQUEST_TIMEOUT;
            case UNREACHABLE -> StatusCode.TEMPORARILY_UNAVAILABLE;
            case TOO_MANY_PENDING, PROXY_CLOSED -> StatusCode.SERVICE_UNAVAILABLE;
            case INTERNAL_ERROR -> StatusCode.SERVER_INTERNAL_ERROR;
        };
    }

    private static NameAddress addressOf(Participant user) {
        try {
            return NameAddress.parse("<" + user.uri() + ">");
        } catch (SipParseException e) {
            throw new IllegalStateException("a URI without brackets", e);
        }
    }

    /** One of the two users. */
    private final class Side implements InviteUser {

        private final boolean isFirst;
        final UserDialog dialog;
        /** Null until the user is called. */
        private @Nullable OutgoingInvite invite;
        /** The ACKs that were sent, by the tag of the phone. */
        private final Map<String, Outgoing> acks = new HashMap<>(2);

        private String tag = "";
        private long cseqOfInvite;
        /** What the ACK has to answer; none if the INVITE had the offer. */
        Body offer = Body.NONE;
        /** True if the user has sent BYE. */
        private boolean isGone;
        /** The latest re-INVITE of this user. */
        @Nullable
        PassedInvite passed;

        Side(boolean isFirst, Participant user, Participant other) {
            this.isFirst = isFirst;
            this.dialog = new UserDialog(user, user.from().orElseGet(() -> addressOf(other)), calls.limits());
        }

        CallEnd.Side name() {
            return isFirst ? CallEnd.Side.CALLER : CallEnd.Side.CALLEE;
        }

        private Side other() {
            return isFirst ? second : first;
        }

        /** Returns true if the INVITE, if any, has its final response. */
        boolean isOver() {
            OutgoingInvite sent = invite;
            return sent == null || sent.isOver();
        }

        // ---- the INVITE

        void call(byte[] moreLines, Body description) {
            ByteWriter lines = new ByteWriter(256);
            for (OutgoingRequest.Header header : dialog.user().headers()) {
                lines.text(header.name() + ": ").text(header.value()).crlf();
            }
            lines.bytes(moreLines).bytes(description.headerLines());
            OutgoingInvite made =
                    new OutgoingInvite(signalling, tasks, dialog, lines.toBytes(), description.content(), this);
            try {
                made.send();
                invite = made;
            } catch (SipParseException e) {
                endNow(
                        new CallEnd(CallEnd.Side.PROXY, Reason.FAILED, 0, String.valueOf(e.getMessage())),
                        Reasons.sip(StatusCode.SERVER_INTERNAL_ERROR, ""));
            }
        }

        @Override
        public void provisional(SipResponse response) {
            // the state does not change
        }

        @Override
        public void accepted(SipResponse response, Sender peer) {
            try {
                Outgoing ack = acks.get(response.toTag());
                if (ack != null) {
                    signalling.ack(ack); // the ACK was lost (RFC 3261 §13.2.2.4)
                } else if (!dialog.isEstablished() && state == (isFirst ? State.CALLING_FIRST : State.CALLING_SECOND)) {
                    dialog.establish(response, peer);
                    tag = response.toTag();
                    cseqOfInvite = response.cseq().number();
                    answered(this, response);
                } else if (!dialog.isEstablished() || !dialog.isOf(response)) {
                    hangUp(response, peer);
                }
            } catch (SipParseException e) {
                calls.unreadable(e);
                endNow(
                        new CallEnd(name(), Reason.FAILED, 0, String.valueOf(e.getMessage())),
                        Reasons.sip(StatusCode.SERVER_INTERNAL_ERROR, ""));
            }
            leaveIfOver();
        }

        /** Ends the dialog of a 2xx that is not wanted: of another phone, or after the end. */
        private void hangUp(SipResponse response, Sender peer) throws SipParseException {
            UserDialog unwanted = dialog.fork(response, peer);
            Body rejected = isFirst ? RejectedOffer.answer(Body.of(response)) : Body.NONE;
            acknowledge(unwanted, response.toTag(), response.cseq().number(), rejected);
            bye(unwanted, state == State.ENDED ? endReason : Reasons.sip(200, "Call completed elsewhere"));
        }

        @Override
        public void failed(int status, String phrase, @Nullable SipResponse response) {
            endNow(new CallEnd(name(), reasonOf(status), status, phrase), Reasons.sip(status, phrase));
            leaveIfOver();
        }

        private static Reason reasonOf(int status) {
            return switch (FailureCause.ofStatus(status)) {
                case BUSY -> Reason.BUSY;
                case NO_ANSWER, NOT_REGISTERED -> Reason.NO_ANSWER;
                case DECLINED -> Reason.DECLINED;
                case UNREACHABLE -> Reason.UNREACHABLE;
                case UNKNOWN_USER, REDIRECTED, CHALLENGED, REJECTED -> Reason.REJECTED;
            };
        }

        /** Acknowledges the answer of the user. */
        void acknowledge(Body answer) throws SipParseException {
            acknowledge(dialog, tag, cseqOfInvite, answer);
        }

        private void acknowledge(UserDialog of, String tagOfPhone, long cseq, Body answer) throws SipParseException {
            Outgoing ack = of.ack(cseq, answer);
            acks.put(tagOfPhone, ack);
            signalling.ack(ack);
        }

        /** Cancels the INVITE to the user, or ends the dialog. */
        void release() {
            OutgoingInvite sent = invite;
            if (sent == null) {
                return;
            }
            sent.cancel(endReason);
            if (!dialog.isEstablished()) {
                return;
            }
            try {
                if (!acks.containsKey(tag)) {
                    acknowledge(RejectedOffer.answer(offer));
                }
            } catch (SipParseException e) {
                calls.unreadable(e);
            }
            if (!isGone) {
                bye(dialog, endReason);
            }
        }

        // ---- requests of the user

        void received(IncomingRequest incoming) throws SipParseException {
            SipRequest request = incoming.request();
            Method method = request.method();
            if (!dialog.received(request)) {
                refuse(incoming, StatusCode.SERVER_INTERNAL_ERROR, "CSeq Out of Order");
            } else if (method == Method.BYE) {
                respond(incoming, StatusCode.OK);
                isGone = true;
                endNow(
                        new CallEnd(name(), isFirst && state != State.CONNECTED ? Reason.CANCELLED : Reason.BYE, 0, ""),
                        request.header(HeaderName.REASON).orElse(null));
            } else if (state == State.ENDED) {
                respond(incoming, StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            } else if (state != State.CONNECTED) {
                requestPending(incoming);
            } else if (!PassedHeaders.unsupported(request).isEmpty()) {
                refuse(
                        incoming,
                        StatusCode.BAD_EXTENSION,
                        StatusCode.reasonPhrase(StatusCode.BAD_EXTENSION),
                        "Unsupported: " + String.join(", ", PassedHeaders.unsupported(request)));
            } else if (method == Method.INVITE || (method == Method.UPDATE && request.bodyLength() > 0)) {
                passOffer(incoming, method);
            } else {
                pass(incoming, method);
            }
        }

        /** One offer at a time (§14.2, RFC 3311 §5.2). */
        private void passOffer(IncomingRequest incoming, Method method) throws SipParseException {
            PassedInvite ofOther = other().passed;
            PassedInvite own = passed;
            if (ofOther != null && ofOther.isPending()) {
                requestPending(incoming);
            } else if (own != null && own.isPending()) {
                refuse(incoming, StatusCode.SERVER_INTERNAL_ERROR, "Request Pending", "Retry-After: 5");
            } else if (method == Method.INVITE) {
                PassedInvite invitation = new PassedInvite(this, incoming);
                passed = invitation;
                invitation.begin();
            } else {
                pass(incoming, method);
            }
        }

        private void requestPending(IncomingRequest incoming) {
            refuse(incoming, REQUEST_PENDING, "Request Pending");
        }

        private void pass(IncomingRequest incoming, Method method) {
            Side to = other();
            SipRequest request = incoming.request();
            send(
                    to.dialog,
                    method,
                    PassedHeaders.of(request),
                    request.body(),
                    to.dialog.digest(method),
                    (response, failure) -> {
                        if (response == null) {
                            respond(incoming, failure == null ? StatusCode.SERVER_INTERNAL_ERROR : statusOf(failure));
                            return;
                        }
                        if (method == Method.UPDATE && response.isSuccess()) {
                            refresh(this, request, to, response);
                        }
                        respond(incoming, response, UserDialog.hasContact(method));
                    });
        }

        void endPassed() {
            PassedInvite last = passed;
            if (last != null) {
                last.end();
            }
        }
    }

    private void refresh(Side sender, SipRequest request, Side other, SipResponse response) {
        try {
            sender.dialog.refresh(request);
            other.dialog.refresh(response);
        } catch (SipParseException e) {
            calls.unreadable(e); // the remote targets stay
        }
    }

    /** Re-INVITE of one user that is passed to the other. Its 2xx and ACK are retransmitted end to end. */
    private final class PassedInvite implements InviteUser {

        private final Side from;
        private final Side to;
        private final IncomingRequest incoming;
        private final OutgoingInvite outgoing;
        private boolean failed;
        private long acceptedCseq;
        private @Nullable Outgoing ack;

        PassedInvite(Side from, IncomingRequest incoming) {
            this.from = from;
            this.to = from.other();
            this.incoming = incoming;
            this.outgoing = new OutgoingInvite(
                    signalling,
                    tasks,
                    to.dialog,
                    PassedHeaders.of(incoming.request()),
                    incoming.request().body(),
                    this);
        }

        void begin() throws SipParseException {
            try {
                outgoing.send();
            } catch (SipParseException e) {
                failed = true;
                throw e;
            }
            incoming.waiting(() -> tasks.execute(() -> outgoing.cancel(null)));
        }

        /** Returns true until it has failed or its ACK has arrived. */
        boolean isPending() {
            return !failed && ack == null;
        }

        boolean isOf(SipRequest received) throws SipParseException {
            return acceptedCseq > 0
                    && received.cseq().number() == incoming.request().cseq().number();
        }

        @Override
        public void provisional(SipResponse response) {
            respond(incoming, response, true);
        }

        @Override
        public void accepted(SipResponse response, Sender peer) {
            Outgoing sent = ack;
            if (sent != null) {
                signalling.ack(sent);
                return;
            }
            try {
                if (acceptedCseq == 0) {
                    acceptedCseq = response.cseq().number();
                    refresh(from, incoming.request(), to, response);
                }
                if (state == State.ENDED) {
                    acknowledge(Body.NONE);
                } else {
                    respond(incoming, response, true); // again, if the response or its ACK was lost
                }
            } catch (SipParseException e) {
                calls.unreadable(e);
            }
        }

        @Override
        public void failed(int status, String phrase, @Nullable SipResponse response) {
            failed = true;
            if (response != null) {
                respond(incoming, response, false);
            } else {
                respond(incoming, status);
            }
        }

        /** Sends the ACK of the user to the other one. */
        void acknowledge(Body answer) throws SipParseException {
            Outgoing sent = ack == null ? to.dialog.ack(acceptedCseq, answer) : ack;
            ack = sent;
            signalling.ack(sent);
        }

        /** Ends it together with the call (§15.1.2). */
        void end() {
            if (acceptedCseq == 0 && !failed) {
                respond(incoming, StatusCode.REQUEST_TERMINATED);
                outgoing.cancel(null);
            } else if (isPending()) {
                try {
                    acknowledge(Body.NONE);
                } catch (SipParseException e) {
                    calls.unreadable(e);
                }
            }
        }
    }
}
