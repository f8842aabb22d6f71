package org.sipproxy.core.internal.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.core.internal.registrar.Registrar;
import org.sipproxy.core.internal.registrar.RegistrarReply;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transaction.Branches;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps that decide about a request, in their order. {@link #RequestPipeline the constructor} is the one place that says
 * what runs before what.
 */
public final class RequestPipeline {

    private static final Logger LOG = LoggerFactory.getLogger(RequestPipeline.class);

    /** The parts that a host assembled. */
    public record Parts(
            Branches branches,
            @Nullable Authentication authentication,
            Registrar registrar,
            LocationStore store,
            List<RequestStage> beforeAuthentication,
            List<RequestStage> beforeRouting,
            List<RequestStage> beforeForwarding) {}

    private final LogThrottle failures = new LogThrottle();
    private final Step[] steps;
    private final Step[] beforeForwarding;
    private final boolean mayBlock;
    private final boolean hasHostSteps;

    public RequestPipeline(Parts parts) {
        Authentication authentication = parts.authentication();
        KnownUsers knownUsers = authentication == null ? (user, domain) -> false : authentication::isKnownUser;

        List<Step> order = new ArrayList<>();
        // a malformed request never gets here: MessageSanity has answered it (§16.3 step 1)
        order.add(new CheckMaxForwards()); //                     §16.3 step 3: 483
        order.add(new DetectLoop(parts.branches())); //           §16.3 step 4: 482
        order.add(new CheckProxyRequire()); //                    §16.3 step 5: 420
        order.add(new AnswerOptions()); //                        §11: 200
        order.add(new PreprocessRoute()); //                      §16.4: in-dialog requests leave here
        parts.beforeAuthentication().forEach(stage -> order.add(new HostStep(stage)));
        if (authentication != null) {
            HostStep authenticate = new HostStep(authentication);
            order.add(context ->
                    isNeverChallenged(context) ? Outcome.proceed() : authenticate.run(context)); // §22: 401, 407
        }
        parts.beforeRouting().forEach(stage -> order.add(new HostStep(stage)));
        order.add(context -> register(parts.registrar(), context)); // §10.3
        order.add(new DetermineTargets(parts.store(), knownUsers, authentication != null)); // §16.5: 404, 480
        this.steps = order.toArray(new Step[0]);

        this.beforeForwarding =
                parts.beforeForwarding().stream().map(HostStep::new).toArray(Step[]::new);
        this.mayBlock = blocks(parts);
        this.hasHostSteps = !(parts.beforeAuthentication().isEmpty()
                && parts.beforeRouting().isEmpty()
                && parts.beforeForwarding().isEmpty());
    }

    private static boolean blocks(Parts parts) {
        List<RequestStage> stages = new ArrayList<>(parts.beforeAuthentication());
        stages.addAll(parts.beforeRouting());
        stages.addAll(parts.beforeForwarding());
        if (parts.authentication() != null) {
            stages.add(parts.authentication());
        }
        return parts.store().mayBlock() || stages.stream().anyMatch(RequestStage::mayBlock);
    }

    /** True if a step may wait for something, so that the pipeline has to run on a worker thread. */
    public boolean mayBlock() {
        return mayBlock;
    }

    /** True if a host's step may look at a request before it is decided, so that it must not see a retransmission. */
    public boolean hasHostSteps() {
        return hasHostSteps;
    }

    /** §22.1: an ACK cannot be challenged and a CANCEL must not be; both stand or fall with their INVITE. */
    private static boolean isNeverChallenged(RequestContext context) {
        Method method = context.request().method();
        return method == Method.ACK || method == Method.CANCEL;
    }

    private static Outcome register(Registrar registrar, RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        if (request.method() != Method.REGISTER
                || !context.remainingRoutes().isEmpty()
                || !context.isMyself(request.requestUri())) {
            return Outcome.proceed();
        }
        RegistrarReply reply = registrar.register(request, context.flow());
        return new Outcome.Reply(reply.statusCode(), reply.reason(), reply.headerLines());
    }

    /** Decides: the result is a reply, a relay or a discard, never proceed. */
    public Outcome run(RequestContext context) {
        try {
            Outcome outcome = first(steps, context);
            if (outcome instanceof Outcome.Relay relay && beforeForwarding.length > 0) {
                context.targets(relay.targets());
                Outcome last = first(beforeForwarding, context);
                return last == Outcome.proceed() ? outcome : last;
            }
            return outcome == Outcome.proceed() ? Outcome.reply(StatusCode.NOT_FOUND) : outcome;
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        } catch (RuntimeException e) {
            failures.error(LOG, "routing of " + context.request().method() + " failed", e);
            return Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR);
        }
    }

    private static Outcome first(Step[] steps, RequestContext context) throws SipParseException {
        for (Step step : steps) {
            Outcome outcome = step.run(context);
            if (outcome != Outcome.proceed()) {
                return outcome;
            }
        }
        return Outcome.proceed();
    }
}
