package org.sipproxy.core.internal.thirdparty;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestSession;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.thirdparty.Signalling.Invitation;
import org.sipproxy.core.internal.thirdparty.Signalling.InviteUser;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * INVITE or re-INVITE to one user, sent again with credentials after a challenge. Used by the tasks of its call only.
 */
final class OutgoingInvite implements InviteUser {

    private final Signalling signalling;
    private final Executor tasks;
    private final UserDialog dialog;
    private final byte[] lines;
    private final byte[] body;
    private final InviteUser user;
    private final DigestSession digest;

    private @Nullable Invitation invitation;
    private boolean cancelled;
    private boolean isOver;

    /**
     * @param lines further header lines, those that describe the body included
     * @param user gets all responses but the challenges that are answered
     */
    OutgoingInvite(
            Signalling signalling, Executor tasks, UserDialog dialog, byte[] lines, byte[] body, InviteUser user) {
        this.signalling = signalling;
        this.tasks = tasks;
        this.dialog = dialog;
        this.lines = lines;
        this.body = body;
        this.user = user;
        this.digest = dialog.digest(Method.INVITE);
    }

    /** Sends the INVITE. */
    void send() throws SipParseException {
        invitation = signalling.invite(dialog.request(Method.INVITE, lines, body, digest), this, tasks);
    }

    /** Cancels the INVITE, unless it has a final response. Its user gets one in any case. */
    void cancel(@Nullable String reason) {
        Invitation sent = invitation;
        if (sent != null && !isOver) {
            cancelled = true;
            sent.cancel(reason);
        }
    }

    /** Returns true once there is a final response. */
    boolean isOver() {
        return isOver;
    }

    @Override
    public void provisional(SipResponse response) {
        user.provisional(response);
    }

    @Override
    public void accepted(SipResponse response, Sender peer) {
        isOver = true;
        user.accepted(response, peer);
    }

    @Override
    public void failed(int status, String reason, @Nullable SipResponse response) {
        boolean challenged = status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
        if (challenged && !cancelled && response != null && digest.accept(response)) {
            try {
                send();
                return;
            } catch (SipParseException e) {
                // the credentials exceed the limits of a message: the challenge is the result
            }
        }
        isOver = true;
        user.failed(status, reason, response);
    }
}
