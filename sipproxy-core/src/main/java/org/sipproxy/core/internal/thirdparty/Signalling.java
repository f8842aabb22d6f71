package org.sipproxy.core.internal.thirdparty;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Sends the requests of the proxy's own dialogs. Implemented by the engine. Never blocks. */
public interface Signalling {

    /** INVITE in progress. */
    interface Invitation {

        /**
         * Cancels the INVITE. Its user gets a final response in any case, which may be a 2xx. Without effect after
         * that.
         *
         * @param reason value of Reason (RFC 3326); null for none
         */
        void cancel(@Nullable String reason);
    }

    /** User of an INVITE. Called by the executor that was passed, in the order of the responses. */
    interface InviteUser {

        /** Called for each response from 101 to 199. */
        void provisional(SipResponse response);

        /**
         * Called for each 2xx, its retransmissions included, until Timer M.
         *
         * @param peer the sender, which chooses where later requests go
         */
        void accepted(SipResponse response, Sender peer);

        /**
         * Called once if there is a final failure.
         *
         * @param reason the reason phrase, or why there is no response
         * @param response null if there is none
         */
        void failed(int status, String reason, @Nullable SipResponse response);
    }

    /**
     * A request to a user, without Via, Max-Forwards, Contact and Record-Route.
     *
     * @param token user part of the Contact; null for no Contact
     * @param target where the first INVITE of a dialog is sent; null to follow the Request-URI
     * @param peer on whose behalf it is sent within the dialog; null before the dialog
     */
    record Outgoing(
            SipRequest request,
            @Nullable String token,
            @Nullable Target target,
            @Nullable Sender peer) {}

    /** Sends an INVITE. It has no time limit but those of its transaction. */
    Invitation invite(Outgoing invite, InviteUser user, Executor executor);

    /**
     * Sends another request within a dialog. The future completes on a thread that serves futures only; exceptionally
     * with a {@code RequestFailedException} if there is no response.
     */
    CompletableFuture<SipResponse> send(Outgoing request);

    /** Sends the ACK of a 2xx. */
    void ack(Outgoing ack);

    /** Runs a short task on one of the threads that serve futures. */
    void execute(Runnable task);
}
