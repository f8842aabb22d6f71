package org.sipproxy.core.internal.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.pipeline.HostStage;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RequestPipeline;
import org.sipproxy.core.internal.time.Guard;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stages of the host application that block or decide asynchronously. Each has a time limit and a concurrency
 * limit; requests of one Call-ID pass in the order in which they arrived. While a stage waits, it holds a thread of
 * {@link StageThreads} at most, and no lock.
 */
final class StageRunner implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private static final Duration PACE = Duration.ofSeconds(10);

    private final StageThreads threads;
    private final StageLanes<Waiting> lanes = new StageLanes<>();
    private final TimerWheel wheel;
    /** Requests that the current thread starts after the one that it is starting. */
    private static final ThreadLocal<Deque<Waiting>> STARTING = new ThreadLocal<>();

    private final Guard guard = new Guard(LOG, "continuing after a stage failed");
    private final LogPace fullStages = new LogPace(PACE);
    private final LogPace lateStages = new LogPace(PACE);
    private final LogPace refusals = new LogPace(PACE);

    StageRunner(@Nullable Executor host, ProxyThreads threads, TimerWheel wheel) {
        this.threads = StageThreads.of(host, threads);
        this.wheel = wheel;
    }

    /**
     * Runs a stage for a request. {@code done} is called once with its outcome: on a thread of the stages; on the
     * current one or the timer thread if the stage is full or late; or on the thread that handles the client's CANCEL.
     *
     * @param nowNanos the time of the timer wheel
     */
    void run(RequestContext context, HostStage stage, long nowNanos, Consumer<Outcome> done) {
        Waiting waiting = new Waiting(context, stage, nowNanos, done);
        if (!stage.enter()) {
            context.failure("stage " + stage + " is full");
            done.accept(full(stage));
            return;
        }
        boolean first = context.holdsLane() || lanes.enter(waiting.lane, waiting);
        if (first) {
            waiting.takeLane();
        }
        waiting.schedule();
        if (!waiting.awaitCancel()) {
            waiting.cancelled();
        } else if (first) {
            waiting.start(context.lookUpsMayBlock());
        }
    }

    private Outcome full(HostStage stage) {
        if (fullStages.isDue()) {
            LOG.warn(
                    "stage {} is full; requests get 503; see RequestStage.concurrencyLimit ({} more since the last"
                            + " such line)",
                    stage,
                    fullStages.takeOmitted());
        }
        return LocalResponses.OVERLOADED;
    }

    /** Called when the decision about a request is complete: the next request of its Call-ID may pass. */
    void decided(RequestContext context) {
        if (context.holdsLane()) {
            context.patience().holdsLane(false);
            Waiting next = lanes.leave(RequestDispatcher.lane(context));
            while (next != null && !next.takeLane()) {
                next = lanes.leave(next.lane); // it has got its response meanwhile
            }
            if (next != null) {
                startOneAfterAnother(next);
            }
        }
    }

    /**
     * Starts a request to which a lane was passed. If that ends its decision at once, for example because no thread
     * accepts the stage, the lane is passed on again; a queue of any length must not be a recursion of that depth.
     */
    private void startOneAfterAnother(Waiting first) {
        Deque<Waiting> outer = STARTING.get();
        if (outer != null) {
            outer.add(first);
            return;
        }
        Deque<Waiting> queue = new ArrayDeque<>(2);
        STARTING.set(queue);
        try {
            for (Waiting next = first; next != null; next = queue.poll()) {
                Waiting current = next;
                guarded(() -> current.start(true)); // this may be the timer thread
            }
        } finally {
            STARTING.remove();
        }
    }

    /**
     * Runs another task that may wait.
     *
     * @return false if no thread accepts it
     */
    boolean execute(Runnable task) {
        try {
            threads.execute(() -> guarded(task));
            return true;
        } catch (Throwable e) { // the host's executor may throw anything
            if (refusals.isDue()) {
                LOG.warn("no thread for a stage, its request fails; see SipProxyBuilder.stageExecutor", e);
            }
            return false;
        }
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            guard.caught(e);
        }
    }

    @Override
    public void close() {
        threads.close();
    }

    /** A request at a stage that waits. */
    private final class Waiting extends Timer {

        private final RequestContext context;
        private final HostStage stage;
        private final int lane;
        private final long beganNanos;
        private final long limitNanos;
        private final Consumer<Outcome> done;
        /** The thread that runs the stage. Guarded by this object's monitor, like the other fields below. */
        private @Nullable Thread thread;
        /** The verdict of an asynchronous stage that has not completed. */
        private @Nullable CompletionStage<Verdict> pending;
        /** True once a thread will leave a blocking stage. */
        private boolean handedOver;

        private boolean completed;

        Waiting(RequestContext context, HostStage stage, long nowNanos, Consumer<Outcome> done) {
            this.context = context;
            this.stage = stage;
            this.lane = RequestDispatcher.lane(context);
            this.beganNanos = nowNanos;
            this.limitNanos = Math.min(stage.limitNanos(), context.patience().deadlineNanos() - System.nanoTime());
            this.done = done;
        }

        void schedule() {
            wheel.schedule(this, beganNanos, limitNanos);
        }

        /** Takes the lane, so that the stage may start. Returns false if the request needs it no longer. */
        synchronized boolean takeLane() {
            if (completed) {
                return false;
            }
            context.patience().holdsLane(true);
            return true;
        }

        /** Lets the client's CANCEL end the wait. Returns false if one has arrived already. */
        synchronized boolean awaitCancel() {
            ServerTransaction transaction = context.transaction();
            return completed // otherwise the next stage of the request may wait already
                    || transaction == null
                    || transaction.waitsForStage(this::cancelled);
        }

        /**
         * Starts the stage.
         *
         * @param elsewhere true if an asynchronous stage must not be called on the current thread
         */
        void start(boolean elsewhere) {
            synchronized (this) {
                if (completed) {
                    return;
                }
                handedOver = true;
            }
            if (!stage.isAsync()) {
                if (!execute(this::handle)) {
                    complete(noThread());
                    stage.leave();
                }
            } else if (!elsewhere) {
                handleAsync();
            } else if (!execute(this::handleAsync)) {
                completeLater(this::noThread);
            }
        }

        private Outcome noThread() {
            context.failure("no thread for stage " + stage);
            return LocalResponses.OVERLOADED;
        }

        private void handleAsync() {
            if (!isOpen()) {
                return;
            }
            CompletionStage<Verdict> verdict = stage.handleAsync(context, this::decidedLater);
            synchronized (this) {
                if (!completed) {
                    pending = verdict;
                    return;
                }
            }
            if (verdict != null) {
                stage.cancel(verdict); // given up meanwhile; without effect on a verdict that is there
            }
        }

        private void handle() {
            synchronized (this) {
                if (completed) {
                    stage.leave();
                    return;
                }
                thread = Thread.currentThread();
            }
            Outcome[] outcome = {RequestPipeline.TOO_LATE};
            try {
                RequestDeadline.run(context.patience().deadlineNanos(), () -> outcome[0] = stage.handle(context));
            } finally {
                synchronized (this) {
                    thread = null;
                }
                stage.leave();
            }
            Thread.interrupted(); // an interrupt was for the stage, not for what follows
            complete(outcome[0]);
        }

        /** Hands the verdict of an asynchronous stage over to a thread of the proxy. */
        private void decidedLater(Supplier<Outcome> outcome) {
            if (!isOpen()) {
                return;
            }
            if (!execute(() -> completeLater(outcome))) {
                guarded(() -> completeLater(outcome));
            }
        }

        private void completeLater(Supplier<Outcome> outcome) {
            if (finish()) {
                stage.leave();
                done.accept(outcome.get());
            }
        }

        private synchronized boolean isOpen() {
            return !completed;
        }

        private void complete(Outcome outcome) {
            if (finish()) {
                done.accept(outcome);
            }
        }

        /** Returns true for the first caller, which continues with the request. */
        private boolean finish() {
            synchronized (this) {
                if (completed) {
                    return false;
                }
                completed = true;
                pending = null;
            }
            wheel.cancel(this);
            return true;
        }

        /** The stage takes too long. */
        @Override
        protected void fire() {
            if (!giveUp()) {
                return;
            }
            if (lateStages.isDue()) {
                LOG.warn(
                        "stage {} took longer than {} ms; the request gets 503 ({} more since the last such line)",
                        stage,
                        limitNanos / 1_000_000,
                        lateStages.takeOmitted());
            }
            context.failure("stage " + stage + " took longer than " + limitNanos / 1_000_000 + " ms");
            done.accept(RequestPipeline.TOO_LATE);
        }

        /** The client has cancelled the request. */
        private void cancelled() {
            if (giveUp()) {
                wheel.cancel(this);
                done.accept(RequestPipeline.TOO_LATE); // the transaction knows of the CANCEL
            }
        }

        /** Ends the wait for the verdict. Returns false if the request has its outcome already. */
        private boolean giveUp() {
            boolean leaves;
            CompletionStage<Verdict> verdict;
            synchronized (this) {
                if (completed) {
                    return false;
                }
                completed = true;
                context.patience().giveUp();
                verdict = pending;
                pending = null;
                Thread running = thread;
                if (running != null) {
                    running.interrupt();
                }
                // a thread that is in the stage leaves it later; an asynchronous stage may never complete
                leaves = stage.isAsync() || !handedOver;
            }
            if (leaves) {
                stage.leave();
            }
            lanes.remove(lane, this); // otherwise it stays in memory as long as the lane is held
            if (verdict != null) {
                cancelElsewhere(verdict);
            }
            return true;
        }

        /** Code of the host application that depends on the verdict must not run on a receiver or timer thread. */
        private void cancelElsewhere(CompletionStage<Verdict> verdict) {
            try {
                threads.execute(() -> stage.cancel(verdict));
            } catch (Throwable e) { // the host's executor may throw anything
                LOG.debug("no thread to cancel the verdict of stage {}; it is ignored", stage, e);
            }
        }
    }
}
