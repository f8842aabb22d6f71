package org.sipproxy.core.internal.engine;

import java.util.function.Supplier;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.HostTransaction;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transaction of a request of the host application or of the proxy itself, and the path of its responses.
 */
final class HostAttempt implements HostTransaction.Owner {

    /** Sender of the request. */
    interface Sender {

        /** Finds the targets. */
        Outcome route(RequestContext context, boolean mayWait);

        /**
         * Called under the lock of the transaction, with the final response; for an INVITE with each of its responses.
         */
        void onResponse(byte[] wire, boolean isLocal, String failure);

        /** Called under the lock of the transaction, once, if it ends without a response. */
        void onEnd(Reason reason, String why);
    }

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);
    private static final FailureLog FAILURES = new FailureLog();

    private final ProxyEngine engine;
    private final Sender sender;
    final RequestContext context;
    final HostTransaction transaction;

    HostAttempt(ProxyEngine engine, Sender sender, SipRequest wire, HostFlow from) {
        this.engine = engine;
        this.sender = sender;
        this.context =
                new RequestContext(wire, from, this, engine.names(), engine.settings(), engine.time, engine.events);
        this.transaction =
                new HostTransaction(engine.table, this, context.retainedBytes(), wire.method() == Method.INVITE);
        context.trust();
        context.transaction(transaction);
    }

    /**
     * Routes and sends the request.
     *
     * @param limitNanos the time limit; 0 for none
     */
    void begin(long limitNanos, int bytes) {
        engine.table.addIfAbsent(transaction);
        transaction.forwarding(true, bytes);
        if (limitNanos > 0) {
            transaction.start(limitNanos);
        }
        if (engine.isShutDown()) {
            transaction.stop(); // the closing proxy may have gone through the table before
            return;
        }
        try {
            carryOut(sender.route(context, false));
        } catch (RuntimeException | Error e) {
            failed(e);
        }
    }

    private void carryOut(Outcome outcome) {
        if (outcome == Outcome.blocked()) {
            routeOnWorker();
        } else if (outcome instanceof Outcome.Respond response) {
            respond(response);
        } else if (outcome instanceof Outcome.Relay relay) {
            relay(relay);
        } else if (outcome instanceof Outcome.Awaits awaits) {
            context.patience().deadlineNanos(engine.deadline());
            engine.stages()
                    .run(
                            context,
                            awaits.stage(),
                            engine.clock.nanoTime(),
                            ofStage -> goOn(() -> engine.pipeline.resume(context, ofStage)));
            return;
        } else {
            transaction.abandon();
        }
        engine.stages().decided(context);
    }

    /** Finds the targets on a worker, because the location store may block. */
    private void routeOnWorker() {
        long deadline = engine.deadline();
        WorkerPool.Task task = new WorkerPool.Task() {
            @Override
            public void run() {
                RequestDeadline.run(deadline, HostAttempt.this::route);
            }

            @Override
            public void dropped() {
                transaction.abandon();
            }
        };
        if (!engine.workers().execute(RequestDispatcher.lane(context), task)) {
            engine.counters.overload.increment();
            respond(LocalResponses.OVERLOADED);
        }
    }

    private void route() {
        goOn(() -> sender.route(context, true));
    }

    private void goOn(Supplier<Outcome> decision) {
        if (transaction.isCancelledEarly()) {
            respond(RequestDispatcher.CANCELLED);
            engine.stages().decided(context);
        } else if (transaction.isPending()) {
            try {
                carryOut(decision.get());
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        } else {
            engine.stages().decided(context);
        }
    }

    private void respond(Outcome.Respond response) {
        transaction.respond(response.statusCode(), engine.localResponses.write(context, response));
    }

    private void relay(Outcome.Relay relay) {
        try {
            engine.forwarder.relay(context, transaction, relay);
        } catch (SipParseException e) {
            respond(Outcome.malformed(e));
        }
    }

    private void failed(Throwable e) {
        FAILURES.error(LOG, "sending of " + context.request().method() + " failed", e);
        transaction.stop();
        if (e instanceof Error error) {
            throw error;
        }
    }

    // ---- the response path

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        sender.onResponse(wire, context.isLocalResponse(wire), context.failure());
    }

    /** A request that timed out has a reason but no response (RFC 4320 §4.1). */
    @Override
    public void ended(boolean timedOut) {
        if (timedOut) {
            sender.onEnd(Reason.TIMED_OUT, "no final response within the time limit");
        } else if (engine.isShutDown()) {
            sender.onEnd(Reason.PROXY_CLOSED, "the proxy was closed");
        } else if (!context.failure().isEmpty()) {
            sender.onEnd(Reason.TIMED_OUT, context.failure());
        } else {
            sender.onEnd(Reason.INTERNAL_ERROR, "the proxy ended the request; see its log");
        }
    }

    @Override
    public void shutdown() {
        transaction.abandon();
    }

    @Override
    public boolean isReliable() {
        return true;
    }

    @Override
    public boolean isLocal() {
        return true;
    }
}
