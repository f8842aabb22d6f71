package org.sipproxy.core.internal.engine;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.call.DialogClient;
import org.sipproxy.core.internal.client.HostRequestWriter;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.HostTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client for requests of the host application, and of the proxy itself within the dialogs of calls. Each is an ordinary request in a {@link RequestContext} whose response
 * path leads to a future instead of a socket, so that {@code RequestForwarder} does forking, next hops, NATs and the
 * choice of the best response. The {@link HostTransaction} reports every end, so a future cannot stay pending.
 *
 * <p>What happens under the lock of a transaction only queues a task. Futures are completed, and challenges answered, by
 * threads of this class.
 */
final class HostRequests implements RequestClient, DialogClient {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final int THREADS = 4;
    private static final long IDLE_SECONDS = 30;
    /** Longer than Timer F at two next hops. */
    private static final Duration IN_DIALOG_LIMIT = Duration.ofSeconds(64);
    /** Time for the callbacks if other threads have used up the limit. */
    private static final long LEAST_CLOSE_MILLIS = 200;

    private final ProxyEngine engine;
    private final int limit;
    /** Its queue has at most one task for each pending request. */
    private final ThreadPoolExecutor callbacks;

    private final AtomicInteger pending = new AtomicInteger();
    private final LongAdder refused = new LongAdder();
    private final FailureLog failures = new FailureLog();
    private final ParseLimits responseLimits;
    private volatile @Nullable HostFlow flow;

    HostRequests(ProxyEngine engine, int limit, ProxyThreads threads) {
        this.engine = engine;
        this.limit = limit;
        this.responseLimits = engine.limits.toBuilder().messageBytes(16_777_216).build();
        this.callbacks = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                threads.factory("requests"));
        callbacks.allowCoreThreadTimeOut(true);
    }

    /** Opens the client, when the ports are known. */
    void open(List<Endpoint> bound) {
        flow = new HostFlow(bound.get(0));
    }

    /** Returns the number of requests that wait for their result. */
    int pending() {
        return pending.get();
    }

    /** Returns how many requests were refused because too many were pending. */
    long refused() {
        return refused.sum();
    }

    /** Lets the callbacks that are due run until the limit. Called when all transactions have ended. */
    void close(Deadline threadsEnded) {
        callbacks.shutdown();
        try {
            if (!callbacks.awaitTermination(
                    Math.max(LEAST_CLOSE_MILLIS, threadsEnded.leftMillis()), TimeUnit.MILLISECONDS)) {
                LOG.warn("callbacks of requests of the host application are still busy");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public CompletableFuture<SipResponse> send(OutgoingRequest request) {
        Objects.requireNonNull(request, "request");
        if (request.method() == Method.REGISTER
                && request.target().isEmpty()
                && engine.names.isMyself(request.requestUri())) {
            throw new IllegalArgumentException("requestUri: " + request.requestUri()
                    + " is this proxy, which does not register at itself; change bindings with locationStore()");
        }
        HostExchange exchange = new HostExchange(request);
        SipRequest first;
        try {
            first = exchange.next();
        } catch (SipParseException e) {
            throw new IllegalArgumentException("request: " + request + " cannot be sent: " + e.getMessage(), e);
        }
        if (engine.isClosing()) {
            return CompletableFuture.failedFuture(exchange.failure(Reason.PROXY_CLOSED, "the proxy is closed"));
        }
        if (pending.incrementAndGet() > limit) {
            pending.decrementAndGet();
            refused.increment();
            return CompletableFuture.failedFuture(exchange.failure(
                    Reason.TOO_MANY_PENDING, limit + " requests are pending (SipProxyBuilder.pendingRequests)"));
        }
        exchange.begin(first);
        return exchange.future;
    }

    @Override
    public CompletableFuture<SipResponse> send(SipRequest inDialog) {
        Exchange exchange = new DialogExchange(inDialog);
        if (engine.isClosing()) {
            return CompletableFuture.failedFuture(exchange.failure(Reason.PROXY_CLOSED, "the proxy is closed"));
        }
        exchange.begin(inDialog);
        return exchange.future;
    }

    @Override
    public void execute(Runnable task) {
        later(task);
    }

    /** Runs a task outside the locks that the calling thread holds. */
    private void later(Runnable task) {
        try {
            callbacks.execute(task);
        } catch (Throwable e) {
            if (!callbacks.isShutdown()) {
                failures.error(
                        LOG,
                        "no thread for a callback; it runs on "
                                + Thread.currentThread().getName(),
                        e);
            }
            task.run(); // better here than never
        }
    }

    /** One request, with its repetitions for challenges. */
    private abstract class Exchange {

        final CompletableFuture<SipResponse> future = new CompletableFuture<>();
        private final long deadlineNanos;
        /** The transaction of the latest attempt; null before the first. */
        private volatile @Nullable HostTransaction transaction;

        Exchange(Duration timeLimit) {
            this.deadlineNanos = engine.clock.nanoTime() + timeLimit.toNanos();
        }

        /** Finds the targets. */
        abstract Outcome route(RequestContext context, boolean mayWait);

        /** Returns the request to send again after a challenge; null if the challenge is not answered. */
        abstract @Nullable SipRequest answerTo(SipResponse challenge) throws SipParseException;

        /** Called at least once when the exchange is over. */
        abstract void release();

        /** Returns the request as it appears in a failure. */
        abstract String text();

        void begin(SipRequest first) {
            CompletableFuture<SipResponse> unused = future.whenComplete((response, failure) -> completed());
            send(first);
        }

        /** Called when the future is complete, also if the host application has cancelled it. */
        private void completed() {
            release();
            HostTransaction last = transaction;
            if (last != null) {
                last.stop();
            }
        }

        private void send(SipRequest wire) {
            long left = deadlineNanos - engine.clock.nanoTime();
            Attempt attempt = new Attempt(this, wire);
            int bytes = attempt.context.retainedBytes();
            if (left <= 0) {
                fail(Reason.TIMED_OUT, "no final response within the time limit");
            } else if (!engine.table.budget().takes(Share.RESERVED, 2L * bytes)) {
                engine.table.budget().countRefused();
                refused.increment();
                fail(Reason.TOO_MANY_PENDING, RequestDispatcher.NO_MEMORY);
            } else {
                transaction = attempt.transaction;
                attempt.begin(left, bytes);
                if (future.isDone()) {
                    attempt.transaction.stop(); // cancelled meanwhile
                }
            }
        }

        /** Handles a final response, outside the lock of the transaction. */
        private void responded(byte[] wire) {
            try {
                SipResponse response = (SipResponse) SipMessage.parse(wire, responseLimits);
                SipRequest again = future.isDone() || !LocalResponses.isChallenge(response.statusCode())
                        ? null
                        : answerTo(response);
                if (again != null) {
                    send(again);
                } else {
                    release();
                    future.complete(response);
                }
            } catch (Throwable e) {
                failures.error(LOG, "a response to a request of the host application failed", e);
                release();
                future.completeExceptionally(failure(Reason.INTERNAL_ERROR, String.valueOf(e.getMessage())));
            }
        }

        private void fail(Reason reason, String why) {
            RequestFailedException failure = failure(reason, why);
            later(() -> {
                release();
                future.completeExceptionally(failure);
            });
        }

        RequestFailedException failure(Reason reason, String why) {
            return new RequestFailedException(reason, text() + ": " + why);
        }
    }

    /** A request of the host application. */
    private final class HostExchange extends Exchange {

        private final OutgoingRequest request;
        private final HostRequestWriter writer;
        private final AtomicBoolean over = new AtomicBoolean();

        HostExchange(OutgoingRequest request) {
            super(request.timeLimit());
            this.request = request;
            this.writer = new HostRequestWriter(request, engine.names.primaryDomain());
        }

        SipRequest next() throws SipParseException {
            return writer.next(engine.limits);
        }

        @Override
        Outcome route(RequestContext context, boolean mayWait) {
            Target target = request.target().orElse(null);
            return target != null ? Outcome.relay(target) : engine.pipeline.route(context, mayWait);
        }

        @Override
        @Nullable
        SipRequest answerTo(SipResponse challenge) throws SipParseException {
            return writer.digest().accept(challenge) ? next() : null;
        }

        @Override
        void release() {
            if (over.compareAndSet(false, true)) {
                pending.decrementAndGet();
            }
        }

        @Override
        String text() {
            return request.toString();
        }
    }

    /** A request of this proxy within a dialog of others. There are at most two for each call. */
    private final class DialogExchange extends Exchange {

        private final SipRequest request;

        DialogExchange(SipRequest request) {
            super(IN_DIALOG_LIMIT);
            this.request = request;
        }

        @Override
        Outcome route(RequestContext context, boolean mayWait) {
            return engine.pipeline.routeInDialog(context, mayWait);
        }

        @Override
        @Nullable
        SipRequest answerTo(SipResponse challenge) {
            return null;
        }

        @Override
        void release() {
            // is not counted
        }

        @Override
        String text() {
            return request.method() + " in a dialog";
        }
    }

    /** One transaction of a request, and the path of its response. */
    private final class Attempt implements HostTransaction.Owner {

        private final Exchange exchange;
        final RequestContext context;
        final HostTransaction transaction;

        Attempt(Exchange exchange, SipRequest wire) {
            this.exchange = exchange;
            HostFlow from = Objects.requireNonNull(flow, "the proxy has not started");
            this.context = new RequestContext(wire, from, this, engine.names, engine.time, engine.events);
            this.transaction = new HostTransaction(engine.table, this, context.retainedBytes());
            context.trust();
            context.transaction(transaction);
        }

        void begin(long limitNanos, int bytes) {
            engine.table.addIfAbsent(transaction);
            transaction.forwarding(true, bytes);
            transaction.start(limitNanos);
            if (engine.isShutDown()) {
                transaction.stop(); // the closing proxy may have gone through the table before
                return;
            }
            try {
                carryOut(exchange.route(context, false));
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }

        private void carryOut(Outcome outcome) {
            if (outcome == Outcome.blocked()) {
                routeOnWorker();
            } else if (outcome instanceof Outcome.Reply reply) {
                respond(reply);
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
                    RequestDeadline.run(deadline, Attempt.this::route);
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
            goOn(() -> exchange.route(context, true));
        }

        private void goOn(Supplier<Outcome> decision) {
            if (transaction.isPending()) {
                try {
                    carryOut(decision.get());
                } catch (RuntimeException | Error e) {
                    failed(e);
                }
            } else {
                engine.stages().decided(context);
            }
        }

        private void respond(Outcome.Reply reply) {
            transaction.respond(reply.statusCode(), engine.localResponses.write(context, reply));
        }

        private void relay(Outcome.Relay relay) {
            try {
                engine.forwarder.relay(context, transaction, relay);
            } catch (SipParseException e) {
                respond((Outcome.Reply) Outcome.malformed(e));
            }
        }

        private void failed(Throwable e) {
            failures.error(LOG, "sending of " + context.request().method() + " failed", e);
            transaction.stop();
            if (e instanceof Error error) {
                throw error;
            }
        }

        // ---- the response path

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            if (!context.isLocalResponse(wire)) {
                later(() -> exchange.responded(wire));
            } else if (engine.isShutDown()) {
                exchange.fail(Reason.PROXY_CLOSED, "the proxy was closed");
            } else {
                exchange.fail(Reason.UNREACHABLE, context.failure());
            }
        }

        /** A request that timed out has a reason but no response (RFC 4320 §4.1). */
        @Override
        public void ended(boolean timedOut) {
            if (timedOut) {
                exchange.fail(Reason.TIMED_OUT, "no final response within the time limit");
            } else if (engine.isShutDown()) {
                exchange.fail(Reason.PROXY_CLOSED, "the proxy was closed");
            } else if (!context.failure().isEmpty()) {
                exchange.fail(Reason.TIMED_OUT, context.failure());
            } else {
                exchange.fail(Reason.INTERNAL_ERROR, "the proxy ended the request; see its log");
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
}
