package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.flight.FlightEvents;
import org.sipproxy.core.internal.flight.StageSpan;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.LogContext;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.jain.MalformedHeaderException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stage of the host application or of an add-on. Anything it throws results in a 500 or 503 and one log line with its
 * name.
 *
 * <p>A stage that may block or decides asynchronously is not run by the pipeline: the outcome is then
 * {@link Outcome.Awaits}, and whoever carries it out calls {@link #handle} or {@link #handleAsync}.
 */
public final class HostStage implements Stage {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private final @Nullable AsyncRequestStage async;
    private final String name;
    private final HostCall host;
    private final boolean mayBlock;
    private final boolean onWorkers;
    private final Question always;
    private final Question atOnce;
    private final boolean setsLogContext;
    private final Set<Method> methods;
    private final long limitNanos;
    private final int concurrencyLimit;
    private final boolean rehearsable;
    private final AtomicInteger inside = new AtomicInteger();

    private HostStage(RequestStage stage, boolean setsLogContext, boolean onWorkers) {
        this.async = stage instanceof AsyncRequestStage it ? it : null;
        this.onWorkers = onWorkers;
        this.setsLogContext = setsLogContext;
        this.name = stage.name();
        this.host = new HostCall(LOG, "stage " + name);
        this.mayBlock = option(stage::mayBlock, true);
        this.methods = option(stage::methods, Set.of());
        this.limitNanos = option(() -> stage.timeLimit().map(Duration::toNanos).orElse(Long.MAX_VALUE), Long.MAX_VALUE);
        this.concurrencyLimit = option(stage::concurrencyLimit, 1);
        this.rehearsable = option(stage::isRehearsable, false);
        this.always = stage::handle;
        this.atOnce = mayBlock ? stage::handleAtOnce : always;
    }

    /**
     * Creates a stage that has threads of its own if it blocks.
     *
     * @param setsLogContext whether the stage's own log lines get the request's Call-ID and method
     */
    static HostStage of(RequestStage stage, boolean setsLogContext) {
        return new HostStage(stage, setsLogContext, false);
    }

    /** Creates a stage that runs on a worker if it blocks, as the proxy's own database look-ups do. */
    static HostStage onWorkers(RequestStage stage, boolean setsLogContext) {
        return new HostStage(stage, setsLogContext, true);
    }

    /** Returns the stage's answer; {@code substitute}, the careful one, if it throws or returns null. */
    private <T> T option(Supplier<T> option, T substitute) {
        try {
            return Objects.requireNonNull(option.get(), "an option of the stage is null");
        } catch (Throwable e) {
            host.failed(e);
            return substitute;
        }
    }

    /** Returns true if the stage may block. */
    boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOfHost() {
        return true;
    }

    @Override
    public boolean isRehearsable(RequestContext context) {
        return rehearsable || !applies(context);
    }

    /** Returns true if {@link #handleAsync} decides instead of {@link #handle}. */
    public boolean isAsync() {
        return async != null;
    }

    /** Returns how long the stage may take for one request, in nanoseconds. */
    public long limitNanos() {
        return limitNanos;
    }

    /** Counts one more request in the stage. Returns false if the stage is full. */
    public boolean enter() {
        if (inside.incrementAndGet() <= concurrencyLimit) {
            return true;
        }
        inside.decrementAndGet();
        return false;
    }

    /** Called when a request that has entered is no longer in the stage. */
    public void leave() {
        inside.decrementAndGet();
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        if (!onWorkers) {
            return runAtOnce(context);
        }
        return applies(context) ? run(context, always) : Outcome.proceed();
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        if (!applies(context)) {
            return Outcome.proceed();
        }
        return async != null ? Outcome.awaits(this) : run(context, atOnce);
    }

    private boolean applies(RequestContext context) {
        return (!context.isFromHost() || context.isInDialogOfOthers())
                && (methods.isEmpty() || methods.contains(context.request().method()));
    }

    /** Runs the stage. The current thread may wait. Never throws. */
    public Outcome handle(RequestContext context) {
        return context.patience().waiting(() -> {
            try {
                return run(context, always);
            } catch (SipParseException e) {
                return Outcome.malformed(e);
            }
        });
    }

    /**
     * Starts an asynchronous stage. {@code done} is called at most once, by any thread, and gets what the thread that
     * continues with the request calls for the outcome. Never throws.
     *
     * @return the pending verdict, for {@link #cancel}; null if the stage failed
     */
    public @Nullable CompletionStage<Verdict> handleAsync(RequestContext context, Consumer<Supplier<Outcome>> done) {
        AsyncRequestStage asked = Objects.requireNonNull(async, "not an asynchronous stage");
        context.patience().decidesLater(true);
        StageSpan span = context.isRehearsal() ? null : FlightEvents.beginStage();
        try {
            context.materialize();
            SipRequest before = context.request();
            if (setsLogContext) {
                LogContext.set(context.received());
            }
            CompletionStage<Verdict> verdict = Objects.requireNonNull(
                    asked.handleAsync(context),
                    () -> "stage " + name + " returned null; return a CompletionStage of a verdict");
            verdict.whenComplete((result, failure) -> {
                end(span, context);
                done.accept(() -> completed(context, before, result, failure));
            });
            return verdict;
        } catch (Throwable e) { // like handle
            done.accept(() -> {
                context.patience().decidesLater(false);
                return outcomeOf(context, e);
            });
            return null;
        } finally {
            if (setsLogContext) {
                LogContext.clear();
            }
        }
    }

    /**
     * Cancels a verdict that is no longer needed, if it is a {@link Future}. Runs code of the host application that
     * depends on the verdict. Never throws.
     */
    public void cancel(CompletionStage<Verdict> verdict) {
        try {
            if (verdict instanceof Future<?> future) {
                future.cancel(true);
            }
        } catch (UnsupportedOperationException e) {
            LOG.debug("the verdict of stage {} cannot be cancelled; it is ignored", name);
        } catch (Throwable e) {
            host.failed("cancel", e);
        }
    }

    private Outcome completed(
            RequestContext context, SipRequest before, @Nullable Verdict verdict, @Nullable Throwable failure) {
        context.patience().decidesLater(false);
        try {
            Outcome outcome;
            if (failure == null) {
                outcome = ask(context, same -> verdict);
            } else {
                Throwable cause = failure.getCause();
                boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
                outcome = outcomeOf(context, wrapped && cause != null ? cause : failure);
            }
            context.endOfStage(before);
            return outcome;
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        }
    }

    /** One of the methods that run the stage. */
    private interface Question {
        @Nullable
        Verdict ask(StageContext context) throws Exception;
    }

    private Outcome run(RequestContext context, Question question) throws SipParseException {
        context.materialize();
        SipRequest before = context.request();
        StageSpan span = context.isRehearsal() ? null : FlightEvents.beginStage();
        Outcome outcome = decide(context, question);
        end(span, context);
        context.endOfStage(before);
        return outcome;
    }

    private void end(@Nullable StageSpan span, RequestContext context) {
        if (span != null) {
            span.end(name, context.received());
        }
    }

    private Outcome decide(RequestContext context, Question question) {
        if (!setsLogContext) {
            return ask(context, question);
        }
        LogContext.set(context.received());
        try {
            return ask(context, question);
        } finally {
            LogContext.clear();
        }
    }

    private Outcome ask(RequestContext context, Question question) {
        try {
            @Nullable Verdict verdict = question.ask(context);
            if (verdict == null) {
                throw new IllegalStateException("stage: " + name + " returned null for "
                        + context.request().method() + "; return Verdict.proceed() to pass the request on");
            }
            context.commitView();
            return explained(context, Outcome.of(verdict));
        } catch (NeedsWorkerException e) {
            return needsWorker(context, question, e);
        } catch (Throwable e) { // anything a host's stage throws, an Error too, fails this request only
            return outcomeOf(context, e);
        }
    }

    /** The log names the stage whose refusal this is; what it has noted for another outcome is void. */
    private Outcome explained(RequestContext context, Outcome outcome) {
        String why = context.failure();
        if (outcome instanceof Outcome.Discard) {
            context.failure("");
            return Outcome.discard(why.isEmpty() ? "discarded by stage " + name : why);
        } else if (!(outcome instanceof Outcome.Respond response)) {
            context.failure("");
        } else if (response.statusCode() >= 500 && why.isEmpty()) {
            context.failure("stage " + name + ": " + response.reason());
        }
        return outcome;
    }

    private Outcome needsWorker(RequestContext context, Question question, NeedsWorkerException e) {
        if (!mayBlock || question != atOnce) {
            return failed(context, e);
        }
        return onWorkers ? Outcome.blocked() : Outcome.awaits(this);
    }

    private Outcome outcomeOf(RequestContext context, Throwable e) {
        if (e instanceof SipParseException malformed) {
            return Outcome.malformed(malformed);
        } else if (e instanceof MalformedHeaderException malformed) {
            return Outcome.malformed(malformed.defect()); // the sender's fault, not the stage's
        } else if (e instanceof TemporarilyUnavailableException unavailable) {
            log(context, e, " is temporarily unavailable");
            return Outcome.unavailable(unavailable);
        }
        return failed(context, e);
    }

    private Outcome failed(RequestContext context, Throwable e) {
        log(context, e, " failed");
        return Outcome.respond(StatusCode.SERVER_INTERNAL_ERROR);
    }

    private void log(RequestContext context, Throwable e, String how) {
        SipRequest request = context.received();
        LogContext.set(request);
        try {
            if (isGivenUp(context)) { // in most cases because it was interrupted
                LOG.debug("stage {} failed, but its verdict is no longer needed", name, e);
                return;
            }
            context.failure("stage " + name + how);
            host.failed(request.method().name(), e);
        } finally {
            LogContext.clear();
        }
    }

    /** Returns true if the verdict came too late, the client has cancelled, or the proxy closes. */
    private static boolean isGivenUp(RequestContext context) {
        ServerTransaction transaction = context.transaction();
        return context.patience().isGivenUp() || (transaction != null && !transaction.isPending());
    }

    @Override
    public String toString() {
        return name;
    }
}
