package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.LogContext;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.jain.MalformedHeaderException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stage of the host application or of an add-on. Anything it throws results in a 500 or 503 and one log line with its
 * name.
 */
final class HostStage implements Stage {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    private final RequestStage stage;
    private final String name;
    private final HostCall host;
    private final boolean mayBlock;
    private final Question always;
    private final Question atOnce;
    private final boolean setsLogContext;

    /** @param setsLogContext whether the stage's own log lines get the request's Call-ID and method */
    HostStage(RequestStage stage, boolean setsLogContext) {
        this.stage = stage;
        this.setsLogContext = setsLogContext;
        this.name = stage.name();
        this.host = new HostCall(LOG, "stage " + name);
        this.mayBlock = mayBlock();
        this.always = stage::handle;
        this.atOnce = mayBlock ? stage::handleAtOnce : always;
    }

    /** If {@code mayBlock()} throws, the stage is treated as blocking. */
    private boolean mayBlock() {
        try {
            return stage.mayBlock();
        } catch (Throwable e) {
            host.failed(e);
            return true;
        }
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        return run(context, always);
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return run(context, atOnce);
    }

    /** One of the two methods that run the stage. */
    private interface Question {
        @Nullable
        Verdict ask(StageContext context) throws Exception;
    }

    private Outcome run(RequestContext context, Question question) throws SipParseException {
        context.materialize();
        SipRequest before = context.request();
        Outcome outcome = decide(context, question);
        context.endOfStage(before);
        return outcome;
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
            return Outcome.of(verdict);
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        } catch (MalformedHeaderException e) {
            return Outcome.malformed(e.defect()); // the sender's fault, not the stage's
        } catch (NeedsWorkerException e) {
            return needsWorker(context, question, e);
        } catch (TemporarilyUnavailableException e) {
            tell(context, e);
            return Outcome.unavailable(e);
        } catch (Throwable e) { // anything a host's stage throws, an Error too, fails this request only
            return failed(context, e);
        }
    }

    private Outcome needsWorker(RequestContext context, Question question, NeedsWorkerException e) {
        return mayBlock && question == atOnce ? Outcome.blocked() : failed(context, e);
    }

    private Outcome failed(RequestContext context, Throwable e) {
        tell(context, e);
        return Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR);
    }

    private void tell(RequestContext context, Throwable e) {
        SipRequest request = context.received();
        LogContext.set(request);
        try {
            host.failed(request.method().name(), e);
        } finally {
            LogContext.clear();
        }
    }
}
