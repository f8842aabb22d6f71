package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.MalformedHeaderException;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.internal.guard.HostCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A step that a host or an add-on wrote: whatever it throws ends in a 500 or 503 and one log line with its name. */
final class HostStep implements Step {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.core.stage");

    private final RequestStage stage;
    private final String name;
    private final HostCall host;

    HostStep(RequestStage stage) {
        this.stage = stage;
        this.name = stage.name();
        this.host = new HostCall(LOG, "stage " + name);
    }

    /** A stage that cannot say counts as one that may. */
    @Override
    public boolean mayBlock(RequestContext context) {
        try {
            return stage.mayBlock() && stage.mayBlock(context);
        } catch (Throwable e) {
            host.failed(e);
            return true;
        }
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        context.materialize();
        byte[] before = context.request().wire();
        Outcome outcome = decide(context);
        if (context.request().wire() != before) {
            context.edited(before);
        }
        return outcome;
    }

    private Outcome decide(RequestContext context) {
        try {
            @Nullable Verdict verdict = stage.handle(context);
            if (verdict == null) {
                throw new IllegalStateException("stage: " + name + " returned null for "
                        + context.request().method() + "; return Verdict.proceed() to pass the request on");
            }
            context.request().commitEdits();
            return Outcome.of(verdict);
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        } catch (MalformedHeaderException e) {
            return Outcome.malformed(e.defect()); // the sender's mistake, not the step's
        } catch (TemporarilyUnavailableException e) {
            host.failed(e);
            return Outcome.unavailable(e);
        } catch (Throwable e) { // whatever a host's step throws, an Error too, is that step's and this request's alone
            host.failed(context.received().method().name(), e);
            return Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR);
        }
    }
}
