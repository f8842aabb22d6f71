package org.sipproxy.testkit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/**
 * One phone's side of a call: an INVITE and the dialog that it makes (RFC 3261 §12). Requests of the other side in the dialog are
 * answered by the phone, BYE included; {@link #awaitRequest} tells that they came.
 *
 * <p>What waits, waits as long as the phone's patience and then throws an {@link AssertionError} that lists what went over the
 * phone's wire. Safe for use by any thread.
 */
public abstract sealed class Call permits OutgoingCall, IncomingCall {

    final PhoneCore core;
    final Dialog dialog;
    private final Inbox<SipRequest> requests = new Inbox<>();
    /** INVITEs that came in the dialog, the first too, by CSeq: an ACK finds its own. */
    private final Map<Long, ServerTransaction> invites = new ConcurrentHashMap<>();

    private volatile boolean over;

    Call(PhoneCore core, Dialog dialog) {
        this.core = core;
        this.dialog = dialog;
    }

    /** The Call-ID. */
    public String id() {
        return dialog.callId();
    }

    /** This side's tag. */
    public String localTag() {
        return dialog.localTag();
    }

    /** Where this side's requests in the dialog go: the Contact that the other side gave last. */
    public String remoteTarget() {
        return dialog.remoteTarget();
    }

    /** The Route set, the next hop first (RFC 3261 §12.1); empty before the call is answered. */
    public List<String> routes() {
        return dialog.routes();
    }

    /** True once either side has hung up, or the INVITE was refused. */
    public boolean isOver() {
        return over;
    }

    /**
     * Sends a request in the dialog and waits for its final response, whatever that is.
     *
     * @throws IllegalArgumentException if the method is ACK or CANCEL, which the phone sends by itself or {@link OutgoingCall#cancel}
     */
    public SipResponse send(String method) {
        return send(method, parts -> {});
    }

    /** As {@link #send(String)}, with headers or a body. */
    public SipResponse send(String method, Consumer<MessageParts> filler) {
        MessageParts parts = MessageParts.of(filler);
        Method token = Method.of(method);
        if (token.equals(Method.ACK) || token.equals(Method.CANCEL)) {
            throw new IllegalArgumentException("method: " + method + " gets no response of its own to wait for");
        }
        RequestDraft draft = Reply.isTargetRefresh(token)
                ? dialog.request(method, parts, contactLine())
                : dialog.request(method, parts);
        SipResponse response = exchange(draft).start().awaitFinal();
        if (response.isSuccess() && token.equals(Method.UPDATE)) {
            refreshTarget(response);
        }
        return response;
    }

    Exchange exchange(RequestDraft draft) {
        return new Exchange(core, draft, dialog::nextCSeq, response -> {
            if (draft.method().equals("INVITE") && response.isSuccess()) {
                accepted(response);
            }
        });
    }

    /** A 2xx to one of our INVITEs came, perhaps once more because our ACK was lost. */
    void accepted(SipResponse response) {
        refreshTarget(response);
        acknowledge(response);
    }

    private void refreshTarget(SipResponse response) {
        try {
            dialog.refreshTarget(response);
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The ACK of a 2xx: end to end, with the INVITE's number (RFC 3261 §13.2.2.4). */
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
     * An INVITE in the dialog, with its ACK.
     *
     * @throws AssertionError if it is not accepted
     */
    public SipResponse reinvite() {
        return reinvite(parts -> {});
    }

    /** As {@link #reinvite()}, with headers or a body. */
    public SipResponse reinvite(Consumer<MessageParts> filler) {
        return expectSuccess(send("INVITE", filler), "re-INVITE");
    }

    /**
     * An UPDATE (RFC 3311).
     *
     * @throws AssertionError if it is not accepted
     */
    public SipResponse update() {
        return expectSuccess(send("UPDATE"), "UPDATE");
    }

    /**
     * Ends the call with BYE.
     *
     * @throws AssertionError if that is not answered with 2xx
     */
    public SipResponse hangUp() {
        SipResponse response = expectSuccess(send("BYE"), "BYE");
        end();
        return response;
    }

    final SipResponse expectSuccess(SipResponse response, String what) {
        if (!response.isSuccess()) {
            throw core.unexpected(what + " was answered " + Reply.describe(response));
        }
        return response;
    }

    /** Waits for the next request of the other side in the dialog with that method, ACK included, and takes it. */
    public SipRequest awaitRequest(String method) {
        Method wanted = Method.of(method);
        Optional<SipRequest> request = requests.take(r -> r.method().equals(wanted), core.patience());
        return request.orElseThrow(() -> core.missing(method + " in the call " + id()));
    }

    /** Waits until the other side has hung up. */
    public void awaitHangUp() {
        awaitRequest("BYE");
    }

    // ---- what comes in

    /** Remembers an INVITE of the other side until its ACK comes. */
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

    /** A request in the dialog, to be answered with {@code status} unless it is a BYE. */
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
