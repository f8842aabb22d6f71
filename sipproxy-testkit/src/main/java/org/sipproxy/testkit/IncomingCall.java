package org.sipproxy.testkit;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Incoming call of a phone, from {@link Phone#awaitCall}. The test answers it, unless the phone is answering
 * automatically.
 */
public final class IncomingCall extends Call {

    private static final Pattern TO_TAG = Pattern.compile(";\\s*to-tag\\s*=\\s*([^;\\s]+)");

    private final ServerTransaction transaction;
    private final @Nullable Call replaced;
    private final Inbox<Boolean> cancelled = new Inbox<>();

    IncomingCall(PhoneCore core, ServerTransaction invite) throws SipParseException {
        super(core, Dialog.of(invite.request(), invite.toTag()));
        this.transaction = invite;
        this.replaced = replaced(core, invite.request());
        invited(invite);
        core.add(this);
    }

    /** Returns the INVITE. */
    public SipRequest invite() {
        return transaction.request();
    }

    /** Sends 180 (Ringing). */
    public IncomingCall ring() {
        return respond(StatusCode.RINGING);
    }

    /** Sends 183 (Session Progress) with a session description: early media, such as an announcement. */
    public IncomingCall earlyMedia() {
        return respond(StatusCode.SESSION_PROGRESS, parts -> parts.body(Sdp.TYPE, Sdp.of(Sdp.Direction.SENDRECV, 0)));
    }

    /**
     * Returns the call of this phone that the INVITE replaces, after an attended transfer (RFC 3891); empty if it
     * replaces none. The phone hangs it up when this call is answered.
     */
    public Optional<Call> replaced() {
        return Optional.ofNullable(replaced);
    }

    private static @Nullable Call replaced(PhoneCore core, SipRequest invite) {
        String replaces = invite.header(HeaderName.of("Replaces")).orElse("");
        Matcher toTag = TO_TAG.matcher(replaces);
        return toTag.find() ? core.call(replaces.split(";", 2)[0].trim(), toTag.group(1)) : null;
    }

    /** Accepts with 200, which is retransmitted until the ACK arrives (RFC 3261 §13.3.1.4). */
    public IncomingCall answer() {
        return answer(parts -> {});
    }

    /** Accepts like {@link #answer()}, with headers or a body. */
    public IncomingCall answer(Consumer<MessageParts> filler) {
        return respond(StatusCode.OK, filler);
    }

    /** Refuses with 486 (Busy Here). */
    public IncomingCall busy() {
        return respond(StatusCode.BUSY_HERE);
    }

    /** Refuses with 603 (Decline), after which no other phone of the user is tried. */
    public IncomingCall decline() {
        return respond(StatusCode.DECLINE);
    }

    /**
     * Sends any response to the INVITE.
     *
     * @throws IllegalStateException if the INVITE already has its final response, including 487 after a CANCEL
     */
    public IncomingCall respond(int status) {
        return respond(status, parts -> {});
    }

    /** Sends a response like {@link #respond(int)}, with headers or a body. */
    public IncomingCall respond(int status, Consumer<MessageParts> filler) {
        transaction.respond(status, MessageParts.of(filler));
        if (status >= 300) {
            end();
        } else if (status >= 200) {
            replaced().ifPresent(Call::hangUpWithoutWaiting);
        }
        return this;
    }

    /** Waits for the ACK of the 2xx. */
    public IncomingCall awaitAck() {
        awaitRequest(Method.ACK.name());
        return this;
    }

    /**
     * Waits until the caller has cancelled the call. The phone has then responded to CANCEL with 200 and to the INVITE
     * with 487.
     */
    public void awaitCancel() {
        if (cancelled.find(c -> true, core.patience()).isEmpty()) {
            throw core.missing("CANCEL of the call " + id());
        }
    }

    /** Returns true if the INVITE has no final response yet. */
    public boolean isPending() {
        return !transaction.hasFinalResponse();
    }

    /** Ends the call after a CANCEL. Has no effect if the call is answered. */
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
