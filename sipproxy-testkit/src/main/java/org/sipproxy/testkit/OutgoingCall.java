package org.sipproxy.testkit;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * Outgoing call of a phone, from {@link Phone#call}. The phone acknowledges the 2xx automatically, and sends BYE to a
 * second phone that answers the same INVITE (RFC 3261 §13.2.2.4).
 */
public final class OutgoingCall extends Call {

    private final Exchange invite;
    private final String called;
    private final Consumer<SipResponse> onFinal;
    private final AtomicBoolean reported = new AtomicBoolean();
    private final Inbox<EarlyDialog> early = new Inbox<>();
    /** To tag of the first phone that answered; guarded by this. */
    private @Nullable String answeredBy;

    OutgoingCall(PhoneCore core, String uri, MessageParts parts) {
        this(core, uri, parts, response -> {});
    }

    /** Creates a call whose first final response is reported, on the phone's thread. */
    OutgoingCall(PhoneCore core, String uri, MessageParts parts, Consumer<SipResponse> onFinal) {
        super(core, Dialog.toBe(core.identity(), uri));
        this.called = uri;
        this.onFinal = onFinal;
        this.invite = exchange(dialog.request("INVITE", parts, contactLine()));
        core.add(this);
    }

    OutgoingCall start() {
        invite.start();
        return this;
    }

    @Override
    void progressed(SipResponse response) {
        try {
            if (!response.hasToTag()) {
                return; // 100
            }
            String tag = response.toTag();
            for (EarlyDialog known : early.contents()) {
                if (known.remoteTag().equals(tag)) {
                    known.latest(response);
                    return;
                }
            }
            early.add(new EarlyDialog(this, dialog.sibling(), response));
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Waits until as many phones as {@code count} have responded provisionally, and returns their early dialogs in the
     * order of the responses. A forked call has several.
     */
    public List<EarlyDialog> awaitEarlyDialogs(int count) {
        if (early.find(dialog -> early.contents().size() >= count, core.patience())
                .isEmpty()) {
            throw core.missing("provisional responses of " + count + " phones to INVITE " + called);
        }
        return early.contents();
    }

    /**
     * Sends an in-dialog request, and returns its final response, also a failure. Before the call is answered, it goes
     * to the phone that was the first to respond provisionally; {@link #awaitEarlyDialogs} reaches the others.
     *
     * @throws IllegalArgumentException if the method is ACK, which the phone sends itself, or CANCEL; see {@link
     *     #cancel}
     * @throws IllegalStateException if no phone has responded yet: there is no dialog to send in
     */
    @Override
    public SipResponse send(String method, Consumer<MessageParts> filler) {
        if (isAnswered()) {
            return super.send(method, filler);
        }
        return early.contents().stream()
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(method + ": no phone has responded to INVITE " + called
                        + " yet; wait with awaitRinging(), awaitEarlyDialogs(1) or awaitAnswer()"))
                .send(method, filler);
    }

    private synchronized boolean isAnswered() {
        return answeredBy != null;
    }

    @Override
    void accepted(SipResponse response) {
        try {
            String tag = response.toTag();
            boolean first;
            synchronized (this) {
                first = answeredBy == null;
                if (answeredBy == null) {
                    answeredBy = tag;
                    dialog.confirm(response);
                }
            }
            if (first || tag.equals(answeredBy)) {
                super.accepted(response);
                report(response);
            } else {
                refuseSecond(response);
            }
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    void refused(SipResponse response) {
        report(response);
    }

    private void report(SipResponse response) {
        if (reported.compareAndSet(false, true)) {
            onFinal.accept(response);
        }
    }

    private void refuseSecond(SipResponse response) throws SipParseException {
        Dialog other = dialog.sibling();
        other.confirm(response);
        acknowledge(other, response);
        new Exchange(core, other.request("BYE", new MessageParts()), dialog::nextCSeq, r -> {}).start();
    }

    /** Waits for 180 (Ringing). */
    public OutgoingCall awaitRinging() {
        awaitStatus(StatusCode.RINGING);
        return this;
    }

    /**
     * Waits for a response with a status to the first INVITE, provisional or final.
     *
     * @throws AssertionError if the call gets another final response first
     */
    public SipResponse awaitStatus(int status) {
        SipResponse response = endIfRefused(invite.await(status));
        if (response.statusCode() != status) {
            throw core.unexpected(
                    "INVITE " + called + " got " + Responses.describe(response) + " (expected " + status + ")");
        }
        return response;
    }

    /** Waits for the final response to the first INVITE, and returns it, also a failure. */
    public SipResponse awaitFinal() {
        return endIfRefused(invite.awaitFinal());
    }

    private SipResponse endIfRefused(SipResponse response) {
        if (response.statusCode() >= 300) {
            end();
        }
        return response;
    }

    /**
     * Waits until the call is answered.
     *
     * @throws AssertionError if the call is refused
     */
    public OutgoingCall awaitAnswer() {
        expectSuccess(awaitFinal(), "INVITE " + called);
        return this;
    }

    /**
     * Cancels the call before it is answered. CANCEL is sent after the first response (RFC 3261 §9.1). The INVITE then
     * gets its own final response; use {@link #awaitStatus awaitStatus(487)} to wait for it.
     *
     * @throws AssertionError if CANCEL is refused
     */
    public SipResponse cancel() {
        invite.awaitAny();
        return expectSuccess(invite.cancel(), "CANCEL");
    }
}
