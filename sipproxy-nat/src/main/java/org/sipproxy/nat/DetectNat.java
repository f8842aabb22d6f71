package org.sipproxy.nat;

import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Stage that marks requests whose sender is behind a NAT. A request that another proxy forwarded is not marked, because
 * that proxy handles the NAT. For a REGISTER only a Path counts as such a proxy, because only then do requests return
 * through it.
 */
final class DetectNat implements RequestStage {

    private final NatDetection detection;
    private final KnownClients clients;
    private final NatCounters counters;

    DetectNat(NatDetection detection, KnownClients clients, NatCounters counters) {
        this.detection = detection;
        this.clients = clients;
        this.counters = counters;
    }

    @Override
    public Verdict handle(StageContext context) throws SipParseException {
        SipRequest request = context.request();
        boolean ours = request.method() == Method.REGISTER
                ? !request.hasHeader(HeaderName.PATH)
                : FirstHop.isThisProxy(request);
        if (context.isRehearsal()) {
            rehearse(context, request, ours);
            return Verdict.proceed();
        }
        clients.received(context.flow());
        if (ours && detection.isBehindNat(request, context.flow())) {
            counters.behindNat.increment();
            context.behindNat();
        }
        return Verdict.proceed();
    }

    private void rehearse(StageContext context, SipRequest request, boolean ours) throws SipParseException {
        if (!ours) {
            context.note("NAT", "not tested: another proxy forwarded the request, and handles the NAT of its sender");
            return;
        }
        boolean isBehindNat = detection.isBehindNat(request, context.flow());
        detection.explain(request, context.flow()).forEach(context::note);
        context.note("NAT", isBehindNat ? "the sender is behind one" : "none");
        if (isBehindNat) {
            context.behindNat();
        }
    }

    @Override
    public boolean isRehearsable() {
        return true;
    }

    @Override
    public boolean mayBlock() {
        return false;
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }
}
