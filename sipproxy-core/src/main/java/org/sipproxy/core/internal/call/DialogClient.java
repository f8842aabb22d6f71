package org.sipproxy.core.internal.call;

import java.util.concurrent.CompletableFuture;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Client for requests within a dialog between two clients. Implemented by the engine. */
public interface DialogClient {

    /**
     * Routes a request by its Route set and sends it. Never blocks. The future completes on a thread that serves
     * futures only; exceptionally with a {@code RequestFailedException} if there is no response.
     */
    CompletableFuture<SipResponse> send(SipRequest request);

    /** Runs a short task on one of these threads. */
    void execute(Runnable task);
}
