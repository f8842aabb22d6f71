package org.sipproxy.core.internal.engine;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.core.internal.pipeline.HostStage;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.thirdparty.DialogToken;
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
        if (DialogToken.isIn(ack) && engine.thirdPartyCalls.acknowledge(ack)) {
            return;
        }
        RequestContext context = engine.newContext(ack, from);
        carryOut(context, engine.pipeline.run(context, false));
    }

    /** Sends an ACK of the proxy itself. */
    void send(RequestContext context) {
        carryOut(context, engine.pipeline.routeInDialog(context, false));
    }

    private void carryOut(RequestContext context, Outcome outcome) {
        boolean waits = false;
        try {
            waits = isWaiting(context, outcome);
        } catch (SipParseException e) {
            engine.refusals.dropped(context, e.getMessage());
        } finally {
            if (!waits) {
                engine.stages().decided(context);
            }
        }
    }

    /** Carries the outcome out. Returns true if a worker or a stage continues with the ACK. */
    private boolean isWaiting(RequestContext context, Outcome outcome) throws SipParseException {
        if (outcome == Outcome.blocked()) {
            return decideOnWorker(context);
        } else if (outcome instanceof Outcome.Awaits awaits) {
            return decideByStage(context, awaits.stage());
        } else if (outcome instanceof Outcome.Relay relay) {
            engine.forwarder.relayAck(context, relay.targets());
        } else if (outcome instanceof Outcome.Discard discard) {
            engine.refusals.dropped(context, discard.why());
        } else if (outcome instanceof Outcome.Respond response) {
            engine.refusals.dropped(context, response.statusCode() + " " + response.reason());
        }
        return false;
    }

    private boolean decideOnWorker(RequestContext context) {
        int bytes = reserve(context);
        if (bytes < 0) {
            return false;
        }
        WorkerPool.Task task = new WorkerPool.Task() {
            @Override
            public void run() {
                continueWith(context, bytes, () -> engine.pipeline.run(context, true));
            }

            @Override
            public void dropped() {
                engine.table.budget().add(-bytes);
            }
        };
        if (!engine.workers().execute(RequestDispatcher.lane(context), task)) {
            engine.counters.overload.increment();
            engine.refusals.dropped(context, "the workers' queue is full");
            task.dropped();
            return false;
        }
        return true;
    }

    private boolean decideByStage(RequestContext context, HostStage stage) {
        int bytes = reserve(context);
        if (bytes < 0) {
            return false;
        }
        engine.stages()
                .run(
                        context,
                        stage,
                        engine.clock.nanoTime(),
                        outcome -> continueWith(context, bytes, () -> engine.pipeline.resume(context, outcome)));
        return true;
    }

    /**
     * Without a transaction, the ACK itself counts in the budget while it waits. Returns the bytes that it takes; −1 if
     * the budget is used up, and the ACK is dropped.
     */
    private int reserve(RequestContext context) {
        TransactionBudget budget = engine.table.budget();
        int bytes = context.retainedBytes();
        if (!budget.takes(Share.UNDECIDED, bytes)) {
            budget.countRefused();
            engine.refusals.dropped(context, RequestDispatcher.NO_MEMORY);
            return -1;
        }
        budget.add(bytes);
        if (context.patience().deadlineNanos() == 0) {
            context.patience().deadlineNanos(engine.deadline());
        }
        return bytes;
    }

    private void continueWith(RequestContext context, int bytes, Supplier<Outcome> decision) {
        engine.table.budget().add(-bytes);
        if (System.nanoTime() - context.patience().deadlineNanos() < 0) {
            RequestDeadline.run(context.patience().deadlineNanos(), () -> carryOut(context, decision.get()));
        } else {
            engine.stages().decided(context);
        }
    }
}
