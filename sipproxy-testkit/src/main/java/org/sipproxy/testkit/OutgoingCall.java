package org.sipproxy.testkit;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * A call that the phone makes, by {@link Phone#call}. The phone acknowledges the answer by itself, and hangs up on a second phone
 * that answers the same INVITE (RFC 3261 §13.2.2.4).
 */
public final class OutgoingCall extends Call {

    private final Exchange invite;
    private final String called;
    /** The tag of whoever answered first; guarded by this. */
    private @Nullable String answeredBy;

    OutgoingCall(PhoneCore core, String uri, MessageParts parts) {
        super(core, Dialog.toBe(core.identity(), uri));
        this.called = uri;
        this.invite = exchange(dialog.request("INVITE", parts, contactLine()));
        core.add(this);
    }

    OutgoingCall start() {
        invite.start();
        return this;
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
            } else {
                refuseSecond(response);
            }
        } catch (SipParseException e) {
            throw new IllegalStateException(e);
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
     * Waits for a response with that status to the first INVITE, provisional or final.
     *
     * @throws AssertionError if the call gets another final response before
     */
    public SipResponse awaitStatus(int status) {
        SipResponse response = endIfRefused(invite.await(status));
        if (response.statusCode() != status) {
            throw core.unexpected(
                    "INVITE " + called + " was answered " + Reply.describe(response) + " (expected " + status + ")");
        }
        return response;
    }

    /** Waits for the final response to the first INVITE, whatever it is. */
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
     * @throws AssertionError if it is refused
     */
    public OutgoingCall awaitAnswer() {
        expectSuccess(awaitFinal(), "INVITE " + called);
        return this;
    }

    /**
     * Gives up before the call is answered: CANCEL, sent once any response has come (RFC 3261 §9.1). The INVITE then gets its own
     * final response, which {@link #awaitStatus awaitStatus(487)} waits for.
     *
     * @throws AssertionError if CANCEL is refused
     */
    public SipResponse cancel() {
        invite.awaitAny();
        return expectSuccess(invite.cancel(), "CANCEL");
    }
}
