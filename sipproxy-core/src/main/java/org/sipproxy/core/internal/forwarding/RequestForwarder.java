package org.sipproxy.core.internal.forwarding;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.PeerHops;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.pipeline.Outcome;
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

/** Forwards requests to their targets (RFC 3261 §16.6): an ACK by itself, other requests with a response context. */
public final class RequestForwarder {

    /** RFC 5393 §5.3.3.1: added to a request that has none, and the maximum accepted from one. */
    static final int MAX_BREADTH = 60;

    final Branches branches;
    final TransactionTable table;
    final FlowSource flows;
    final NextHopResolver resolver;
    final NextHopPolicy nextHops;
    final FailedHops failedHops;
    final PlanFailures planFailures;
    final LocalResponseWriter responses;
    final RequestWriter writer;
    final Completions completions;
    private final ResponseStages responseStages;
    final HostThreads threads;
    final Duration waitLimit;

    /** Threads of the host's stages that may wait. */
    @FunctionalInterface
    public interface HostThreads {

        /** Runs a task within the wait limit of a request; returns false if no thread accepts it. Never throws. */
        boolean execute(Runnable task);
    }

    public RequestForwarder(
            Branches branches,
            RouteSignature signature,
            FlowTokens tokens,
            SealedUsers users,
            Function<Flow, @Nullable Aor> registeredOver,
            HopCredentials credentials,
            @Nullable PeerHops peers,
            TransactionTable table,
            FlowSource flows,
            NextHopResolver resolver,
            NextHopPolicy nextHops,
            LocalResponseWriter responses,
            Completions completions,
            ResponseStages responseStages,
            HostThreads threads,
            Duration waitLimit) {
        this.branches = branches;
        this.table = table;
        this.flows = flows;
        this.resolver = resolver;
        this.nextHops = nextHops;
        this.planFailures = new PlanFailures();
        this.failedHops = new FailedHops(table::now, nextHops.failureMemory().toNanos());
        this.responses = responses;
        this.writer = new RequestWriter(
                branches, signature, tokens, new SideUsers(users, registeredOver), credentials, peers);
        this.completions = completions;
        this.responseStages = responseStages;
        this.threads = threads;
        this.waitLimit = waitLimit;
    }

    /** Creates a forwarder that routes as {@code served} does, over other flows. */
    private RequestForwarder(RequestForwarder served, FlowSource flows) {
        this.branches = served.branches;
        this.table = served.table;
        this.flows = flows;
        this.resolver = served.resolver;
        this.nextHops = served.nextHops;
        this.failedHops = served.failedHops;
        this.planFailures = served.planFailures;
        this.responses = served.responses;
        this.writer = served.writer;
        this.completions = served.completions;
        this.responseStages = served.responseStages;
        this.threads = served.threads;
        this.waitLimit = served.waitLimit;
    }

    /** Returns a forwarder that finds the same routes over flows that open no connections. */
    RequestForwarder over(FlowSource rehearsalFlows) {
        return new RequestForwarder(this, rehearsalFlows);
    }

    /**
     * Returns the request's Max-Breadth as this proxy applies it (RFC 5393 §5.3.3). One that is not a number counts as
     * missing: a sender gains nothing by it that it would not gain by omitting the header.
     */
    static int breadthOf(RequestContext context) {
        try {
            long written = context.received().number(HeaderName.MAX_BREADTH, MAX_BREADTH);
            return written < 0 ? MAX_BREADTH : (int) written;
        } catch (SipParseException e) {
            return MAX_BREADTH;
        }
    }

    /** Forwards a request for which {@code transaction} waits. The response context forks it. */
    public void relay(RequestContext context, ServerTransaction transaction, Outcome.Relay relay)
            throws SipParseException {
        context.decided();
        int breadth = Math.max(breadthOf(context), relay.targets().size());
        new ResponseContext(this, context, transaction, relay, branches.loopHash(context.received()), breadth).start();
    }

    /**
     * Returns true if the request's Max-Breadth does not allow that many branches: it gets a 440 (RFC 5393 §5.3.3.2).
     */
    public static boolean exceedsBreadth(RequestContext context, List<Target> targets) {
        return context.received().firstHeader(HeaderName.MAX_BREADTH) >= 0
                && Math.max(1, targets.size()) > breadthOf(context); // without targets the plan finds some
    }

    /** Forwards the ACK of a 2xx: end to end, without a transaction (§16.6, §17). */
    public void relayAck(RequestContext context, List<Target> targets) throws SipParseException {
        long loopHash = branches.loopHash(context.received());
        int breadth = breadthOf(context);
        for (Target target : targets) {
            new AckRelay(this, context, new TargetRoute(this, context, context.request(), target, loopHash, breadth))
                    .tryNext();
        }
    }

    /** Returns the bytes of a response that the host application chose. */
    byte[] localResponse(RequestContext context, Outcome.Respond response) {
        return responses.write(context, response);
    }

    /** Returns what makes the 2xx of an INVITE unusable; null if it is usable. See {@link DialogResponse}. */
    @Nullable
    String defect(SipResponse response) {
        return DialogResponse.defect(response, responseStages::isMyself);
    }

    /** Returns the response's bytes after the response stages. */
    byte[] edited(byte[] wire, TransportFlow from) {
        return responseStages.edited(null, wire, from, null);
    }

    /**
     * Returns the bytes, after the stages, of a response to the request that was sent to {@code target}.
     *
     * @param wire the bytes of {@code response} {@link ResponseRewriter#withoutTopVia without this proxy's Via}
     */
    byte[] edited(SipResponse response, byte[] wire, TransportFlow from, Target target) {
        return responseStages.edited(response, wire, from, target);
    }

    /**
     * Forwards a 2xx whose INVITE was already accepted upstream by its Via (RFC 6026 §8.4, RFC 3261 §16.7 step 9).
     *
     * @param from the flow over which it arrived
     * @param path where that Via leads
     */
    public void forwardLate(SipResponse response, TransportFlow from, ResponsePath path) throws SipParseException {
        if (defect(response) != null) {
            return; // like the first 2xx
        }
        byte[] wire = ResponseRewriter.withoutTopVia(response, path);
        path.send(responseStages.edited(response, wire, from, null), SendFailure.IGNORE);
    }
}
