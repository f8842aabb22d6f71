package org.sipproxy.core.internal.forwarding;

import java.util.List;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.forwarding.TargetRoute.Attempt;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.SipParseException;

/**
 * Relays the ACK of a 2xx to one target, end to end and without a transaction (RFC 3261 §16.6, §17), so that only a
 * failure to send leads to the next candidate of the route. The route is used by one thread at a time: the next
 * candidate is requested only after the previous one has failed.
 */
final class AckRelay implements NextHopResolver.Callback {

    private final RequestForwarder forwarder;
    private final RequestContext context;
    private final TargetRoute route;
    /** Bytes charged to the budget during a look-up. */
    private int waitingBytes;

    AckRelay(RequestForwarder forwarder, RequestContext context, TargetRoute route) {
        this.forwarder = forwarder;
        this.context = context;
        this.route = route;
    }

    /** Sends to the next candidate. */
    synchronized void tryNext() {
        try {
            if (route.needsLookUp()) {
                lookUp();
                return;
            }
            Attempt attempt = route.next();
            if (attempt == null) {
                dropped(route.why());
            } else {
                attempt.flow().send(attempt.wire(), failure(attempt));
            }
        } catch (SipParseException e) {
            dropped(e.getMessage());
        }
    }

    private SendFailure failure(Attempt attempt) {
        return cause -> {
            NextHop hop = attempt.hop();
            if (hop != null) {
                forwarder.failedHops.failed(hop);
            }
            notSent(attempt, cause);
        };
    }

    private synchronized void notSent(Attempt attempt, Throwable cause) {
        route.notSent(attempt, cause);
        tryNext();
    }

    private void dropped(String why) {
        forwarder.completions.ackDropped(context, why);
    }

    /**
     * An ACK has no transaction, so its look-up is charged to the budget here. If the budget is used up, the ACK is
     * dropped.
     */
    private void lookUp() throws SipParseException {
        TransactionBudget budget = forwarder.table.budget();
        int bytes = context.retainedBytes();
        if (!budget.takes(context.isProven() ? Share.RESERVED : Share.OPEN, bytes)) {
            budget.countRefused();
            dropped("the memory limit of transactions is reached");
            return;
        }
        budget.add(bytes);
        waitingBytes = bytes;
        route.lookUp(this);
    }

    private void waitedFor() {
        forwarder.table.budget().add(-waitingBytes);
        waitingBytes = 0;
    }

    @Override
    public synchronized void resolved(List<NextHop> nextHops) {
        waitedFor();
        route.found(nextHops);
        tryNext();
    }

    @Override
    public synchronized void failed(ResolutionFailure failure) {
        waitedFor();
        route.notFound(failure);
        tryNext();
    }
}
