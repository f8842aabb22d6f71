package org.sipproxy.core.internal.engine;

import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ClientTransaction;
import org.sipproxy.core.internal.transaction.Upstream;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;

/** Dispatcher of responses: to their client transactions, and late 2xx to the caller (RFC 3261 §16.7, RFC 6026). */
final class ResponseDispatcher {

    private final ProxyEngine engine;

    ResponseDispatcher(ProxyEngine engine) {
        this.engine = engine;
    }

    /**
     * Dispatches a response. A malformed final response of a known transaction ends it too, and is not forwarded:
     * otherwise the caller would wait for a timeout although the callee has responded. A truncated one is discarded
     * (RFC 3261 §18.3).
     */
    void accept(SipResponse response, TransportFlow from) throws SipParseException {
        SipParseException defect = null;
        try {
            MessageSanity.checkResponse(response);
            from.messageAccepted();
        } catch (SipParseException e) {
            boolean isRecognized = MessageSanity.defect(response) != null; // where it would be forwarded
            if (response.isProvisional() || !isRecognized || MessageSanity.isTruncated(response)) {
                throw e;
            }
            defect = e;
        }
        Via via = response.topVia();
        if (Branches.isOwnBranch(response.index(), via)) {
            long branch = Branches.number(response.index(), via);
            Method method = response.cseq().method();
            ClientTransaction transaction = engine.table.client(branch, method == Method.CANCEL);
            if (transaction != null && transaction.isAnsweredBy(response, via)) {
                if (defect != null) {
                    engine.counters.malformed.increment();
                    transaction.onResponse(response);
                } else {
                    transaction.onResponse(engine.hopCredentials.withoutChallenges(response, from));
                }
                return;
            }
            if (defect != null) {
                throw defect;
            }
            if (response.isSuccess() && method == Method.INVITE) {
                Upstream caller = engine.table.upstreamOfAccepted(branch);
                if (caller != null) {
                    engine.forwarder.forwardLate(
                            engine.hopCredentials.withoutChallenges(response, from),
                            from,
                            engine.responsePaths.upstream(caller, from));
                    return;
                }
            }
        }
        if (defect != null) {
            throw defect;
        }
        if (engine.components.claims(response, from)) {
            return;
        }
        engine.counters.strayResponses.increment(); // RFC 6026 §7.2: dropped, not forwarded
    }
}
