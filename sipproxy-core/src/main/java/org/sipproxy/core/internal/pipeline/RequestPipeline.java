package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.guard.HostFailedException;
import org.sipproxy.core.internal.registrar.Registrar;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stages that decide about a request, in order. {@link #RequestPipeline The constructor} is the only place that
 * defines the order.
 */
public final class RequestPipeline {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final Outcome TOO_LATE =
            Outcome.reply(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 5");

    /**
     * Parts from which the pipeline is assembled.
     *
     * @param connections accepted connections by number
     * @param points the listening points by the URI that names them in Record-Route
     * @param connectionOf returns the connection over which a binding was registered, if it is known
     * @param isExpectedAck true if an ACK belongs to a recently accepted INVITE
     * @param revealsUsers true if strangers get 480 for a user without a binding
     * @param setsLogContext true if log lines of stages get the request's Call-ID and method
     * @param refusesOptions true while OPTIONS for the proxy get 503
     */
    public record Parts(
            Branches branches,
            RouteSignature signature,
            FlowTokens tokens,
            SealedUsers users,
            LongFunction<@Nullable TransportFlow> connections,
            Function<SipUri, @Nullable Endpoint> points,
            @Nullable Authentication authentication,
            boolean revealsUsers,
            BooleanSupplier refusesOptions,
            Registrar registrar,
            LocationStore store,
            Function<Binding, @Nullable TransportFlow> connectionOf,
            StrangerPolicy strangers,
            Predicate<SipRequest> isExpectedAck,
            boolean setsLogContext,
            List<RequestStage> atEntrance,
            List<RequestStage> beforeAuthentication,
            List<RequestStage> beforeRouting,
            List<RequestStage> beforeForwarding) {}

    private final LogThrottle failures = new LogThrottle();
    private final LogThrottle outages = new LogThrottle(Duration.ofSeconds(30));
    private final Stage[] steps;
    /** Number of leading stages that run at the entrance. */
    private final int atEntrance;
    /** Stages that a request relayed at the entrance still has to pass. None of them may block. */
    private final Stage[] relayedAtEntrance;

    private final Stage[] beforeForwarding;
    private final boolean mayBlock;
    private final boolean needsTransaction;

    public RequestPipeline(Parts parts) {
        Authentication authentication = parts.authentication();

        Stage maxForwards = new CheckMaxForwards();
        Stage loop = new DetectLoop(parts.branches());
        Stage proxyRequire = new CheckProxyRequire();
        Stage route = new PreprocessRoute(
                parts.signature(), parts.tokens(), parts.users(), parts.connections(), parts.points());

        List<Stage> order = new ArrayList<>();
        parts.atEntrance().forEach(stage -> order.add(new HostStage(stage, parts.setsLogContext())));
        this.atEntrance = order.size();
        this.relayedAtEntrance = new Stage[] {maxForwards, loop, proxyRequire, route};
        // a malformed request never gets here: MessageSanity has refused it (§16.3 step 1)
        order.add(maxForwards); //                                §16.3 step 3: 483
        order.add(loop); //                                       §16.3 step 4: 482
        order.add(proxyRequire); //                               §16.3 step 5: 420
        order.add(new AnswerOptions(parts.refusesOptions())); //                        §11: 200
        order.add(route); //                                      §16.4
        order.add(new LocateRemoteTarget(parts.store(), parts.connectionOf())); // §12.2: in-dialog requests leave here
        order.add(new CheckAck(parts.isExpectedAck())); //        §22.1: an ACK without a dialog is dropped
        parts.beforeAuthentication().forEach(stage -> order.add(new HostStage(stage, parts.setsLogContext())));
        if (authentication != null) {
            order.add(new Authenticate(authentication, parts.setsLogContext())); //       §22: 401, 407
        }
        parts.beforeRouting().forEach(stage -> order.add(new HostStage(stage, parts.setsLogContext())));
        order.add(new Register(parts.registrar(), parts.store())); // §10.3
        order.add(new DetermineTargets(parts.store(), authentication != null, parts.strangers())); // §16.5
        order.add(new RejectUnavailableUser(
                authentication, parts.revealsUsers(), parts.registrar().connections()::wasCutOff)); // 404, 480
        this.steps = order.toArray(new Stage[0]);

        this.beforeForwarding = parts.beforeForwarding().stream()
                .map(stage -> new HostStage(stage, parts.setsLogContext()))
                .toArray(Stage[]::new);
        List<RequestStage> stages = stages(parts);
        this.needsTransaction = !stages.stream().allMatch(RequestStage::isRepeatable);
        this.mayBlock = parts.store().blocking() != LocationStore.Blocking.NEVER
                || (authentication != null && authentication.mayBlock())
                || stages.stream().anyMatch(RequestStage::mayBlock);
    }

    /** Returns the stages of the host application and the components. */
    private static List<RequestStage> stages(Parts parts) {
        List<RequestStage> stages = new ArrayList<>(parts.atEntrance());
        stages.addAll(parts.beforeAuthentication());
        stages.addAll(parts.beforeRouting());
        stages.addAll(parts.beforeForwarding());
        return stages;
    }

    /** Returns true if a stage may block, so that workers are needed. */
    public boolean mayBlock() {
        return mayBlock;
    }

    /**
     * Returns true if a stage must not see a retransmission, so that a request needs its transaction before the
     * pipeline runs.
     */
    public boolean needsTransaction() {
        return needsTransaction;
    }

    /**
     * Runs the pipeline. The result is a response, a relay or a discard, or {@link Outcome#blocked()} if {@code mayWait}
     * is false and a stage would have to wait. The next call resumes at that stage.
     *
     * @param mayWait true on a worker
     */
    public Outcome run(RequestContext context, boolean mayWait) {
        try {
            return decide(context, mayWait);
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        } catch (TemporarilyUnavailableException e) {
            outages.warn(LOG, "routing of " + context.request().method() + " has to wait", e);
            return Outcome.unavailable(e);
        } catch (HostFailedException e) {
            return Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR); // the guard has logged it
        } catch (Throwable e) { // an Error of a stage fails this request only
            failures.error(LOG, "routing of " + context.request().method() + " failed", e);
            return Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR);
        }
    }

    private Outcome decide(RequestContext context, boolean mayWait) throws SipParseException {
        int at = context.nextStep();
        while (at < steps.length) {
            Outcome outcome = run(steps[at], context, mayWait);
            if (outcome == Outcome.blocked()) {
                context.nextStep(at);
                return outcome;
            }
            if (outcome instanceof Outcome.Relay relay) {
                Outcome refusal = at < atEntrance ? refusalOfRelayAtEntrance(context) : null;
                if (refusal != null) {
                    return refusal;
                }
                context.targets(relay.targets());
                at = steps.length;
            } else if (outcome != Outcome.proceed()) {
                return outcome;
            } else {
                at++;
            }
        }
        return beforeForwarding(context, at - steps.length, mayWait);
    }

    private static Outcome run(Stage step, RequestContext context, boolean mayWait) throws SipParseException {
        if (!mayWait) {
            return step.runAtOnce(context);
        }
        return RequestDeadline.hasPassed() ? TOO_LATE : step.run(context);
    }

    /**
     * A stage at the entrance has chosen the targets. The rules for every request that a proxy forwards (§16.3 steps 3
     * to 5, §16.4) still apply; only the targets, and whether the sender may use them, have been decided.
     */
    private @Nullable Outcome refusalOfRelayAtEntrance(RequestContext context) throws SipParseException {
        for (Stage step : relayedAtEntrance) {
            if (step.run(context) instanceof Outcome.Reply refusal
                    && refusal.statusCode() != StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST) {
                return refusal;
            }
        }
        return null;
    }

    /** Runs the last stages, whose indexes follow those of the others. */
    private Outcome beforeForwarding(RequestContext context, int from, boolean mayWait) throws SipParseException {
        for (int at = from; at < beforeForwarding.length; at++) {
            Outcome outcome = run(beforeForwarding[at], context, mayWait);
            if (outcome == Outcome.blocked()) {
                context.nextStep(steps.length + at);
                return outcome;
            }
            if (outcome instanceof Outcome.Relay relay) {
                context.targets(relay.targets()); // the next stage sees the result of this one
            } else if (outcome != Outcome.proceed()) {
                return outcome;
            }
        }
        // the request seemed to end at this proxy, so it passed CheckMaxForwards, but it is relayed
        return context.maxForwards() == 0 ? Outcome.reply(StatusCode.TOO_MANY_HOPS) : Outcome.relay(context.targets());
    }
}
