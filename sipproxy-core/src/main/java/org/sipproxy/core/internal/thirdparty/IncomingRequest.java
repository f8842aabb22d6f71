package org.sipproxy.core.internal.thirdparty;

import org.sipproxy.message.SipRequest;

/** Request that a user has sent within a dialog of the proxy, and its server transaction. Implemented by the engine. */
public interface IncomingRequest {

    /** Returns the request. */
    SipRequest request();

    /**
     * Sends a response. A second final one is ignored, except a 2xx of an INVITE.
     *
     * @param headerLines header lines to add, each with its line end
     * @param withContact true to add the Contact of the proxy
     */
    void respond(int status, String phrase, byte[] headerLines, byte[] body, boolean withContact);

    /** Sends a 100 to an INVITE and runs {@code cancelled} when its CANCEL arrives. */
    void waiting(Runnable cancelled);
}
