package org.sipproxy.core.internal.forwarding;

import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.transaction.ClientTransactionUser;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;

/** Forwards retransmissions of an accepted INVITE's 2xx over a stream until Timer M (RFC 6026 §8.4). */
record LateAnswers(ServerTransaction server, RequestForwarder forwarder, TransportFlow from, Target target)
        implements ClientTransactionUser {

    @Override
    public void onResponse(SipResponse response) {
        if (!response.isSuccess() || forwarder.defect(response) != null) {
            return;
        }
        try {
            byte[] wire = ResponseRewriter.withoutTopVia(response, server.path());
            server.respond(response.statusCode(), forwarder.edited(response, wire, from, target));
        } catch (SipParseException e) {
            // no other Via: the response was meant for this proxy
        }
    }

    @Override
    public void onTimeout() {}

    @Override
    public void onTimerC() {}

    @Override
    public void onTransportError(Throwable cause) {}
}
