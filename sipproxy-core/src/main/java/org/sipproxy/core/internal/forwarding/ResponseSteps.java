package org.sipproxy.core.internal.forwarding;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.ResponseStageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.guard.HostCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps, of the host and of components, that see responses before they are forwarded. */
public final class ResponseSteps {

    private static final Logger LOG = LoggerFactory.getLogger(ResponseSteps.class);
    private static final Logger STAGES = LoggerFactory.getLogger("org.sipproxy.core.stage");

    /** What was received within the limits may have grown by what we added. */
    private static final ParseLimits OWN_LIMITS = new ParseLimits(16_777_216, 1_048_576, 10_000, 10_000);

    /** A stage, and its guard under its name. */
    private record Guarded(ResponseStage stage, HostCall call) {}

    private final List<Guarded> stages;
    private final Predicate<SipUri> isMyself;

    public ResponseSteps(List<ResponseStage> stages, Predicate<SipUri> isMyself) {
        this.stages = stages.stream()
                .map(stage -> new Guarded(stage, new HostCall(STAGES, "response stage " + stage.name())))
                .toList();
        this.isMyself = isMyself;
    }

    /**
     * The response's bytes after the steps have seen it.
     *
     * @param sentTo where its request went, if that is still known
     */
    byte[] edited(byte[] wire, Flow from, @Nullable Target sentTo) {
        if (stages.isEmpty()) {
            return wire;
        }
        try {
            SipResponse response = response(wire);
            for (Guarded stage : stages) {
                byte[] before = response.wire();
                if (!run(stage, new Context(response, from, sentTo, isMyself))) {
                    response = response(before); // half an edit is worse than none
                }
            }
            return response.wire();
        } catch (SipParseException e) {
            LOG.debug("response not shown to the steps: {}", e.getMessage());
            return wire;
        }
    }

    private static SipResponse response(byte[] wire) throws SipParseException {
        if (SipMessage.parse(wire, OWN_LIMITS) instanceof SipResponse response) {
            return response;
        }
        throw new SipParseException(StatusCode.SERVER_INTERNAL_ERROR, "not a response");
    }

    private static boolean run(Guarded guarded, Context context) {
        try {
            guarded.stage().handle(context);
            context.response().commitEdits();
            return true;
        } catch (Throwable e) {
            guarded.call().failed(e);
            return false;
        }
    }

    private record Context(
            SipResponse response, Flow flow, @Nullable Target sentTo, Predicate<SipUri> own)
            implements ResponseStageContext {

        @Override
        public Optional<Target> target() {
            return Optional.ofNullable(sentTo);
        }

        @Override
        public boolean isMyself(SipUri uri) {
            return own.test(uri);
        }
    }
}
