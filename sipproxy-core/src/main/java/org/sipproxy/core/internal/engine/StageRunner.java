package org.sipproxy.core.internal.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.RequestDeadline;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stages of the host application that block or decide asynchronously. Each has a time limit and a concurrency
 * limit; requests of one Call-ID pass in the order in which they arrived. While a stage waits, it holds a thread of
 * {@link StageThreads} at most, and no lock.
 */
final class StageRunner implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private final StageThreads threads;
    private final StageLanes<Waiting> lanes = new StageLanes<>();
    private final TimerWheel wheel;
    /** Requests that the current thread starts after the one that it is starting. */
    private static final ThreadLocal<Deque<Waiting>> STARTING = new ThreadLocal<>();

    private final Guard guard = new Guard(LOG, "continuing after a stage failed");
    private final LogPace refusals = new LogPace(Duration.ofSeconds(10));

    StageRunner(@Nullable Executor host, ProxyThreads threads, TimerWheel wheel) {
        this.threads = StageThreads.of(host, threads);
        this.wheel = wheel;
    }

    /**
     * Runs a stage for a request. {@code done} is called once with its outcome, on a thread of the stages, or on the
     * current one or the timer thread if the stage is full or late.
     *
     * @param nowNanos the time of the timer wheel
     */
    void run(RequestContext context, HostStage stage, long nowNanos, Consumer<Outcome> done) {
        Waiting waiting = new Waiting(context, stage, nowNanos, done);
        if (!stage.enter()) {
            done.accept(full(stage.toString()));
            return;
        }
        if (context.holdsLane() || lanes.enter(waiting.lane, waiting)) {
            waiting.takeLane();
            waiting.start(context.lookUpsMayBlock());
        } else {
            waiting.schedule();
        }
    }

    private Outcome full(String stage) {
        if (refusals.isDue()) {
            LOG.warn("stage {} is full; requests get 503; see RequestStage.concurrencyLimit", stage);
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
     * Runs something else that may wait.
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

        private boolean started;
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
            started = true;
            context.patience().holdsLane(true);
            return true;
        }

        /**
         * Starts the stage.
         *
         * @param elsewhere true if an asynchronous stage must not be called on the current thread
         */
        void start(boolean elsewhere) {
            schedule();
            if (!stage.isAsync()) {
                if (!execute(this::handle)) {
                    complete(LocalResponses.OVERLOADED);
                    stage.leave();
                }
            } else if (!elsewhere) {
                handleAsync();
            } else if (!execute(this::handleAsync)) {
                completeLater(() -> LocalResponses.OVERLOADED);
            }
        }

        private void handleAsync() {
            if (isOpen()) {
                stage.handleAsync(context, this::decidedLater);
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
            }
            wheel.cancel(this);
            return true;
        }

        /** The stage takes too long. */
        @Override
        protected void fire() {
            boolean leaves;
            synchronized (this) {
                if (completed) {
                    return;
                }
                completed = true;
                Thread running = thread;
                if (running != null) {
                    running.interrupt();
                }
                // a thread that is in the stage leaves it later; an asynchronous stage may never complete
                leaves = stage.isAsync() || !started;
            }
            if (leaves) {
                stage.leave();
            }
            lanes.remove(lane, this); // otherwise it stays in memory as long as the lane is held
            if (refusals.isDue()) {
                LOG.warn("stage {} took longer than {} ms; the request gets 503", stage, limitNanos / 1_000_000);
            }
            done.accept(RequestPipeline.TOO_LATE);
        }
    }
}
