package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Dispatcher of ACKs: to the transaction whose failure they acknowledge, or on to the callee (RFC 3261 §17.1.1.3,
 * §13.2.2.4).
 */
final class AckDispatcher {

    private final ProxyEngine engine;

    AckDispatcher(ProxyEngine engine) {
        this.engine = engine;
    }

    /** Absorbs the ACK if it acknowledges the failure of a transaction. Forwards the ACK of a 2xx to the callee. */
    void accept(SipRequest ack, TransportFlow from, @Nullable ServerTransaction transaction) throws SipParseException {
        if (transaction instanceof InviteServerTransaction invite
                && invite.isSender(ack, from.remoteAddress().getAddress())
                && invite.acknowledged()) {
            return;
        }
        if (engine.localResponses.acknowledges(ack)) {
            return; // acknowledges a refusal that was sent without a transaction
        }
        relayAck(engine.newContext(ack, from), false);
    }

    private void relayAck(RequestContext context, boolean mayWait) {
        try {
            Outcome outcome = engine.pipeline.run(context, mayWait);
            if (outcome instanceof Outcome.Relay relay) {
                engine.forwarder.relayAck(context, relay.targets());
            } else if (outcome == Outcome.blocked()) {
                relayAckOnWorker(context);
            } else if (outcome instanceof Outcome.Discard discard) {
                engine.refusals.dropped(context, discard.why());
            } else if (outcome instanceof Outcome.Reply reply) {
                engine.refusals.dropped(context, reply.statusCode() + " " + reply.reason());
            }
        } catch (SipParseException e) {
            engine.refusals.dropped(context, e.getMessage());
        }
    }

    /**
     * Relays an ACK on a worker. Without a transaction, the ACK itself counts in the budget while it waits; it is
     * dropped if the budget is used up.
     */
    private void relayAckOnWorker(RequestContext context) {
        TransactionBudget budget = engine.table.budget();
        int bytes = context.retainedBytes();
        if (!budget.takes(Share.UNDECIDED, bytes)) {
            budget.countRefused();
            engine.refusals.dropped(context, RequestDispatcher.NO_MEMORY);
            return;
        }
        budget.add(bytes);
        long deadline = engine.deadline();
        WorkerPool.Task task = new WorkerPool.Task() {
            @Override
            public void run() {
                try {
                    if (System.nanoTime() - deadline < 0) {
                        RequestDeadline.run(deadline, () -> relayAck(context, true));
                    }
                } finally {
                    dropped();
                }
            }

            @Override
            public void dropped() {
                budget.add(-bytes);
            }
        };
        if (!engine.workers().execute(RequestDispatcher.lane(context), task)) {
            engine.counters.overload.increment();
            engine.refusals.dropped(context, "the workers' queue is full");
            task.dropped();
        }
    }
}
