package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RelayProgress;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.ClientTransactionUser;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * One request and all the branches to which it was forked (RFC 3261 §16.7). Decides which responses go upstream, when
 * the next targets are tried, and what the final response is.
 *
 * <p>Everything happens under the lock of the server transaction. A response stage of the host application runs under
 * it too, so that responses keep their order; it cannot reach any transaction, so it cannot deadlock. Request listeners
 * are notified last, when the state has changed and the other branches are cancelled.
 *
 * <p>When the final response has been sent, nothing references the context: only the call's transactions remain.
 */
final class ResponseContext implements ServerTransaction.CancelHandler {

    /** RFC 3326 §2: prevents the other phones from showing a missed call. */
    private static final byte[] COMPLETED_ELSEWHERE =
            "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n".getBytes(StandardCharsets.US_ASCII);

    final RequestForwarder forwarder;
    final RequestContext context;
    final ServerTransaction server;
    final long loopHash;
    /** Every target so far. */
    private List<Target> all;
    /** Null if RFC 3261 §16.7 alone decides. */
    private final @Nullable PlannedRelay plan;
    /** Why there is no target; null if there is one. */
    private final Outcome.@Nullable Unavailable unavailable;

    private final Deque<List<Target>> groups = new ArrayDeque<>(2);
    private final List<Branch> branches = new ArrayList<>(2);
    private final BestResponse best = new BestResponse();
    /** The part of Max-Breadth that is not assigned to a branch yet. */
    private int unsharedBreadth;
    /** Most branches at a time (RFC 5393 §5.3.3.2). */
    private final int mostParallel;

    private int open;
    private boolean starting;
    private boolean cancelled;
    private boolean succeeded;
    private boolean finished;

    ResponseContext(
            RequestForwarder forwarder,
            RequestContext context,
            ServerTransaction server,
            Outcome.Relay relay,
            long loopHash,
            int breadth) {
        List<Target> targets = relay.targets();
        RelayPlan chosen = relay.plan();
        this.forwarder = forwarder;
        this.context = context;
        this.server = server;
        this.loopHash = loopHash;
        this.all = targets;
        this.unsharedBreadth = breadth;
        this.mostParallel = Math.max(1, breadth);
        this.plan = chosen == null ? null : new PlannedRelay(this, chosen);
        this.unavailable = relay.unavailable();
        group(targets);
    }

    private void group(List<Target> targets) {
        group(targets, mostParallel, groups);
    }

    /**
     * Adds groups of targets: those of equal q are tried in parallel, those with a lower q when those have failed
     * (§16.6).
     */
    static void group(List<Target> targets, int mostParallel, Collection<List<Target>> groups) {
        if (targets.size() < 2) {
            if (!targets.isEmpty()) {
                groups.add(targets);
            }
            return;
        }
        List<Target> ordered = new ArrayList<>(targets);
        ordered.sort(Comparator.comparing(Target::q).reversed());
        List<Target> group = new ArrayList<>();
        for (Target target : ordered) {
            if (!group.isEmpty() && (group.get(0).q() != target.q() || group.size() == mostParallel)) {
                groups.add(group);
                group = new ArrayList<>();
            }
            group.add(target);
        }
        groups.add(group);
    }

    /** Starts forking. Does nothing if the request has got its final response meanwhile, for example at shutdown. */
    void start() {
        synchronized (server) {
            if (server.isPending()) {
                server.onCancel(this);
                Outcome.Unavailable why = unavailable;
                if (why == null) {
                    beginGroup();
                } else if (!finished) {
                    best.offerGenerated(why.statusCode(), context.failure());
                    server.trying();
                    if (cancelled || plan == null || !plan.react(why.cause(), why.statusCode())) {
                        finish();
                    }
                }
            }
        }
    }

    private void beginGroup() {
        if (plan != null) {
            plan.begin();
        }
        forkNext();
    }

    /**
     * Forks to another group of targets of the plan: to the next list when the targets of the one before have failed.
     */
    void fork(List<List<Target>> serial) {
        all = new ArrayList<>(all);
        for (List<Target> targets : serial) {
            all.addAll(targets);
            group(targets);
        }
        beginGroup();
    }

    /**
     * Returns the next branch's share of the incoming Max-Breadth. All branches share it, including those tried later.
     * RFC 5393 §5.3.3.2 requires that only for concurrent branches, but then two proxies that name each other could
     * search without end.
     */
    private int breadth() {
        int left = all.size() - branches.size();
        int shares = plan != null && plan.maySendMore() ? left + 1 : left; // a plan may find more targets
        int share = shares <= 1 ? unsharedBreadth : unsharedBreadth / shares;
        unsharedBreadth -= share;
        return plan == null ? share : Math.max(1, share);
    }

    /** Forks to the next group of targets that starts at least one branch, or finishes. */
    private void forkNext() {
        starting = true;
        while (open == 0 && !succeeded && !groups.isEmpty()) {
            List<Target> group = groups.remove();
            for (Target target : group) {
                Branch branch = new Branch(this, plan, target, breadth());
                branches.add(branch);
                open++;
                branch.begin(); // forks an INVITE
            }
        }
        starting = false;
        if (open == 0) {
            groupFailed();
        } else {
            sent();
        }
    }

    private void groupFailed() {
        if (plan == null || cancelled || finished || !plan.goesOn()) {
            finish();
        }
    }

    /** Gives up the branches that ring, because the ring time of their group has expired. */
    void ringTimeExpired() {
        groups.clear();
        for (Branch branch : List.copyOf(branches)) {
            branch.giveUp("not answered in its ring time", FailureCause.NO_ANSWER);
        }
    }

    /** Gives up the branches that have not received any response. */
    void silenceLimitExpired() {
        for (Branch branch : List.copyOf(branches)) {
            if (branch.isSilent()) {
                branch.giveUp("no response in time", FailureCause.UNREACHABLE);
            }
        }
    }

    /** Called when a branch has sent the request. The body is released once no branch can have to send it again. */
    void sent() {
        if (!starting
                && groups.isEmpty()
                && context.hasLargeBody()
                && (plan == null || !plan.maySendMore())
                && !mayBeSentAgain()) {
            server.keepsMore(-context.releaseBody());
        }
    }

    private boolean mayBeSentAgain() {
        for (Branch branch : branches) {
            if (branch.maySendAgain()) {
                return true;
            }
        }
        return false;
    }

    boolean isInvite() {
        return context.isInvite();
    }

    /** Returns every target so far, including those that are tried later. */
    List<Target> targets() {
        return all;
    }

    // ---- events from the branches

    void provisional(SipResponse response, TransportFlow from, Target target) {
        // a 100 is hop by hop (§16.7 step 5); a non-INVITE request gets no other provisional (RFC 4320 §4.2)
        if (response.statusCode() > 100 && isInvite() && !finished) {
            byte[] wire = forwardable(response, from, target);
            if (wire != null) {
                RelayProgress progress = context.progress();
                if (progress != null) {
                    progress.provisional(context, target);
                }
                server.respond(response.statusCode(), wire);
            }
        }
    }

    /** Handles a 2xx: it goes upstream at once, and an INVITE's other branches are cancelled (§16.7 steps 5 and 10). */
    void success(Branch branch, SipResponse response, TransportFlow from) {
        String defect = isInvite() ? forwarder.defect(response) : MessageSanity.defect(response);
        byte[] wire = defect == null ? forwardable(response, from, branch.target()) : null;
        if (wire == null) {
            failure(
                    branch,
                    defect == null ? StatusCode.SERVER_INTERNAL_ERROR : StatusCode.BAD_GATEWAY,
                    defect == null ? "the response has only the Via of this proxy" : defect,
                    FailureCause.UNREACHABLE); // otherwise the client never gets a final response
            return;
        }
        accept(branch.target(), response, wire, from, true);
    }

    /** Handles a 2xx of a branch that was given up: it is forwarded, because the callee has accepted. */
    void lateSuccess(Branch branch, SipResponse response, TransportFlow from) {
        byte[] wire = forwarder.defect(response) == null ? forwardable(response, from, branch.target()) : null;
        if (wire != null) {
            accept(branch.target(), response, wire, from, false);
        }
    }

    private void accept(Target target, SipResponse response, byte[] wire, TransportFlow from, boolean wasOpen) {
        expectAck(response);
        RelayProgress progress = context.progress();
        if (progress != null && (!finished || succeeded)) {
            progress.accepted(context, wire, from, target);
        }
        // each 2xx of an INVITE begins a call of its own (RFC 3261 §13.3.1.4); other requests have one final response
        boolean sent = server.respond(response.statusCode(), wire) && (!finished || (succeeded && isInvite()));
        open -= wasOpen ? 1 : 0;
        if (plan != null) {
            plan.abort();
        }
        succeeded = true;
        finished = true;
        cancelOpenBranches(COMPLETED_ELSEWHERE);
        if (!isInvite()) {
            branches.forEach(branch -> open -= branch.leave() ? 1 : 0);
        }
        if (open == 0) {
            server.releaseRequest();
        }
        if (sent) {
            completed(response.statusCode(), wire);
        }
    }

    /** The client may send the ACK without the Route that its Route set requires. */
    private void expectAck(SipResponse response) {
        if (isInvite()) {
            try {
                forwarder.table.expectAck(TransactionKey.ofAck(context.received(), response));
            } catch (SipParseException e) {
                return; // a response that cannot be parsed is not forwarded either
            }
        }
    }

    /** Handles a final failure received from downstream. Of a malformed one, only the status is used. */
    void failure(Branch branch, SipResponse response, TransportFlow from) {
        String defect = MessageSanity.defect(response);
        if (defect != null) {
            int status = statusWithoutHeaders(response.statusCode());
            failure(branch, status, "the response is malformed: " + defect, FailureCause.ofStatus(status));
            return;
        }
        if (plan != null && response.statusCode() < 400 && plan.redirected(response, branch.target())) {
            branchEnded(); // its Contacts are tried when the group has failed
            return;
        }
        if (response.statusCode() == StatusCode.FLOW_FAILED
                && forwarder.completions.flowFailed(context, branch.target())) {
            failure(
                    branch,
                    StatusCode.TEMPORARILY_UNAVAILABLE,
                    "the node where the client registered has no flow to it",
                    FailureCause.UNREACHABLE);
            return;
        }
        note(branch.target(), FailureCause.ofStatus(response.statusCode()), branch.hasRung(), response);
        if (response.statusCode() == StatusCode.REQUEST_TIMEOUT && !isInvite()) {
            best.offerSilence("the target responded 408"); // RFC 4320 §4.2: counts as no response
        } else {
            if (plan == null || !plan.holdsBack(response, from)) {
                best.offer(response, from);
            }
            server.keepsMore(response.index().length());
        }
        if (response.statusCode() >= 600) {
            groups.clear(); // §16.7 step 5: a 6xx ends the search
            if (plan != null) {
                plan.declined();
            }
            cancelOpenBranches(
                    ("Reason: SIP;cause=" + response.statusCode() + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }
        branchEnded();
    }

    /** Returns a status that means something without the headers of its response. */
    private static int statusWithoutHeaders(int status) {
        return status < 400 || status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED
                ? StatusCode.BAD_GATEWAY
                : status;
    }

    /** Adds a 3xx that is not followed after all. */
    void offer(Redirections.Refused refused) {
        SipResponse response = refused.response();
        note(refused.target(), refused.cause(), false, response);
        best.offer(response, context.flow());
        server.keepsMore(response.index().length());
    }

    /** Adds a 3xx that names targets of the request only: forwarded if no other response is. */
    void offerLoop(Redirections.Refused loop) {
        SipResponse response = loop.response();
        note(loop.target(), loop.cause(), false, response);
        best.offerLoop(response, context.flow());
        server.keepsMore(response.index().length());
    }

    /** Adds a locally generated failure without a branch. */
    void offer(int statusCode, String why) {
        best.offerGenerated(statusCode, why);
    }

    private void note(Target target, FailureCause cause, boolean rang, SipResponse response) {
        if (plan != null) {
            plan.failed(new BranchResult(
                    target, cause, response.statusCode(), Optional.ofNullable(withoutTopVia(response)), rang));
        }
    }

    private @Nullable SipResponse withoutTopVia(SipResponse response) {
        try {
            byte[] wire = ResponseRewriter.withoutTopVia(response, server.path());
            return SipMessage.parse(wire, response.limits()) instanceof SipResponse edited ? edited : null;
        } catch (SipParseException e) {
            return null;
        }
    }

    /**
     * Handles the end of a branch without a response from downstream, with a locally generated status.
     *
     * @param why which hop failed and how, for the log
     */
    void failure(Branch branch, int statusCode, String why, FailureCause cause) {
        if (plan != null) {
            plan.failed(new BranchResult(branch.target(), cause, statusCode, Optional.empty(), branch.hasRung()));
        }
        if (statusCode == StatusCode.REQUEST_TIMEOUT && !isInvite()) {
            best.offerSilence(why);
        } else {
            best.offerGenerated(statusCode, why);
        }
        branchEnded();
    }

    private void branchEnded() {
        open--;
        if (open > 0 || starting) {
            return;
        }
        if (finished) {
            server.releaseRequest();
        } else {
            forkNext();
        }
    }

    // ---- CANCEL

    @Override
    public void cancelled(byte @Nullable [] reasonLine) {
        cancelled = true;
        groups.clear();
        boolean wasDeciding = plan != null && plan.isDeciding();
        if (plan != null) {
            plan.abort();
        }
        cancelOpenBranches(reasonLine);
        if (wasDeciding && !finished) {
            finished = true;
            respondWithOwn(); // no branch is left whose 487 would be forwarded
        }
    }

    @Override
    public void shutdown() {
        finished = true;
        groups.clear();
        if (plan != null) {
            plan.abort();
        }
        cancelOpenBranches(null);
        byte[] wire = forwarder.responses.write(context, StatusCode.SERVICE_UNAVAILABLE);
        if (server.respond(StatusCode.SERVICE_UNAVAILABLE, wire)) {
            completed(StatusCode.SERVICE_UNAVAILABLE, wire);
        }
    }

    @Override
    public void stopped() {
        finished = true;
        groups.clear();
        branches.forEach(Branch::stop);
    }

    private void cancelOpenBranches(byte @Nullable [] reasonLine) {
        if (isInvite()) {
            for (Branch branch : List.copyOf(branches)) {
                branch.cancel(reasonLine);
            }
        }
    }

    // ---- the final response

    /**
     * Returns the response's bytes as they go upstream; null if there is no other Via, so that it was meant for this
     * proxy (§16.7 step 3).
     */
    private byte @Nullable [] forwardable(SipResponse response, TransportFlow from, Target target) {
        try {
            byte[] wire = ResponseRewriter.withoutTopVia(response, server.path());
            return forwarder.edited(response, wire, from, target);
        } catch (SipParseException e) {
            return null;
        }
    }

    /** Notifies the host's listeners of the final response. Called when nothing else is left to do. */
    private void completed(int status, byte[] wire) {
        forwarder.completions.completed(context, status, wire, all);
    }

    void finish() {
        if (finished) {
            return;
        }
        finished = true;
        if (plan != null) {
            plan.abort();
            plan.releaseChallenges(best);
        }
        SipResponse response = best.response();
        TransportFlow from = best.from();
        if (response == null || from == null) {
            respondWithOwn();
            return;
        }
        byte[] wire;
        try {
            wire = forwarder.edited(ResponseRewriter.best(response, best.linesOfOthers(), server.path()), from);
        } catch (SipParseException e) {
            best.offerGenerated(
                    StatusCode.SERVER_INTERNAL_ERROR, "the response cannot be forwarded: " + e.getMessage());
            respondWithOwn();
            return;
        }
        int status = ResponseStages.statusCode(wire); // 500 instead of 503, or what a stage has made of it
        boolean sent = server.respond(status, wire);
        server.releaseRequest();
        if (sent) {
            completed(status, wire);
        }
    }

    private void respondWithOwn() {
        int status = best.generatedStatus();
        if (cancelled) {
            status = StatusCode.REQUEST_TERMINATED;
        } else if (status == 0) {
            status = StatusCode.SERVER_INTERNAL_ERROR;
        } else {
            context.failure(plan == null ? best.why() : plan.explained(best.why()));
        }
        if (status == StatusCode.REQUEST_TIMEOUT && !isInvite()) {
            server.abandon(); // RFC 4320 §4.1: the client has timed out too, and a 408 would only do harm
            forwarder.completions.completed(context, status, forwarder.responses.write(context, status), all);
        } else {
            refuse(status);
        }
    }

    /** Sends a response of the host application instead of the best one. */
    void respond(Outcome.Respond response) {
        if (finished) {
            return;
        }
        finished = true;
        byte[] wire = forwarder.localResponse(context, response);
        int status = response.statusCode();
        boolean sent = status < 300 || context.isProven() ? server.respond(status, wire) : server.refuse(status, wire);
        server.releaseRequest();
        if (sent) {
            completed(status, wire);
        }
    }

    /**
     * A locally generated failure is not retransmitted to an unproven sender, as in {@link ServerTransaction#refuse}.
     */
    private void refuse(int status) {
        byte[] wire = forwarder.responses.write(context, status);
        boolean sent = context.isProven() ? server.respond(status, wire) : server.refuse(status, wire);
        server.releaseRequest();
        if (sent) {
            completed(status, wire);
        }
    }

    /** Returns the handler of further 2xx of an INVITE branch once the context is released. */
    ClientTransactionUser lateSuccesses(TransportFlow from, Target target) {
        return new LateAnswers(server, forwarder, from, target);
    }
}
