package org.sipproxy.testkit;

import java.util.function.Consumer;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** A call that came to the phone, by {@link Phone#awaitCall}. Unless the phone is an answering one, the test answers it. */
public final class IncomingCall extends Call {

    private final ServerTransaction transaction;
    private final Inbox<Boolean> cancelled = new Inbox<>();

    IncomingCall(PhoneCore core, ServerTransaction invite) throws SipParseException {
        super(core, Dialog.of(invite.request(), invite.toTag()));
        this.transaction = invite;
        invited(invite);
        core.add(this);
    }

    /** The INVITE. */
    public SipRequest invite() {
        return transaction.request();
    }

    /** Sends 180 (Ringing). */
    public IncomingCall ring() {
        return respond(StatusCode.RINGING);
    }

    /** Accepts with 200. It is repeated until the ACK comes (RFC 3261 §13.3.1.4). */
    public IncomingCall answer() {
        return answer(parts -> {});
    }

    /** As {@link #answer()}, with headers or a body. */
    public IncomingCall answer(Consumer<MessageParts> filler) {
        return respond(StatusCode.OK, filler);
    }

    /** Refuses with 486 (Busy Here). */
    public IncomingCall busy() {
        return respond(StatusCode.BUSY_HERE);
    }

    /** Refuses with 603 (Decline): no other phone of the user shall be tried. */
    public IncomingCall decline() {
        return respond(StatusCode.DECLINE);
    }

    /**
     * Sends any response to the INVITE.
     *
     * @throws IllegalStateException if it has its final response, 487 after a CANCEL among them
     */
    public IncomingCall respond(int status) {
        return respond(status, parts -> {});
    }

    /** As {@link #respond(int)}, with headers or a body. */
    public IncomingCall respond(int status, Consumer<MessageParts> filler) {
        transaction.respond(status, MessageParts.of(filler));
        if (status >= 300) {
            end();
        }
        return this;
    }

    /** Waits until the caller has acknowledged the answer. */
    public IncomingCall awaitAck() {
        awaitRequest(Method.ACK.name());
        return this;
    }

    /** Waits until the caller has given up. The phone has then answered CANCEL with 200 and the INVITE with 487. */
    public void awaitCancel() {
        if (cancelled.find(c -> true, core.patience()).isEmpty()) {
            throw core.missing("CANCEL of the call " + id());
        }
    }

    /** True if the INVITE still waits for its final response. */
    public boolean isPending() {
        return !transaction.hasFinalResponse();
    }

    /** The caller gave up; too late for a call that is answered. */
    void cancel() {
        if (isPending()) {
            respond(StatusCode.REQUEST_TERMINATED);
        }
        cancelled.add(true);
    }

    boolean isOf(ServerTransaction invite) {
        return transaction == invite;
    }
}
