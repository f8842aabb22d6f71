package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transport.TransportFlow;
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

    /** The response to a request whose decision comes too late. */
    public static final Outcome.Respond TOO_LATE =
            Outcome.respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 5");

    /**
     * Parts from which the pipeline is assembled.
     *
     * @param connections accepted connections by number
     * @param points the listening points by the URI that names them in Record-Route
     * @param peers the other nodes of the cluster
     * @param connectionOf returns the connection over which a binding was registered, if it is known
     * @param dialogs the dialogs of the proxy itself
     * @param isExpectedAck true if an ACK belongs to a recently accepted INVITE
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
            PreprocessRoute.PeerRequests peers,
            @Nullable Authentication authentication,
            BooleanSupplier refusesOptions,
            Registrar registrar,
            LocationStore store,
            Function<Binding, @Nullable TransportFlow> connectionOf,
            TransferTargets dialogs,
            Predicate<SipRequest> isExpectedAck,
            boolean setsLogContext,
            List<RequestStage> atEntrance,
            List<RequestStage> beforeAuthentication,
            List<RequestStage> beforeRouting,
            List<RequestStage> onUnavailableUser,
            List<RequestStage> beforeForwarding) {}

    private final FailureLog failures = new FailureLog();
    private final FailureLog outages = new FailureLog(Duration.ofSeconds(30));
    private final BindingLookup lookup;
    /** All stages; those before forwarding are the last. */
    private final Stage[] stages;
    /** Index of the first stage that runs before forwarding. */
    private final int beforeForwarding;
    /** Number of leading stages that run at the entrance. */
    private final int atEntrance;
    /** Stages that a request relayed at the entrance still has to pass. None of them may block. */
    private final Stage[] relayedAtEntrance;

    /** Index of the first stage for an in-dialog request of this proxy: it follows its Route. */
    private final int inDialog;

    /** Index of the first stage for a request of the host application: it is routed only. */
    private final int routing;

    private final boolean mayBlock;
    private final boolean needsTransaction;

    public RequestPipeline(Parts parts) {
        Authentication authentication = parts.authentication();

        Stage maxForwards = new CheckMaxForwards();
        Stage loop = new DetectLoop(parts.branches());
        Stage proxyRequire = new CheckProxyRequire();
        Stage route = new PreprocessRoute(
                parts.signature(), parts.tokens(), parts.users(), parts.connections(), parts.points(), parts.peers());

        List<Stage> order = new ArrayList<>();
        parts.atEntrance().forEach(stage -> order.add(HostStage.of(stage, parts.setsLogContext())));
        this.atEntrance = order.size();
        this.relayedAtEntrance = new Stage[] {maxForwards, loop, proxyRequire, route};
        // a malformed request never gets here: MessageSanity has refused it (§16.3 step 1)
        order.add(maxForwards); //                                §16.3 step 3: 483
        order.add(loop); //                                       §16.3 step 4: 482
        order.add(proxyRequire); //                               §16.3 step 5: 420
        order.add(new AnswerOptions(parts.refusesOptions())); //                        §11: 200
        this.inDialog = order.size();
        order.add(route); //                                      §16.4
        order.add(new LocateRemoteTarget(parts.store(), parts.connectionOf())); // §12.2: in-dialog requests leave here
        order.add(new CheckAck(parts.isExpectedAck())); //        §22.1: an ACK without a dialog is dropped
        parts.beforeAuthentication().forEach(stage -> order.add(HostStage.of(stage, parts.setsLogContext())));
        if (authentication != null) {
            order.add(new Authenticate(authentication, parts.setsLogContext())); //       §22: 401, 407
        }
        order.add(new CompleteTransfer(parts.dialogs()));
        parts.beforeRouting().forEach(stage -> order.add(HostStage.of(stage, parts.setsLogContext())));
        order.add(new Register(parts.registrar(), parts.store())); // §10.3
        this.lookup = new BindingLookup(parts.store(), authentication != null);
        this.routing = order.size();
        order.add(new DetermineTargets(lookup, authentication != null)); // §16.5
        ClassifyUnavailableUser users = new ClassifyUnavailableUser(
                authentication,
                !parts.onUnavailableUser().isEmpty(),
                parts.registrar().connections()::wasCutOff);
        order.add(users);
        parts.onUnavailableUser().forEach(stage -> order.add(HostStage.of(stage, parts.setsLogContext())));
        order.add(new RejectUnavailableUser(users)); // 404, 480
        this.beforeForwarding = order.size();
        parts.beforeForwarding().forEach(stage -> order.add(HostStage.of(stage, parts.setsLogContext())));
        this.stages = order.toArray(new Stage[0]);
        this.needsTransaction = !hostStages(parts).stream().allMatch(RequestStage::isRepeatable);
        this.mayBlock = parts.store().blocking() != LocationStore.Blocking.NEVER
                || (authentication != null && authentication.mayBlock());
    }

    /** Creates the pipeline that runs the same stages and records what they decide. */
    private RequestPipeline(RequestPipeline served) {
        this.lookup = served.lookup;
        this.stages = recorded(served.stages);
        this.beforeForwarding = served.beforeForwarding;
        this.atEntrance = served.atEntrance;
        this.relayedAtEntrance = recorded(served.relayedAtEntrance);
        this.inDialog = served.inDialog;
        this.routing = served.routing;
        this.mayBlock = served.mayBlock;
        this.needsTransaction = served.needsTransaction;
    }

    private static Stage[] recorded(Stage[] stages) {
        return Arrays.stream(stages).map(RehearsedStage::new).toArray(Stage[]::new);
    }

    /**
     * Returns a pipeline of the same stages for contexts with a {@link Rehearsal}. Only {@link #run} with {@code
     * mayWait} may be called.
     */
    public RequestPipeline rehearsed() {
        return new RequestPipeline(this);
    }

    /** Returns the stages of the host application and the components. */
    private static List<RequestStage> hostStages(Parts parts) {
        List<RequestStage> stages = new ArrayList<>(parts.atEntrance());
        stages.addAll(parts.beforeAuthentication());
        stages.addAll(parts.beforeRouting());
        stages.addAll(parts.onUnavailableUser());
        stages.addAll(parts.beforeForwarding());
        return stages;
    }

    /** Returns true if the location store or authentication may block, so that workers are needed. */
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
     * Runs the pipeline for a request of the host application, which is trusted. Only the stages that find the targets
     * run. The result is the same as that of {@link #run}.
     */
    public Outcome route(RequestContext context, boolean mayWait) {
        return routeFrom(routing, context, mayWait);
    }

    /**
     * Runs the pipeline for a request of this proxy within a dialog between two clients, from Route on, as for a
     * trusted sender. Stages run as for a request of a side of the dialog. The result is the same as that of
     * {@link #run}.
     */
    public Outcome routeInDialog(RequestContext context, boolean mayWait) {
        context.inDialogOfOthers();
        return routeFrom(inDialog, context, mayWait);
    }

    private Outcome routeFrom(int first, RequestContext context, boolean mayWait) {
        if (context.nextStage() == 0) {
            context.nextStage(first);
        }
        return run(context, mayWait);
    }

    /**
     * Runs the pipeline. The result is a response, a relay or a discard; {@link Outcome#blocked()} if {@code mayWait}
     * is false and a part of the proxy would have to wait, and the next call resumes there; or {@link Outcome.Awaits}
     * for a stage whose outcome {@link #resume} gets.
     *
     * @param mayWait true on a worker
     */
    public Outcome run(RequestContext context, boolean mayWait) {
        context.lookup(lookup);
        return guarded(context, null, mayWait);
    }

    /**
     * Continues after a stage that {@link #run} did not run itself.
     *
     * @param ofStage the outcome of that stage
     */
    public Outcome resume(RequestContext context, Outcome ofStage) {
        return guarded(context, ofStage, false);
    }

    private Outcome guarded(RequestContext context, @Nullable Outcome ofStage, boolean mayWait) {
        try {
            return decide(context, ofStage, mayWait);
        } catch (SipParseException e) {
            return Outcome.malformed(e);
        } catch (TemporarilyUnavailableException e) {
            outages.warn(LOG, "routing of " + context.request().method() + " has to wait", e);
            return Outcome.unavailable(e);
        } catch (HostFailedException e) {
            return Outcome.respond(StatusCode.SERVER_INTERNAL_ERROR); // the guard has logged it
        } catch (Throwable e) { // an Error of a stage fails this request only
            failures.error(LOG, "routing of " + context.request().method() + " failed", e);
            return Outcome.respond(StatusCode.SERVER_INTERNAL_ERROR);
        }
    }

    private Outcome decide(RequestContext context, @Nullable Outcome ofStage, boolean mayWait)
            throws SipParseException {
        Outcome known = ofStage;
        int at = context.nextStage();
        while (at < stages.length) {
            Outcome outcome = known != null ? known : run(stages[at], context, mayWait);
            known = null;
            if (outcome == Outcome.proceed()) {
                at++;
            } else if (outcome == Outcome.blocked() || outcome instanceof Outcome.Awaits) {
                context.nextStage(at);
                return outcome;
            } else if (outcome instanceof Outcome.Relay relay) {
                if (relay.isToCallee()) {
                    context.plan(relay.plan()); // the remaining stages find the targets
                    at++;
                    continue;
                }
                Outcome refusal = at < atEntrance ? refusalOfRelayAtEntrance(context) : null;
                if (refusal != null) {
                    return refusal;
                }
                if (relay.plan() != null || stages[at].isOfHost()) {
                    context.plan(relay.plan());
                }
                context.relayTo(relay);
                at = Math.max(at + 1, beforeForwarding);
            } else {
                return outcome;
            }
        }
        // the request seemed to end at this proxy, so it passed CheckMaxForwards, but it is relayed
        return context.maxForwards() == 0
                ? Outcome.respond(StatusCode.TOO_MANY_HOPS)
                : new Outcome.Relay(context.targets(), context.plan(), context.unavailable());
    }

    private static Outcome run(Stage stage, RequestContext context, boolean mayWait) throws SipParseException {
        if (!mayWait) {
            return stage.runAtOnce(context);
        }
        return RequestDeadline.hasPassed() ? TOO_LATE : stage.run(context);
    }

    /**
     * A stage at the entrance has chosen the targets. The rules for every request that a proxy forwards (§16.3 steps 3
     * to 5, §16.4) still apply; only the targets, and whether the sender may use them, have been decided.
     */
    private @Nullable Outcome refusalOfRelayAtEntrance(RequestContext context) throws SipParseException {
        for (Stage stage : relayedAtEntrance) {
            if (stage.run(context) instanceof Outcome.Respond refusal
                    && refusal.statusCode() != StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST) {
                return refusal;
            }
        }
        return null;
    }
}
