package org.sipproxy.core.internal.forwarding;

import java.util.List;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Forwards requests to their targets (RFC 3261 §16.6): an ACK as it is, all else with a response context. */
public final class RequestForwarder {

    private static final Logger LOG = LoggerFactory.getLogger(RequestForwarder.class);

    /** What was received within the limits may have grown by what we added. */
    private static final ParseLimits OWN_LIMITS = new ParseLimits(16_777_216, 1_048_576, 10_000, 10_000);

    private final LogThrottle failures = new LogThrottle();
    final Branches branches;
    final TransactionTable table;
    final FlowSource flows;
    final HopResolver resolver;
    final LocalReplies replies;
    final RequestWriter writer;
    private final List<ResponseStage> responseStages;

    public RequestForwarder(
            Branches branches,
            TransactionTable table,
            FlowSource flows,
            HopResolver resolver,
            LocalReplies replies,
            List<ResponseStage> responseStages) {
        this.branches = branches;
        this.table = table;
        this.flows = flows;
        this.resolver = resolver;
        this.replies = replies;
        this.writer = new RequestWriter(branches);
        this.responseStages = List.copyOf(responseStages);
    }

    /** Forwards a request for which {@code transaction} waits; the line that forks an INVITE is in ResponseContext. */
    public void relay(RequestContext context, ServerTransaction transaction, List<Target> targets)
            throws SipParseException {
        new ResponseContext(this, context, transaction, targets, branches.loopHash(context.received())).start();
    }

    /** Forwards the ACK of a 2xx: end to end, without a transaction (§16.6, §17). */
    public void relayAck(RequestContext context, List<Target> targets) throws SipParseException {
        for (Target target : targets) {
            SipUri uri = RequestWriter.nextHopUri(context, target);
            NextHop hop = resolver.numeric(uri);
            if (hop != null) {
                sendAck(context, target, hop);
            } else {
                resolver.resolve(uri, hops -> {
                    if (!hops.isEmpty()) {
                        sendAck(context, target, hops.get(0));
                    }
                });
            }
        }
    }

    private void sendAck(RequestContext context, Target target, NextHop hop) {
        TransportFlow flow = flows.flowTo(hop, context.flow());
        if (flow == null) {
            return;
        }
        try {
            long loopHash = branches.loopHash(context.received());
            flow.send(writer.write(context, target, flow.advertised(), branches.next(), loopHash), SendFailure.IGNORE);
        } catch (SipParseException e) {
            LOG.debug("ACK not forwarded: {}", e.getMessage());
        }
    }

    /** The response's bytes after the host's steps have seen it. */
    byte[] edited(byte[] wire) {
        if (responseStages.isEmpty()) {
            return wire;
        }
        try {
            SipResponse response = response(wire);
            for (ResponseStage stage : responseStages) {
                byte[] before = response.wire();
                if (!run(stage, response)) {
                    response = response(before); // half an edit is worse than none
                }
            }
            return response.toBytes();
        } catch (SipParseException e) {
            LOG.debug("response not shown to the host's steps: {}", e.getMessage());
            return wire;
        }
    }

    private static SipResponse response(byte[] wire) throws SipParseException {
        if (SipMessage.parse(wire, OWN_LIMITS) instanceof SipResponse response) {
            return response;
        }
        throw new SipParseException(StatusCode.SERVER_INTERNAL_ERROR, "not a response");
    }

    private boolean run(ResponseStage stage, SipResponse response) {
        try {
            stage.handle(response);
            response.commitEdits();
            return true;
        } catch (Throwable e) { // a host's: whatever it throws stays here
            failures.error(LOG, "response stage " + stage.name() + " failed for " + response.statusCode(), e);
            return false;
        }
    }

    /**
     * A 2xx whose INVITE was accepted before: it goes upstream by its Via (RFC 6026 §8.4, RFC 3261 §16.7 step 9).
     *
     * @param path where that Via leads
     */
    public void forwardLate(SipResponse response, ResponsePath path) throws SipParseException {
        path.send(edited(ResponseRewriter.withoutTopVia(response, path.isReliable())), SendFailure.IGNORE);
    }
}
