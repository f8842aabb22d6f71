package org.sipproxy.core.internal.forwarding;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import javax.sip.message.Response;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.ResponseStageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.jain.JainResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The stages of the host application and of components that see responses before they are forwarded. */
public final class ResponseStages {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    /** A message received within its limits may have grown by what this proxy added. */
    private static final ParseLimits OWN_LIMITS = ParseLimits.builder()
            .messageBytes(16_777_216)
            .headerLineBytes(1_048_576)
            .headers(10_000)
            .listElements(10_000)
            .build();

    /** A stage and the guard that carries its name. */
    private record Guarded(ResponseStage stage, HostCall call) {}

    private final List<Guarded> stages;
    private final Predicate<SipUri> isMyself;

    public ResponseStages(List<ResponseStage> stages, Predicate<SipUri> isMyself) {
        this.stages = stages.stream()
                .map(stage -> new Guarded(stage, new HostCall(LOG, "response stage " + stage.name())))
                .toList();
        this.isMyself = isMyself;
    }

    boolean isMyself(SipUri uri) {
        return isMyself.test(uri);
    }

    /**
     * Returns the response's bytes after the stages have run.
     *
     * @param whole the received response if {@link ResponseRewriter#withoutTopVia} made {@code wire} from it; null for
     *     other bytes
     * @param sentTo where its request was sent, if that is still known
     */
    byte[] edited(@Nullable SipResponse whole, byte[] wire, Flow from, @Nullable Target sentTo) {
        if (stages.isEmpty()) {
            return wire;
        }
        try {
            SipResponse received = response(whole, wire);
            SipResponse response = received;
            for (Guarded stage : stages) {
                response = run(stage, new Context(response, from, sentTo, isMyself));
            }
            return response == received ? wire : response.toBytes();
        } catch (SipParseException e) {
            LOG.debug("response not passed to the response stages: {}", e.getMessage());
            return wire;
        }
    }

    /** Returns the status code of a response. */
    static int statusCode(byte[] wire) {
        return 100 * (wire[8] - '0') + 10 * (wire[9] - '0') + wire[10] - '0'; // "SIP/2.0 486 …"
    }

    private static SipResponse response(@Nullable SipResponse whole, byte[] wire) throws SipParseException {
        int via = whole == null ? -1 : whole.firstHeader(HeaderName.VIA);
        // otherwise only a part of the line was removed, or a Content-Length was added: then fewer bytes are missing
        if (whole != null && via >= 0 && whole.index().length() - wire.length == lineLength(whole, via)) {
            return whole.withoutLine(via, wire, OWN_LIMITS);
        }
        if (SipMessage.parse(wire, OWN_LIMITS) instanceof SipResponse response) {
            return response;
        }
        throw new SipParseException(StatusCode.SERVER_INTERNAL_ERROR, "not a response");
    }

    private static int lineLength(SipResponse response, int line) {
        return response.index().lineEnd(line) - response.index().lineStart(line);
    }

    /**
     * Returns the response as the stage leaves it. If the stage fails, returns the original response, so that no
     * partial edit is used.
     */
    private static SipResponse run(Guarded guarded, Context context) {
        SipResponse before = context.response;
        try {
            guarded.stage().handle(context);
            SipResponse after = context.response();
            if (after.statusCode() != before.statusCode() && (before.statusCode() < 300 || after.statusCode() < 300)) {
                throw new IllegalStateException("changed " + before.statusCode() + " to " + after.statusCode()
                        + "; only a failure may be replaced, by another failure");
            }
            return after;
        } catch (Throwable e) {
            guarded.call().failed(e);
            return before;
        }
    }

    private static final class Context implements ResponseStageContext {

        private SipResponse response;
        private @Nullable View view;
        private final Flow flow;
        private final @Nullable Target sentTo;
        private final Predicate<SipUri> own;

        Context(SipResponse response, Flow flow, @Nullable Target sentTo, Predicate<SipUri> own) {
            this.response = response;
            this.flow = flow;
            this.sentTo = sentTo;
            this.own = own;
        }

        @Override
        public SipResponse response() {
            View edited = view;
            if (edited != null) {
                response = edited.response.message();
            }
            return response;
        }

        @Override
        public void replace(SipResponse edited) {
            response = Objects.requireNonNull(edited, "edited");
            view = null;
        }

        @Override
        public Response jain() {
            View current = view;
            if (current == null) {
                current = new View(JainResponse.of(response));
                view = current;
            }
            return current.asResponse();
        }

        @Override
        public Flow flow() {
            return flow;
        }

        @Override
        public Optional<Target> target() {
            return Optional.ofNullable(sentTo);
        }

        @Override
        public boolean isMyself(SipUri uri) {
            return own.test(uri);
        }
    }

    /** The javax.sip view. The verifier of this class loads javax.sip; that of the context must not. */
    private static final class View {

        private final JainResponse response;

        View(JainResponse response) {
            this.response = response;
        }

        Response asResponse() {
            return response;
        }
    }
}
