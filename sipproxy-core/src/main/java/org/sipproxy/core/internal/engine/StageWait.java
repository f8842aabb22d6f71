package org.sipproxy.core.internal.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.internal.pipeline.HostStage;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RequestPipeline;
import org.sipproxy.core.internal.time.Timer;

/**
 * Runs a stage that waits for a rehearsed request: on the current thread, within the limits of the stage, and not in
 * the order of a Call-ID.
 */
final class StageWait extends Timer {

    private final Thread thread = Thread.currentThread();
    private boolean late;
    private boolean ended;

    private final RequestContext context;

    private StageWait(RequestContext context) {
        this.context = context;
    }

    static Outcome run(ProxyEngine engine, RequestContext context, HostStage stage, long deadlineNanos) {
        if (!stage.enter()) {
            context.failure("stage " + stage + " is full");
            return LocalResponses.OVERLOADED;
        }
        long limit = Math.max(0, Math.min(stage.limitNanos(), deadlineNanos - System.nanoTime()));
        try {
            Outcome outcome = stage.isAsync()
                    ? await(context, stage, limit)
                    : new StageWait(context).handle(engine, stage, limit);
            if (outcome == null) {
                context.failure("stage " + stage + " took longer than " + limit / 1_000_000 + " ms");
                return RequestPipeline.TOO_LATE;
            }
            return outcome;
        } finally {
            stage.leave();
        }
    }

    /** Returns null if the stage was interrupted because it took too long. */
    private @Nullable Outcome handle(ProxyEngine engine, HostStage stage, long limitNanos) {
        engine.wheel().schedule(this, engine.clock.nanoTime(), limitNanos);
        try {
            Outcome outcome = stage.handle(context);
            return isLate() ? null : outcome;
        } finally {
            engine.wheel().cancel(this);
            if (isLate()) {
                Thread.interrupted(); // it was for the stage
            }
        }
    }

    private synchronized boolean isLate() {
        ended = true;
        return late;
    }

    @Override
    protected synchronized void fire() {
        if (!ended) {
            late = true;
            context.patience().giveUp();
            thread.interrupt();
        }
    }

    private static @Nullable Outcome await(RequestContext context, HostStage stage, long limitNanos) {
        CompletableFuture<Supplier<Outcome>> done = new CompletableFuture<>();
        CompletionStage<Verdict> verdict = stage.handleAsync(context, done::complete);
        try {
            return done.get(limitNanos, TimeUnit.NANOSECONDS).get();
        } catch (TimeoutException | ExecutionException e) {
            cancel(context, stage, verdict);
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel(context, stage, verdict);
            return null;
        }
    }

    private static void cancel(RequestContext context, HostStage stage, @Nullable CompletionStage<Verdict> verdict) {
        context.patience().giveUp();
        if (verdict != null) {
            stage.cancel(verdict);
        }
    }
}
