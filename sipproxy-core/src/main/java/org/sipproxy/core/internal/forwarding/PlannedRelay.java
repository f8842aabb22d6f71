package org.sipproxy.core.internal.forwarding;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;

/**
 * Progress of a request through a {@link RelayPlan}: the group that is tried, its ring time, the results, and the
 * reaction to its failure. All methods run under the lock of the server transaction; the host's failure stages run
 * without it, on threads of their own.
 */
final class PlannedRelay {

    private static final Logger LOG = PlanFailures.LOG;

    /** A failure stage may relay again and again; each target costs messages. */
    private static final int MOST_TARGETS = 100;

    /** Headers that an edit must not change. */
    private static final List<HeaderName> KEPT = List.of(
            HeaderName.VIA,
            HeaderName.ROUTE,
            HeaderName.RECORD_ROUTE,
            HeaderName.MAX_FORWARDS,
            HeaderName.MAX_BREADTH,
            HeaderName.CALL_ID,
            HeaderName.CSEQ);

    private final ResponseContext parent;
    private RelayPlan plan;
    private final Redirections redirections;
    private final List<BranchResult> results = new ArrayList<>(4);
    /** Index in {@link #results} of the first result of the current group. */
    private int groupStart;

    private int targets;
    /** What has failed, in the words of a failure stage; empty if none has noted it. */
    private volatile String explanation = "";
    /** True if a 6xx has ended the search of the current group. */
    private boolean declined;

    private @Nullable GroupTimer ringing;
    private @Nullable GroupTimer listening;
    private @Nullable Decision deciding;
    /** Challenges of the current group that a rule may answer. */
    private final List<Challenge> challenges = new ArrayList<>(0);

    private record Challenge(SipResponse response, TransportFlow from) {}

    PlannedRelay(ResponseContext parent, RelayPlan plan) {
        this.parent = parent;
        this.plan = plan;
        this.redirections = new Redirections(parent.context);
        this.targets = plan.targets().size();
    }

    // ---- the current group

    /** Starts the time limits of the group. */
    void begin() {
        stopTimers();
        plan.ringTime().ifPresent(limit -> {
            ringing = new GroupTimer(parent::ringTimeExpired);
            parent.forwarder.table.schedule(ringing, limit.toNanos());
        });
        plan.silenceLimit().ifPresent(limit -> {
            listening = new GroupTimer(parent::silenceLimitExpired);
            parent.forwarder.table.schedule(listening, limit.toNanos());
        });
    }

    /** Ends the time limits of the group. */
    void stopTimers() {
        stop(ringing);
        stop(listening);
        ringing = null;
        listening = null;
    }

    private void stop(@Nullable GroupTimer timer) {
        if (timer != null) {
            parent.forwarder.table.cancel(timer);
        }
    }

    private final class GroupTimer extends Timer {

        private final Runnable expired;

        GroupTimer(Runnable expired) {
            this.expired = expired;
        }

        @Override
        protected void fire() {
            synchronized (parent.server) {
                if (ringing == this || listening == this) {
                    expired.run();
                }
            }
        }
    }

    /** Returns true if a target may be tried after the current group, so that the request is kept. */
    boolean maySendMore() {
        return deciding != null || !plan.rules().isEmpty() || plan.followsRedirects();
    }

    /**
     * Returns the request for one branch.
     *
     * @throws BranchEditException if the host's edit failed; that has been logged
     */
    SipRequest edited(SipRequest request, Target target) throws BranchEditException {
        BranchEdit edit = plan.branchEdit().orElse(null);
        if (edit == null) {
            return request;
        }
        try {
            SipRequest edited = edit.edit(request, target);
            if (edited == null) {
                throw new IllegalStateException("edit: returned null; return the request for no change");
            }
            requireSameTransaction(request, edited);
            return edited;
        } catch (Throwable e) {
            parent.forwarder.planFailures.edits.failed(request.method().name(), e);
            throw new BranchEditException();
        }
    }

    /** Rejects an edit after which responses would no longer belong to the request, or a loop would not end. */
    private static void requireSameTransaction(SipRequest before, SipRequest after) throws SipParseException {
        if (before == after) {
            return;
        }
        if (!before.method().equals(after.method())) {
            throw new IllegalStateException("edit: changed the method to " + after.method());
        }
        for (HeaderName name : KEPT) {
            if (!before.headers(name).equals(after.headers(name))) {
                throw new IllegalStateException("edit: changed " + name + ", which the proxy writes or which identifies"
                        + " the dialog; for a Route use Target.routes()");
            }
        }
        if (!before.from().parameter("tag").equals(after.from().parameter("tag"))
                || !before.to().parameter("tag").equals(after.to().parameter("tag"))) {
            throw new IllegalStateException("edit: changed the tag of From or To, which identifies the dialog");
        }
    }

    /** The host's edit of a branch failed. */
    static final class BranchEditException extends Exception {
        static final String TEXT = "the edit of the branch failed";
        private static final long serialVersionUID = 1L;

        BranchEditException() {
            super(TEXT, null, false, false);
        }
    }

    void failed(BranchResult result) {
        results.add(result);
    }

    /** Takes over the Contacts of a 3xx. Returns false if none of them can be followed. */
    boolean redirected(SipResponse response, Target from) {
        return plan.followsRedirects() && !declined && redirections.offer(response, from, parent.targets());
    }

    /** Notes that a 6xx has ended the search of the current group: its redirections are not followed. */
    void declined() {
        declined = true;
        redirections.forget();
    }

    /**
     * Holds back a challenge that a rule of the plan is for. If the plan continues after it, the challenge is not
     * passed on: the caller could not use it. Returns false if there is no such rule.
     */
    boolean holdsBack(SipResponse response, TransportFlow from) {
        int status = response.statusCode();
        if (FailureCause.ofStatus(status) != FailureCause.CHALLENGED
                || plan.reactionTo(FailureCause.CHALLENGED, status).isEmpty()) {
            return false;
        }
        challenges.add(new Challenge(response, from));
        return true;
    }

    /** Adds the challenges to which no rule has reacted to the responses that may be forwarded. */
    void releaseChallenges(BestResponse best) {
        challenges.forEach(challenge -> best.offer(challenge.response(), challenge.from()));
        challenges.clear();
    }

    // ---- the end of the current group

    /**
     * Called when all targets of the group have failed. Returns false if the best response is to be forwarded;
     * otherwise the plan continues, now or later.
     */
    boolean goesOn() {
        if (deciding != null) {
            return true;
        }
        if (redirections.isPending()) {
            return followRedirections();
        }
        List<Redirections.Refused> loops = redirections.takeLoops();
        if (results.size() == groupStart) {
            loops.forEach(parent::offerLoop);
        }
        BranchResult best = bestOfGroup();
        return best != null && react(best.cause(), best.statusCode());
    }

    /** Reacts to the failure of the current group. */
    boolean react(FailureCause cause, int statusCode) {
        stopTimers();
        RelayPlan.Reaction reaction = plan.reactionTo(cause, statusCode).orElse(null);
        if (reaction instanceof RelayPlan.Reaction.Relay relay) {
            return relay(relay.plan());
        } else if (reaction instanceof RelayPlan.Reaction.Respond respond) {
            parent.respond((Outcome.Respond) Outcome.of(respond.response()));
            return true;
        } else if (reaction instanceof RelayPlan.Reaction.Decide decide) {
            decide(decide.stage(), cause, statusCode);
            return true;
        }
        return false;
    }

    private boolean relay(RelayPlan next) {
        plan = next;
        groupStart = results.size();
        declined = false;
        targets += Math.max(1, next.targets().size()); // a failure stage may relay to nothing forever
        if (targets > MOST_TARGETS) {
            LogPace limits = parent.forwarder.planFailures.limits;
            if (limits.isDue()) {
                LOG.warn(
                        "plans had more than {} targets for one request; the best response so far is forwarded ({} more"
                                + " since the last such line)",
                        MOST_TARGETS,
                        limits.takeOmitted());
            }
            return false;
        }
        challenges.clear();
        if (next.targets().isEmpty()) {
            int status = StatusCode.TEMPORARILY_UNAVAILABLE;
            parent.offer(status, "the plan has no target");
            return react(FailureCause.NOT_REGISTERED, status);
        }
        parent.fork(List.of(next.targets()));
        return true;
    }

    /** Returns the group's result that would be forwarded: the best received one, otherwise the best generated one. */
    private @Nullable BranchResult bestOfGroup() {
        BranchResult best = null;
        for (BranchResult result : results.subList(groupStart, results.size())) {
            if (best == null || rank(result) < rank(best)) {
                best = result;
            }
        }
        return best;
    }

    private static int rank(BranchResult result) {
        return BestResponse.rank(result.statusCode(), result.response().isPresent());
    }

    // ---- redirections

    private boolean followRedirections() {
        try {
            return follow(redirections.targets());
        } catch (NeedsWorkerException e) {
            Decision waiting = new Decision();
            deciding = waiting;
            return waiting.runs(() -> {
                List<List<Target>> found = redirections.targets();
                return () -> continueWith(follow(found));
            });
        }
    }

    /** Tries the targets of redirections, one group after another; without any, the 3xx itself counts. */
    private boolean follow(List<List<Target>> found) {
        if (found.isEmpty()) {
            offerRefused();
            return goesOn();
        }
        redirections.forget();
        parent.fork(found);
        return true;
    }

    private void offerRefused() {
        for (Redirections.Refused refused : redirections.takeRefused()) {
            parent.offer(refused);
        }
    }

    /** Forwards the best response, a 3xx included whose Contacts could not be looked up. */
    private void finish() {
        offerRefused();
        parent.finish();
    }

    // ---- decisions of the host

    private void decide(FailureStage stage, FailureCause cause, int statusCode) {
        Context context = new Context(cause, statusCode, bestOfGroup());
        Decision decision = new Decision();
        deciding = decision;
        decision.stage = stage;
        decision.runs(() -> {
            Verdict verdict = ask(stage, context, decision);
            return () -> continueWith(apply(verdict));
        });
    }

    private @Nullable Verdict ask(FailureStage stage, FailureContext context, Decision decision) {
        try {
            Verdict verdict = stage.handle(context);
            if (verdict == null || verdict instanceof Verdict.Discard) {
                throw new IllegalStateException("returned " + verdict
                        + "; return Verdict.proceed() to forward the best response, respond, or relay");
            }
            if (verdict instanceof Verdict.Relay relay && relay.plan().isToCallee()) {
                throw new IllegalStateException(
                        "returned a plan with toCallee(); give targets, such as those of context.bindings(aor)");
            }
            return verdict;
        } catch (Throwable e) {
            if (decision.isNeeded()) {
                parent.forwarder.planFailures.stages.failed(
                        nameOf(stage) + " for " + context.request().method(), e);
            } else { // in most cases because it was interrupted
                LOG.debug("failure stage {} failed, but its verdict is no longer needed", nameOf(stage), e);
            }
            return null;
        }
    }

    private static String nameOf(FailureStage stage) {
        try {
            return stage.name();
        } catch (Throwable e) {
            return stage.getClass().getName();
        }
    }

    private boolean apply(@Nullable Verdict verdict) {
        if (verdict instanceof Verdict.Relay relay) {
            return relay(relay.plan());
        } else if (verdict instanceof Verdict.Respond) {
            parent.respond((Outcome.Respond) Outcome.of(verdict));
            return true;
        }
        return false;
    }

    private void continueWith(boolean goesOn) {
        if (!goesOn) {
            parent.finish();
        }
    }

    /** Returns why the request fails, as a failure stage has put it. */
    String explained(String why) {
        String what = explanation;
        return what.isEmpty() ? why : what + ": " + why;
    }

    /** Returns true while a failure stage decides or a look-up for a redirection is in progress. */
    boolean isDeciding() {
        return deciding != null;
    }

    /** Called when the decision is no longer needed. */
    void abort() {
        stopTimers();
        Decision pending = deciding;
        if (pending != null) {
            parent.forwarder.table.cancel(pending);
            pending.giveUp();
        }
    }

    /** Work on a thread that may wait. Its result is applied under the lock, unless it is late or no longer needed. */
    private interface Work {
        Runnable result();
    }

    private final class Decision extends Timer {

        /** A failure stage, which is interrupted when its verdict is no longer needed; null for a look-up. */
        private @Nullable FailureStage stage;
        /** The thread that does the work. Guarded by the lock of the server transaction. */
        private @Nullable Thread thread;

        /** Returns false if no thread accepts the work; then the best response is to be forwarded. */
        boolean runs(Work work) {
            Duration limit = parent.forwarder.waitLimit;
            parent.forwarder.table.schedule(this, limit.toNanos());
            boolean accepted = parent.forwarder.threads.execute(() -> apply(work));
            if (!accepted) {
                parent.forwarder.table.cancel(this);
                deciding = null;
                finish();
            }
            return accepted;
        }

        private void apply(Work work) {
            synchronized (parent.server) {
                if (deciding != this) {
                    return; // no longer needed
                }
                thread = Thread.currentThread();
            }
            Runnable result;
            try {
                result = parent.context.patience().waiting(work::result);
            } catch (Throwable e) {
                parent.forwarder.planFailures.lookups.warn(
                        LOG, "look-up of a redirection failed; the best response is forwarded", e);
                result = PlannedRelay.this::finish;
            }
            synchronized (parent.server) {
                thread = null;
                if (deciding == this) {
                    parent.forwarder.table.cancel(this);
                    deciding = null;
                    result.run();
                } else if (stage != null) {
                    Thread.interrupted(); // an interrupt was for the stage, not for the next task of the thread
                }
            }
        }

        boolean isNeeded() {
            synchronized (parent.server) {
                return deciding == this;
            }
        }

        private String what() {
            FailureStage late = stage;
            return late == null ? "the look-up of a redirection" : "failure stage " + nameOf(late);
        }

        /** Ends the wait for the result. The caller holds the lock. */
        private void giveUp() {
            deciding = null;
            Thread busy = thread;
            if (stage != null && busy != null) {
                busy.interrupt();
            }
        }

        @Override
        protected void fire() {
            synchronized (parent.server) {
                if (deciding == this) {
                    giveUp();
                    LogPace pace = parent.forwarder.planFailures.lateStages;
                    if (pace.isDue()) {
                        LOG.warn(
                                "{} took longer than {} ms; the best response is forwarded ({} more since the last such"
                                        + " line)",
                                what(),
                                parent.forwarder.waitLimit.toMillis(),
                                pace.takeOmitted());
                    }
                    finish();
                }
            }
        }
    }

    /** View of the relay for a failure stage. */
    private final class Context implements FailureContext {

        private final FailureCause cause;
        private final int statusCode;
        private final @Nullable BranchResult best;
        private final List<BranchResult> all = List.copyOf(results);

        Context(FailureCause cause, int statusCode, @Nullable BranchResult best) {
            this.cause = cause;
            this.statusCode = statusCode;
            this.best = best;
        }

        @Override
        public SipRequest request() {
            return parent.context.request();
        }

        @Override
        public Flow flow() {
            return parent.context.flow();
        }

        @Override
        public Optional<String> authenticatedUser() {
            return parent.context.authenticatedUser();
        }

        @Override
        public boolean isMyself(SipUri uri) {
            return parent.context.isMyself(uri);
        }

        @Override
        public Optional<Aor> aorOf(SipUri uri) {
            return parent.context.aorOf(uri);
        }

        @Override
        public FailureCause cause() {
            return cause;
        }

        @Override
        public int statusCode() {
            return statusCode;
        }

        @Override
        public Optional<SipResponse> response() {
            BranchResult result = best;
            return result == null ? Optional.empty() : result.response();
        }

        @Override
        public List<BranchResult> results() {
            return all;
        }

        @Override
        public List<Binding> bindings(Aor aor) {
            return parent.context.bindings(aor);
        }

        @Override
        public void explain(String what) {
            explanation = Objects.requireNonNull(what, "what");
        }
    }
}
