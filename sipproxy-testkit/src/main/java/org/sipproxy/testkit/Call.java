package org.sipproxy.testkit;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
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

    private static final Pattern REPLACES = Pattern.compile("[?&]Replaces=([^&]*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern SIGNAL = Pattern.compile("(?m)^Signal\\s*=\\s*([0-9*#A-D])");

    final PhoneCore core;
    final Dialog dialog;
    private final Inbox<SipRequest> requests = new Inbox<>();
    /** Received INVITEs of the dialog, including the first, by CSeq, to match their ACKs. */
    private final Map<Long, ServerTransaction> invites = new ConcurrentHashMap<>();

    private final AtomicLong sdpVersion = new AtomicLong();
    private volatile boolean held;
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
            if (!draft.method().equals("INVITE")) {
                return;
            }
            if (response.isSuccess()) {
                accepted(response);
            } else if (response.isProvisional()) {
                progressed(response);
            } else {
                refused(response);
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

    /** Handles a failure response to an INVITE of this side. */
    void refused(SipResponse response) {}

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
     * Puts the other side on hold: sends a re-INVITE whose session description says {@code a=sendonly} (RFC 3264
     * §8.4).
     *
     * @throws AssertionError if the re-INVITE is refused
     */
    public SipResponse hold() {
        return offer(Sdp.Direction.SENDONLY);
    }

    /**
     * Ends {@link #hold}: sends a re-INVITE with {@code a=sendrecv}.
     *
     * @throws AssertionError if the re-INVITE is refused
     */
    public SipResponse resume() {
        return offer(Sdp.Direction.SENDRECV);
    }

    private SipResponse offer(Sdp.Direction direction) {
        return reinvite(parts -> parts.body(Sdp.TYPE, Sdp.of(direction, sdpVersion.incrementAndGet())));
    }

    /**
     * Returns true if the latest offer of the other side in the call has put this side on hold ({@code a=sendonly} or
     * {@code a=inactive}). The phone has then answered with {@code a=recvonly} or {@code a=inactive}.
     */
    public boolean isHeld() {
        return held;
    }

    /**
     * Sends digits as a user presses them: an INFO each, with a body {@code application/dtmf-relay}.
     *
     * @param digits any of {@code 0123456789*#ABCD}
     * @throws IllegalArgumentException if there is another character
     * @throws AssertionError if an INFO is refused
     */
    public void dtmf(String digits) {
        if (!digits.matches("[0-9*#A-D]*")) {
            throw new IllegalArgumentException("digits: " + digits + " (expected 0 to 9, *, # and A to D)");
        }
        for (int i = 0; i < digits.length(); i++) {
            String body = "Signal=" + digits.charAt(i) + "\r\nDuration=160\r\n";
            expectSuccess(send("INFO", parts -> parts.body("application/dtmf-relay", body)), "INFO");
        }
    }

    /**
     * Waits for digits of the other side, and returns them in the order in which they were sent.
     *
     * @param count number of digits to wait for
     * @throws AssertionError if the next INFO has no digit
     */
    public String awaitDtmf(int count) {
        StringBuilder digits = new StringBuilder();
        while (digits.length() < count) {
            SipRequest info = awaitRequest("INFO");
            Matcher signal = SIGNAL.matcher(new String(info.body(), StandardCharsets.UTF_8));
            if (!signal.find()) {
                throw core.unexpected("INFO without a digit in the call " + id());
            }
            digits.append(signal.group(1));
        }
        return digits.toString();
    }

    /**
     * Asks the other side to call a target instead: a blind transfer with REFER (RFC 3515). This call stays; hang up
     * when the transfer has ended.
     *
     * @param target a user of the phone's domain, or a URI
     * @throws AssertionError if REFER is refused
     */
    public Transfer transfer(String target) {
        return refer("<" + core.identity().uriOf(target) + ">");
    }

    /**
     * Asks the other side to take over another call of this phone: an attended transfer, with REFER and Replaces (RFC
     * 3891). The other call is the one with the target, and ends when the target has answered.
     *
     * @throws AssertionError if REFER is refused
     */
    public Transfer transfer(Call other) {
        String replaces = other.id() + ";to-tag=" + other.dialog.remoteTag() + ";from-tag=" + other.localTag();
        return refer("<" + other.dialog.remoteUri() + "?Replaces=" + URLEncoder.encode(replaces, StandardCharsets.UTF_8)
                + ">");
    }

    private Transfer refer(String referTo) {
        SipResponse response = send(
                "REFER",
                parts -> parts.header("Refer-To", referTo)
                        .header("Referred-By", "<" + core.identity().aor() + ">"));
        expectSuccess(response, "REFER");
        return new Transfer(this);
    }

    /**
     * Waits for the REFER of the other side, which the phone accepts with 202, calls its target, and reports the
     * progress to the other side: 100 at once, later the final status of the new call. Returns the new call.
     *
     * @throws AssertionError if the Refer-To is missing or malformed
     */
    public OutgoingCall awaitTransfer() {
        SipRequest refer = awaitRequest("REFER");
        String uri;
        try {
            uri = NameAddress.parse(refer.header(HeaderName.REFER_TO).orElse(""))
                    .uriText();
        } catch (SipParseException e) {
            throw core.unexpected("REFER: " + e.getMessage());
        }
        int headers = uri.indexOf('?');
        String target = headers < 0 ? uri : uri.substring(0, headers);
        MessageParts parts = new MessageParts();
        refer.header(HeaderName.REFERRED_BY).ifPresent(by -> parts.header("Referred-By", by));
        Matcher replaces = REPLACES.matcher(uri);
        if (replaces.find()) {
            parts.header("Replaces", unescaped(replaces.group(1)));
        }
        report("active;expires=60", "SIP/2.0 100 Trying");
        return new OutgoingCall(
                        core,
                        target,
                        parts,
                        response -> report("terminated;reason=noresource", "SIP/2.0 " + Responses.describe(response)))
                .start();
    }

    /** Decodes a header of a URI (RFC 3261 §19.1.1), where a plus sign stands for itself. */
    private String unescaped(String header) {
        try {
            return URLDecoder.decode(header.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw core.unexpected("REFER: Refer-To has a malformed escape: " + header);
        }
    }

    /** Sends a NOTIFY of a transfer, and does not wait for the response. */
    private void report(String state, String statusLine) {
        MessageParts parts = new MessageParts()
                .header("Event", "refer")
                .header("Subscription-State", state)
                .body("message/sipfrag;version=2.0", statusLine + "\r\n");
        exchange(dialog.request("NOTIFY", parts, contactLine())).start();
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

    /** Ends the call with BYE, on any thread of the phone. */
    final void hangUpWithoutWaiting() {
        exchange(dialog.request("BYE", new MessageParts())).start();
        end();
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
        transaction.respond(method.equals(Method.BYE) ? 200 : status, answerTo(request, status));
        requests.add(request);
    }

    /** Returns the parts of the response to an in-dialog request: the answer to its offer, if it has one. */
    private MessageParts answerTo(SipRequest request, int status) {
        MessageParts parts = new MessageParts();
        boolean isOffer =
                request.method().equals(Method.INVITE) || request.method().equals(Method.UPDATE);
        if (isOffer && status < 300 && Sdp.isIn(request)) {
            Sdp.Direction direction = Sdp.direction(request);
            held = direction == Sdp.Direction.SENDONLY || direction == Sdp.Direction.INACTIVE;
            parts.body(Sdp.TYPE, Sdp.of(direction.answered(), sdpVersion.incrementAndGet()));
        }
        return parts;
    }

    final void end() {
        over = true;
        core.remove(this);
    }
}
