package org.sipproxy.core.internal.forwarding;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Forwards requests to their targets (RFC 3261 §16.6): an ACK as it is, all else with a response context. */
public final class RequestForwarder {

    private static final Logger LOG = LoggerFactory.getLogger(RequestForwarder.class);

    /** RFC 5393 §5.3.3.1: what is put into a request that has none, and the most that is taken from one. */
    static final int MAX_BREADTH = 60;

    final Branches branches;
    final TransactionTable table;
    final FlowSource flows;
    final HopResolver resolver;
    final LocalReplies replies;
    final RequestWriter writer;
    final Completions completions;
    private final ResponseSteps responseSteps;

    public RequestForwarder(
            Branches branches,
            RouteSignature signature,
            FlowTokens tokens,
            HopCredentials credentials,
            TransactionTable table,
            FlowSource flows,
            HopResolver resolver,
            LocalReplies replies,
            Completions completions,
            ResponseSteps responseSteps) {
        this.branches = branches;
        this.table = table;
        this.flows = flows;
        this.resolver = resolver;
        this.replies = replies;
        this.writer = new RequestWriter(branches, signature, tokens, credentials);
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
        for (Target target : targets) {
            Sender sender = senderTo(context, target);
            TransportFlow own = ownConnection(context, target);
            if (own != null) {
                sendAck(context, target, own);
                continue;
            }
            if (isBehindNat(context, target)) {
                TransportFlow registered = registeredFlow(context, target);
                if (registered != null || !isAtItsSource(target)) {
                    sendAck(context, target, registered);
                    continue;
                }
            }
            SipUri uri = RequestWriter.nextHopUri(context, target);
            NextHop hop = resolver.numeric(uri);
            if (hop != null) {
                sendAck(context, target, hop, sender);
            } else {
                resolveAndSendAck(context, target, uri, sender);
            }
        }
    }

    /** An ACK has no transaction, so it counts for itself in the budget while it waits. Without room it is dropped. */
    private void resolveAndSendAck(RequestContext context, Target target, SipUri uri, Sender sender) {
        TransactionBudget budget = table.budget();
        int bytes = context.retainedBytes();
        if (!budget.takes(context.isProven() ? Share.RESERVED : Share.OPEN, bytes)) {
            budget.countRefused();
            return;
        }
        budget.add(bytes);
        resolver.resolve(uri, sender, new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> hops) {
                budget.add(-bytes);
                sendAck(context, target, hops.get(0), sender);
            }

            @Override
            public void failed(ResolutionFailure failure) {
                budget.add(-bytes);
                LOG.debug("ACK not forwarded: {}", failure.text());
            }
        });
    }

    /**
     * The connection that the target has opened over TLS or as a WebSocket: the one that it registered over, or the one that the
     * dialog's Route names. Null if there is none that is open, or if a Route leads elsewhere.
     */
    static @Nullable TransportFlow ownConnection(RequestContext context, Target target) throws SipParseException {
        TransportFlow flow = null;
        if (target.flow() instanceof TransportFlow registered) {
            flow = registered;
        } else if (target.received() == null) {
            flow = context.dialogFlow();
        }
        boolean leadsThere = flow != null
                && flow.isPeersOwn()
                && flow.isOpen()
                && target.routes().isEmpty()
                && context.remainingRoutes().isEmpty();
        return leadsThere && mayUse(flow, context, target) ? flow : null;
    }

    /** False for a flow without TLS if the request is for a sips URI (§26.2.2). */
    static boolean mayUse(@Nullable TransportFlow flow, RequestContext context, Target target)
            throws SipParseException {
        return flow != null && (flow.kind().isSecure() || !RequestWriter.isSecured(context, target));
    }

    /** True if the target is known by the address that it was seen at, and that is the next hop: no Route leads elsewhere. */
    static boolean isBehindNat(RequestContext context, Target target) throws SipParseException {
        return target.received() != null
                && target.routes().isEmpty()
                && context.remainingRoutes().isEmpty();
    }

    /**
     * The way to a client behind a NAT: the flow that it registered over, else the address that it was seen at. A NAT lets no
     * connection in, so a stream has to be there already. Null if there is no way.
     */
    @Nullable
    TransportFlow registeredFlow(RequestContext context, Target target) {
        if (target.flow() instanceof TransportFlow flow && flow.isOpen()) {
            return flow;
        }
        SipUri received = target.received();
        NextHop hop = received == null ? null : resolver.numeric(received);
        if (hop == null) {
            return null;
        }
        if (hop.kind().isReliable()) {
            return flows.openConnection(hop);
        }
        try {
            return flows.flowTo(hop, context.flow(), target.socket(), Sender.HOST); // a client was seen there
        } catch (RefusedAddressException e) {
            return null;
        }
    }

    /** On whose behalf a request goes to the target. */
    static Sender senderTo(RequestContext context, Target target) throws SipParseException {
        return context.senderTo(RequestWriter.writtenHopUri(context, target), target);
    }

    /** True if the contact names the very address that it was seen at: no NAT lies between, so it may be connected to. */
    static boolean isAtItsSource(Target target) {
        SipUri received = target.received();
        Optional<InetAddress> address = target.uri().numericHost();
        return received != null && address.isPresent() && address.equals(received.numericHost());
    }

    private void sendAck(RequestContext context, Target target, NextHop hop, Sender sender) {
        try {
            sendAck(context, target, flows.flowTo(hop, context.flow(), target.socket(), sender));
        } catch (RefusedAddressException e) {
            LOG.debug("ACK not forwarded: {}", e.getMessage());
        }
    }

    private void sendAck(RequestContext context, Target target, @Nullable TransportFlow flow) {
        try {
            if (flow == null || !mayUse(flow, context, target)) {
                return;
            }
            long loopHash = branches.loopHash(context.received());
            flow.send(
                    writer.write(context, target, flow, branches.next(), loopHash, breadthOf(context)),
                    SendFailure.IGNORE);
        } catch (SipParseException e) {
            LOG.debug("ACK not forwarded: {}", e.getMessage());
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
        path.send(edited(ResponseRewriter.withoutTopVia(response, path.isReliable()), from), SendFailure.IGNORE);
    }
}
