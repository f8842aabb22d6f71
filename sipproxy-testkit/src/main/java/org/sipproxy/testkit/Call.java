package org.sipproxy.testkit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/**
 * One side of a call: an INVITE and its dialog (RFC 3261 §12). The phone responds to in-dialog requests of the other
 * side, including BYE; {@link #awaitRequest} waits for them.
 *
 * <p>Methods that wait do so at most for the patience of the phone, and then throw an {@link AssertionError} that lists
 * the messages on the phone's wire. Thread-safe.
 */
public abstract sealed class Call permits OutgoingCall, IncomingCall {

    final PhoneCore core;
    final Dialog dialog;
    private final Inbox<SipRequest> requests = new Inbox<>();
    /** Received INVITEs of the dialog, including the first, by CSeq, to match their ACKs. */
    private final Map<Long, ServerTransaction> invites = new ConcurrentHashMap<>();

    private volatile boolean over;

    Call(PhoneCore core, Dialog dialog) {
        this.core = core;
        this.dialog = dialog;
    }

    /** Returns the Call-ID. */
    public String id() {
        return dialog.callId();
    }

    /** Returns the tag of this side. */
    public String localTag() {
        return dialog.localTag();
    }

    /** Returns the remote target: the latest Contact of the other side. */
    public String remoteTarget() {
        return dialog.remoteTarget();
    }

    /** Returns the Route set, the next hop first (RFC 3261 §12.1); empty before the call is answered. */
    public List<String> routes() {
        return dialog.routes();
    }

    /** Returns true once either side has hung up, or the INVITE was refused. */
    public boolean isOver() {
        return over;
    }

    /** Returns the messages of this call on the phone's wire, in their order, without retransmissions. */
    public List<RecordedMessage> messages() {
        return ladder().messages().stream().filter(this::isOfThisCall).toList();
    }

    /** Returns the messages on the wire of the phone, those of its other calls included. */
    public Ladder ladder() {
        return core.log().ladder();
    }

    private boolean isOfThisCall(RecordedMessage recorded) {
        return recorded.message().header(HeaderName.CALL_ID).equals(Optional.of(id()));
    }

    /**
     * Sends an in-dialog request, and returns its final response, also a failure.
     *
     * @throws IllegalArgumentException if the method is ACK, which the phone sends itself, or CANCEL; see {@link
     *     OutgoingCall#cancel}
     */
    public SipResponse send(String method) {
        return send(method, parts -> {});
    }

    /** Sends a request like {@link #send(String)}, with headers or a body. */
    public SipResponse send(String method, Consumer<MessageParts> filler) {
        return send(dialog, method, filler);
    }

    final SipResponse send(Dialog in, String method, Consumer<MessageParts> filler) {
        MessageParts parts = MessageParts.of(filler);
        Method token = Method.of(method);
        if (token.equals(Method.ACK) || token.equals(Method.CANCEL)) {
            throw new IllegalArgumentException("method: " + method + " cannot be sent in a dialog; the phone sends ACK,"
                    + " OutgoingCall.cancel() sends CANCEL");
        }
        RequestDraft draft =
                Responses.isTargetRefresh(token) ? in.request(method, parts, contactLine()) : in.request(method, parts);
        SipResponse response = exchange(draft).start().awaitFinal();
        if (response.isSuccess() && token.equals(Method.UPDATE)) {
            refreshTarget(in, response);
        }
        return response;
    }

    Exchange exchange(RequestDraft draft) {
        return new Exchange(core, draft, dialog::nextCSeq, response -> {
            if (draft.method().equals("INVITE") && response.isSuccess()) {
                accepted(response);
            } else if (draft.method().equals("INVITE") && response.isProvisional()) {
                progressed(response);
            }
        });
    }

    /** Handles a 2xx to an INVITE of this side, or its retransmission because the ACK was lost. */
    void accepted(SipResponse response) {
        refreshTarget(dialog, response);
        acknowledge(response);
    }

    /** Handles a provisional response to an INVITE of this side. */
    void progressed(SipResponse response) {}

    private static void refreshTarget(Dialog of, SipResponse response) {
        try {
            of.refreshTarget(response);
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends the ACK of a 2xx: end to end, with the CSeq number of the INVITE (RFC 3261 §13.2.2.4). */
    final void acknowledge(SipResponse response) {
        acknowledge(dialog, response);
    }

    final void acknowledge(Dialog of, SipResponse response) {
        try {
            RequestDraft ack = of.request("ACK", new MessageParts());
            String via = core.layer().via(Unique.branch());
            core.layer().send(ack.write(via, response.cseq().number(), List.of()));
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    final HeaderLine contactLine() {
        return new HeaderLine(HeaderName.CONTACT, "<" + core.identity().contact() + ">");
    }

    /**
     * Sends a re-INVITE and its ACK.
     *
     * @throws AssertionError if the re-INVITE is refused
     */
    public SipResponse reinvite() {
        return reinvite(parts -> {});
    }

    /** Sends a re-INVITE like {@link #reinvite()}, with headers or a body. */
    public SipResponse reinvite(Consumer<MessageParts> filler) {
        return expectSuccess(send("INVITE", filler), "re-INVITE");
    }

    /**
     * Sends an UPDATE (RFC 3311).
     *
     * @throws AssertionError if the UPDATE is refused
     */
    public SipResponse update() {
        return expectSuccess(send("UPDATE"), "UPDATE");
    }

    /**
     * Ends the call with BYE.
     *
     * @throws AssertionError if the response is not a 2xx
     */
    public SipResponse hangUp() {
        SipResponse response = expectSuccess(send("BYE"), "BYE");
        end();
        return response;
    }

    final SipResponse expectSuccess(SipResponse response, String what) {
        if (!response.isSuccess()) {
            throw core.unexpected(what + " got " + Responses.describe(response));
        }
        return response;
    }

    /**
     * Waits for the next in-dialog request of the other side with a method, including ACK, and removes it from the
     * inbox.
     */
    public SipRequest awaitRequest(String method) {
        Method wanted = Method.of(method);
        Optional<SipRequest> request = requests.take(r -> r.method().equals(wanted), core.patience());
        return request.orElseThrow(() -> core.missing(method + " in the call " + id()));
    }

    /** Waits for the BYE of the other side. */
    public void awaitHangUp() {
        awaitRequest("BYE");
    }

    // ---- incoming requests

    /** Keeps an INVITE of the other side until its ACK arrives. */
    final void invited(ServerTransaction invite) {
        invites.put(invite.cseq().number(), invite);
    }

    final void acknowledged(SipRequest ack) throws SipParseException {
        ServerTransaction invite = invites.get(ack.cseq().number());
        if (invite != null) {
            invite.acknowledge();
        }
        requests.add(ack);
    }

    /** Handles an in-dialog request: responds with {@code status}, unless it is a BYE. */
    final void received(ServerTransaction transaction, int status) throws SipParseException {
        SipRequest request = transaction.request();
        Method method = request.method();
        if (status < 300 && (method.equals(Method.INVITE) || method.equals(Method.UPDATE))) {
            dialog.refreshTarget(request);
        }
        if (method.equals(Method.INVITE)) {
            invited(transaction);
        }
        if (method.equals(Method.BYE)) {
            end();
        }
        transaction.respond(method.equals(Method.BYE) ? 200 : status);
        requests.add(request);
    }

    final void end() {
        over = true;
        core.remove(this);
    }
}
