package org.sipproxy.core.internal.forwarding;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;

/** Forwards requests to their targets (RFC 3261 §16.6): an ACK as it is, all else with a response context. */
public final class RequestForwarder {

    /** RFC 5393 §5.3.3.1: what is put into a request that has none, and the most that is taken from one. */
    static final int MAX_BREADTH = 60;

    final Branches branches;
    final TransactionTable table;
    final FlowSource flows;
    final HopResolver resolver;
    final NextHopPolicy nextHops;
    final FailedHops failedHops;
    final LocalReplies replies;
    final RequestWriter writer;
    final Completions completions;
    private final ResponseStages responseSteps;

    public RequestForwarder(
            Branches branches,
            RouteSignature signature,
            FlowTokens tokens,
            SealedUsers users,
            Function<Flow, @Nullable Aor> registeredOver,
            HopCredentials credentials,
            TransactionTable table,
            FlowSource flows,
            HopResolver resolver,
            NextHopPolicy nextHops,
            LocalReplies replies,
            Completions completions,
            ResponseStages responseSteps) {
        this.branches = branches;
        this.table = table;
        this.flows = flows;
        this.resolver = resolver;
        this.nextHops = nextHops;
        this.failedHops = new FailedHops(table::now, nextHops.failureMemory().toNanos());
        this.replies = replies;
        this.writer = new RequestWriter(branches, signature, tokens, new SideUsers(users, registeredOver), credentials);
        this.completions = completions;
        this.responseSteps = responseSteps;
    }

    /** The request's Max-Breadth as this proxy takes it (RFC 5393 §5.3.3). */
    static int breadthOf(RequestContext context) throws SipParseException {
        long written = context.received().number(HeaderName.MAX_BREADTH, MAX_BREADTH);
        return written < 0 ? MAX_BREADTH : (int) written;
    }

    /** Forwards a request for which {@code transaction} waits; the line that forks an INVITE is in ResponseContext. */
    public void relay(RequestContext context, ServerTransaction transaction, List<Target> targets)
            throws SipParseException {
        int breadth = Math.max(breadthOf(context), targets.size());
        new ResponseContext(this, context, transaction, targets, branches.loopHash(context.received()), breadth)
                .start();
    }

    /** True if the request's Max-Breadth does not allow so many branches: it gets a 440 (RFC 5393 §5.3.3.2). */
    public static boolean exceedsBreadth(RequestContext context, List<Target> targets) throws SipParseException {
        return context.received().firstHeader(HeaderName.MAX_BREADTH) >= 0 && targets.size() > breadthOf(context);
    }

    /** Forwards the ACK of a 2xx: end to end, without a transaction (§16.6, §17). */
    public void relayAck(RequestContext context, List<Target> targets) throws SipParseException {
        long loopHash = branches.loopHash(context.received());
        int breadth = breadthOf(context);
        for (Target target : targets) {
            new AckRelay(this, context, new TargetRoute(this, context, target, loopHash, breadth)).tryNext();
        }
    }

    /** The response's bytes after the steps that want to see it. */
    byte[] edited(byte[] wire, TransportFlow from) {
        return responseSteps.edited(wire, from, null);
    }

    /** The bytes, after the steps, of a response to the request that went to {@code target}. */
    byte[] edited(byte[] wire, TransportFlow from, Target target) {
        return responseSteps.edited(wire, from, target);
    }

    /**
     * A 2xx whose INVITE was accepted before: it goes upstream by its Via (RFC 6026 §8.4, RFC 3261 §16.7 step 9).
     *
     * @param from how it came in
     * @param path where that Via leads
     */
    public void forwardLate(SipResponse response, TransportFlow from, ResponsePath path) throws SipParseException {
        if (DialogResponse.defect(response) != null) {
            return; // as the one before it
        }
        path.send(edited(ResponseRewriter.withoutTopVia(response, path.isReliable()), from), SendFailure.IGNORE);
    }
}
