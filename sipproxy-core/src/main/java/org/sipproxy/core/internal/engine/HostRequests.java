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
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.call.DialogClient;
import org.sipproxy.core.internal.client.HostRequestWriter;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.thirdparty.Signalling;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.HostTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client for requests of the host application, and of the proxy itself within the dialogs of calls. Each is an ordinary
 * request in a {@link RequestContext} whose response path leads to a future instead of a socket, so that {@code
 * RequestForwarder} does forking, next hops, NATs and the choice of the best response. The {@link HostTransaction}
 * reports every end, so a future cannot stay pending.
 *
 * <p>What happens under the lock of a transaction only queues a task. Futures are completed, and challenges answered,
 * by threads of this class.
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
                && engine.names().isMyself(request.requestUri())) {
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
        Exchange exchange = new DialogExchange(inDialog, null);
        if (engine.isClosing()) {
            return CompletableFuture.failedFuture(exchange.failure(Reason.PROXY_CLOSED, "the proxy is closed"));
        }
        exchange.begin(inDialog);
        return exchange.future;
    }

    /** Sends a request within a dialog of the proxy itself, also while the proxy closes: it may be the last BYE. */
    CompletableFuture<SipResponse> send(Signalling.Outgoing request) {
        Exchange exchange =
                new DialogExchange(request.request(), new RequestContext.OwnDialog(request.token(), request.peer()));
        exchange.begin(request.request());
        return exchange.future;
    }

    @Override
    public ThirdPartyCall connect(CallSetup setup) {
        return engine.thirdPartyCalls.connect(setup);
    }

    /** Returns the flow from which the requests come. */
    HostFlow flow() {
        return Objects.requireNonNull(flow, "the proxy has not started");
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

    /** One request, sent again with credentials after a challenge. */
    private abstract class Exchange implements HostAttempt.Sender {

        final CompletableFuture<SipResponse> future = new CompletableFuture<>();
        private final long deadlineNanos;
        /** The transaction of the latest attempt; null before the first. */
        private volatile @Nullable HostTransaction transaction;

        Exchange(Duration timeLimit) {
            this.deadlineNanos = engine.clock.nanoTime() + timeLimit.toNanos();
        }

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
            HostAttempt attempt = new HostAttempt(engine, this, wire, flow());
            prepare(attempt.context);
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

        /** Sets what an attempt has in addition to the request. */
        void prepare(RequestContext context) {
            // nothing
        }

        @Override
        public void onResponse(byte[] wire, boolean isLocal, String failure) {
            if (!isLocal) {
                later(() -> responded(wire));
            } else if (engine.isShutDown()) {
                fail(Reason.PROXY_CLOSED, "the proxy was closed");
            } else {
                fail(Reason.UNREACHABLE, failure);
            }
        }

        @Override
        public void onEnd(Reason reason, String why) {
            fail(reason, why);
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
            this.writer = new HostRequestWriter(request, engine.names().primaryDomain());
        }

        SipRequest next() throws SipParseException {
            return writer.next(engine.limits);
        }

        @Override
        public Outcome route(RequestContext context, boolean mayWait) {
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

    /**
     * A request of this proxy within a dialog: its own, or one between two clients, where each call has at most two.
     */
    private final class DialogExchange extends Exchange {

        private final SipRequest request;
        /** Null in a dialog between two clients. */
        private final RequestContext.@Nullable OwnDialog own;

        DialogExchange(SipRequest request, RequestContext.@Nullable OwnDialog own) {
            super(IN_DIALOG_LIMIT);
            this.request = request;
            this.own = own;
        }

        @Override
        void prepare(RequestContext context) {
            if (own != null) {
                context.ownDialog(own);
            }
        }

        @Override
        public Outcome route(RequestContext context, boolean mayWait) {
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
}
