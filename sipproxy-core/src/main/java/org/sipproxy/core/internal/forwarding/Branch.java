package org.sipproxy.core.internal.forwarding;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.transaction.ClientTransaction;
import org.sipproxy.core.internal.transaction.ClientTransactionUser;
import org.sipproxy.core.internal.transaction.InviteClientTransaction;
import org.sipproxy.core.internal.transaction.NoUser;
import org.sipproxy.core.internal.transaction.NonInviteClientTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One target of a forked request: it is tried at its next hops, one after the other, until one of them answers
 * (RFC 3263 §4.3). All under the lock of the server transaction.
 */
final class Branch implements ClientTransactionUser {

    private static final Logger LOG = LoggerFactory.getLogger(Branch.class);

    /** RFC 3261 §18.1.1: a larger request must not go by UDP while the path's MTU is unknown. */
    static final int LARGEST_UDP_REQUEST = 1300;

    private final ResponseContext parent;
    private final Target target;
    private List<NextHop> hops = List.of();
    private int nextHop;
    /** Its share of the request's Max-Breadth. */
    private final int breadth;

    private @Nullable TransportFlow lastResort;
    /** The address of a next hop was refused, so no failure shows what listens there. */
    private boolean refused;
    /** Where the request went, and where its responses come from. */
    private @Nullable TransportFlow flow;

    private @Nullable ClientTransaction transaction;
    private boolean ended;
    /** Its INVITE was cancelled, by whomever: no further hop is tried. */
    private boolean cancelled;

    Branch(ResponseContext parent, Target target, int breadth) {
        this.parent = parent;
        this.breadth = breadth;
        this.target = target;
        TransportFlow registered = target.flow() instanceof TransportFlow f ? f : null;
        this.lastResort = registered != null && registered.kind().isReliable() ? registered : null;
    }

    void begin() {
        try {
            TransportFlow own = RequestForwarder.ownConnection(parent.context, target);
            if (own != null) {
                lastResort = null;
                send(own, null);
                return;
            }
            if (!RequestForwarder.mayUse(lastResort, parent.context, target)) {
                lastResort = null;
            }
            if (RequestForwarder.isBehindNat(parent.context, target)) {
                TransportFlow registered = parent.forwarder.registeredFlow(parent.context, target);
                if (registered != null && RequestForwarder.mayUse(registered, parent.context, target)) {
                    lastResort = null;
                    send(registered, null);
                    return;
                }
                if (registered != null || !RequestForwarder.isAtItsSource(target)) {
                    end(StatusCode.TEMPORARILY_UNAVAILABLE);
                    return;
                }
            }
            SipUri uri = RequestWriter.nextHopUri(parent.context, target);
            NextHop hop = parent.forwarder.resolver.numeric(uri);
            if (hop != null) {
                hops = List.of(hop);
                tryNextHop(unreachableStatus());
            } else {
                parent.server.tryingSoon();
                parent.forwarder.resolver.resolve(uri, sender(), lookedUp());
            }
        } catch (SipParseException e) {
            end(e.statusCode());
        }
    }

    private NextHopResolver.Callback lookedUp() {
        return new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> nextHops) {
                resolvedLater(nextHops, unreachableStatus());
            }

            @Override
            public void failed(ResolutionFailure failure) {
                LOG.debug("no next hop: {}", failure.text());
                resolvedLater(List.of(), statusOf(failure.reason()));
            }
        };
    }

    private void resolvedLater(List<NextHop> found, int otherwise) {
        synchronized (parent.server) {
            try {
                if (!ended) {
                    hops = found;
                    tryNextHop(otherwise);
                }
            } catch (Error e) {
                parent.server.abandon(); // else it would wait for ever for this branch
                throw e;
            }
        }
    }

    /** What a look-up that found nothing means upstream: only too many of them are this proxy's own trouble. */
    private int statusOf(ResolutionFailure.Reason reason) {
        return reason == ResolutionFailure.Reason.OVERLOADED ? StatusCode.SERVICE_UNAVAILABLE : unreachableStatus();
    }

    /**
     * The status of a target that cannot be reached. Not 503, by which the client would take this proxy to be out of service
     * (§16.7 step 6, §16.9, §21.5.4): one phone is not reachable, and it is a registered user's or it is not.
     */
    private int unreachableStatus() {
        return parent.context.isRegistered(target)
                ? StatusCode.TEMPORARILY_UNAVAILABLE
                : StatusCode.SERVER_INTERNAL_ERROR;
    }

    /**
     * Sends to the next hop that there is a way to.
     *
     * @param otherwise the status of this branch if there is none
     */
    private void tryNextHop(int otherwise) {
        while (nextHop < hops.size()) {
            NextHop hop = hops.get(nextHop++);
            TransportFlow way = flowTo(hop);
            if (way != null && send(way, hop)) {
                return;
            }
        }
        TransportFlow registered = lastResort;
        lastResort = null;
        if (registered != null && registered.isOpen() && send(registered, null)) {
            return;
        }
        end(refused ? refusedStatus() : otherwise);
    }

    private @Nullable TransportFlow flowTo(NextHop hop) {
        try {
            return parent.forwarder.flows.flowTo(hop, parent.context.flow(), target.socket(), sender());
        } catch (RefusedAddressException e) {
            refused = true;
            return null;
        }
    }

    private Sender sender() {
        try {
            return RequestForwarder.senderTo(parent.context, target);
        } catch (SipParseException e) {
            return Sender.of(parent.context.flow()); // it was parsed when the next hop was
        }
    }

    /** The sender named the address, or the client that registered did. */
    private int refusedStatus() {
        return parent.context.isRegistered(target) ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.FORBIDDEN;
    }

    /** False if the request is too large for this hop and has been put down for TCP instead. */
    private boolean send(TransportFlow way, @Nullable NextHop hop) {
        RequestForwarder forwarder = parent.forwarder;
        long number = forwarder.branches.next();
        byte[] wire;
        try {
            wire = forwarder.writer.write(parent.context, target, way, number, parent.loopHash, breadth);
        } catch (SipParseException e) {
            end(e.statusCode());
            return true;
        }
        if (hop != null
                && wire.length > LARGEST_UDP_REQUEST
                && way.kind() == TransportKind.UDP
                && !isRetryOverUdp(nextHop - 1)) {
            NextHop tcp = new NextHop(TransportKind.TCP, hop.address());
            if (flowTo(tcp) != null) {
                List<NextHop> widened = new ArrayList<>(hops);
                widened.add(nextHop, tcp);
                widened.add(nextHop + 1, hop); // if TCP is refused: better a large datagram than none
                hops = widened;
                return false;
            }
        }
        ClientTransaction next = parent.isInvite()
                ? new InviteClientTransaction(
                        number,
                        wire,
                        way,
                        parent.server,
                        forwarder.table,
                        this,
                        parent.server.path().datagramAddress())
                : new NonInviteClientTransaction(number, wire, way, parent.server, forwarder.table, this, false);
        transaction = next;
        flow = way;
        parent.server.trying();
        next.start();
        parent.sent();
        return true;
    }

    /** True if this UDP hop stands behind a TCP attempt at the same address. */
    private boolean isRetryOverUdp(int index) {
        if (index < 1 || index >= hops.size()) {
            return false;
        }
        NextHop hop = hops.get(index);
        NextHop before = hops.get(index - 1);
        return hop.kind() == TransportKind.UDP
                && before.kind() == TransportKind.TCP
                && before.address().equals(hop.address());
    }

    /** True while the request may have to be sent to another hop. */
    boolean maySendAgain() {
        return !ended && (transaction == null || nextHop < hops.size() || lastResort != null);
    }

    /** Leaves its transaction to itself, when nobody waits for the response; false if there is more to do here. */
    boolean leave() {
        ClientTransaction running = transaction;
        if (ended || running == null || maySendAgain()) {
            return false;
        }
        ended = true;
        running.handOver(NoUser.INSTANCE);
        return true;
    }

    /** Ends the branch with a status of our own. */
    private void end(int statusCode) {
        if (!ended) {
            ended = true;
            parent.failure(statusCode);
        }
    }

    /** Nobody waits for this branch any more: CANCEL goes out as soon as it may, or the target is never tried. */
    void cancel(byte @Nullable [] reasonLine) {
        if (ended) {
            return;
        }
        cancelled = true;
        if (transaction instanceof InviteClientTransaction invite) {
            invite.cancel(reasonLine);
        } else {
            end(StatusCode.REQUEST_TERMINATED);
        }
    }

    // ---- the client transaction

    @Override
    public void onResponse(SipResponse response) {
        if (response.isProvisional()) {
            parent.provisional(response, from(), target);
            return;
        }
        if (ended) {
            return;
        }
        if (response.statusCode() == StatusCode.SERVICE_UNAVAILABLE && hasMoreHops()) {
            detach();
            tryNextHop(unreachableStatus());
            return;
        }
        ended = true;
        if (response.isSuccess()) {
            if (transaction instanceof InviteClientTransaction invite) {
                invite.handOver(parent.lateSuccesses(from(), target));
            }
            parent.success(response, from(), target);
        } else {
            detach();
            parent.failure(response, from());
        }
    }

    private TransportFlow from() {
        return Objects.requireNonNull(flow, "a response before the request was sent");
    }

    /** The INVITE's transaction lives on to acknowledge repeated failures; it needs nothing of us for that. */
    private void detach() {
        if (transaction instanceof InviteClientTransaction invite) {
            invite.handOver(NoUser.INSTANCE);
        }
    }

    /** True if another server may be tried; one that was reached by TCP is not asked again by UDP (§18.1.1). */
    private boolean hasMoreHops() {
        if (isRetryOverUdp(nextHop)) {
            nextHop++;
        }
        return nextHop < hops.size() && !cancelled;
    }

    @Override
    public void onTimeout() {
        if (hasMoreHops()) {
            tryNextHop(StatusCode.REQUEST_TIMEOUT);
        } else {
            end(StatusCode.REQUEST_TIMEOUT);
        }
    }

    /** §16.8: an INVITE that rang too long is cancelled; its 487, or 64*T1 without it, ends the branch. */
    @Override
    public void onTimerC() {
        cancel(null);
    }

    @Override
    public void onTransportError(Throwable cause) {
        if (cancelled) {
            end(StatusCode.REQUEST_TERMINATED);
        } else {
            tryNextHop(unreachableStatus());
        }
    }
}
