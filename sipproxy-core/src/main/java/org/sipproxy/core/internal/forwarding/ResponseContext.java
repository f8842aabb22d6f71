package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.ClientTransactionUser;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transport.TransportFlow;
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
 * <p>When the final response has been sent, nothing references the context any more: only the call's transactions
 * remain.
 */
final class ResponseContext implements ServerTransaction.CancelHandler {

    /** RFC 3326 §2: prevents the other phones from showing a missed call. */
    private static final byte[] COMPLETED_ELSEWHERE =
            "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n".getBytes(StandardCharsets.US_ASCII);

    final RequestForwarder forwarder;
    final RequestContext context;
    final ServerTransaction server;
    final long loopHash;
    private final List<Target> all;
    private final Deque<List<Target>> groups = new ArrayDeque<>(2);
    private final List<Branch> branches = new ArrayList<>(2);
    private final BestResponse best = new BestResponse();
    /** The part of Max-Breadth that is not assigned to a branch yet. */
    private int unsharedBreadth;

    private int open;
    private boolean starting;
    private boolean cancelled;
    private boolean succeeded;
    private boolean finished;

    ResponseContext(
            RequestForwarder forwarder,
            RequestContext context,
            ServerTransaction server,
            List<Target> targets,
            long loopHash,
            int breadth) {
        this.forwarder = forwarder;
        this.context = context;
        this.server = server;
        this.loopHash = loopHash;
        this.all = targets;
        this.unsharedBreadth = breadth;
        group(targets);
    }

    /** Targets of equal q are tried in parallel; those with a lower q are tried when those have failed (§16.6). */
    private void group(List<Target> targets) {
        if (targets.size() == 1) {
            groups.add(targets);
            return;
        }
        List<Target> ordered = new ArrayList<>(targets);
        ordered.sort(Comparator.comparing(Target::q).reversed());
        List<Target> group = new ArrayList<>();
        for (Target target : ordered) {
            if (!group.isEmpty() && group.get(0).q() != target.q()) {
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
                forkNext();
            }
        }
    }

    /**
     * Returns the next branch's share of the incoming Max-Breadth. All branches share it, including those tried later.
     * RFC 5393 §5.3.3.2 requires that only for concurrent branches, but then two proxies that name each other could
     * search without end.
     */
    private int breadth() {
        int left = all.size() - branches.size();
        int share = left <= 1 ? unsharedBreadth : unsharedBreadth / left;
        unsharedBreadth -= share;
        return share;
    }

    /** Forks to the next group of targets that starts at least one branch, or finishes. */
    private void forkNext() {
        starting = true;
        while (open == 0 && !succeeded && !groups.isEmpty()) {
            List<Target> group = groups.remove();
            if (group.get(0).substitute()) {
                best.forget(); // a rejection would have removed the fallback targets
            }
            for (Target target : group) {
                Branch branch = new Branch(this, target, breadth());
                branches.add(branch);
                open++;
                branch.begin(); // forks an INVITE
            }
        }
        starting = false;
        if (open == 0) {
            finish();
        } else {
            sent();
        }
    }

    /** Called when a branch has sent the request. The body is released once no branch can have to send it again. */
    void sent() {
        if (!starting && groups.isEmpty() && context.hasLargeBody() && !mayBeSentAgain()) {
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

    // // ---- events from the branches

    void provisional(SipResponse response, TransportFlow from, Target target) {
        // a 100 is hop by hop (§16.7 step 5); a non-INVITE request gets no other provisional (RFC 4320 §4.2)
        if (response.statusCode() > 100 && isInvite() && !finished) {
            byte[] wire = forwardable(response, from, target);
            if (wire != null) {
                server.respond(response.statusCode(), wire);
            }
        }
    }

    /** Handles a 2xx: it goes upstream at once, and an INVITE's other branches are cancelled (§16.7 steps 5 and 10). */
    void success(SipResponse response, TransportFlow from, Target target) {
        String defect = isInvite() ? DialogResponse.defect(response) : null;
        if (defect != null) {
            failure(StatusCode.BAD_GATEWAY, defect);
            return;
        }
        expectAck(response);
        byte[] wire = forwardable(response, from, target);
        if (wire == null) {
            failure(
                    StatusCode.SERVER_INTERNAL_ERROR,
                    "the response has only the Via of this proxy"); // otherwise the client never gets a final response
            return;
        }
        boolean sent = server.respond(response.statusCode(), wire) && !finished;
        open--;
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

    /** Handles a final failure received from downstream. */
    void failure(SipResponse response, TransportFlow from) {
        if (response.statusCode() == StatusCode.REQUEST_TIMEOUT && !isInvite()) {
            best.offerSilence("the target responded 408"); // RFC 4320 §4.2: counts as no response
        } else {
            best.offer(response, from);
            server.keepsMore(response.index().length());
        }
        if (!leavesToASubstitute(response.statusCode())) {
            groups.removeIf(group -> group.get(0).substitute());
        }
        if (response.statusCode() >= 600) {
            groups.clear(); // §16.7 step 5: a 6xx ends the search
            cancelOpenBranches(
                    ("Reason: SIP;cause=" + response.statusCode() + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }
        branchEnded();
    }

    /** The target failed (408, 430, 5xx): try a fallback, which would only repeat any other failure. */
    private static boolean leavesToASubstitute(int status) {
        return status / 100 == 5
                || status == StatusCode.REQUEST_TIMEOUT
                || status == 430; // RFC 5626 §11.5: Flow Failed
    }

    /**
     * Handles the end of a branch without a response from downstream, with a locally generated status.
     *
     * @param why which hop failed and how, for the log
     */
    void failure(int statusCode, String why) {
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
        cancelOpenBranches(reasonLine);
    }

    @Override
    public void shutdown() {
        finished = true;
        groups.clear();
        cancelOpenBranches(null);
        byte[] wire = forwarder.replies.write(context, StatusCode.SERVICE_UNAVAILABLE);
        if (server.respond(StatusCode.SERVICE_UNAVAILABLE, wire)) {
            completed(StatusCode.SERVICE_UNAVAILABLE, wire);
        }
    }

    private void cancelOpenBranches(byte @Nullable [] reasonLine) {
        if (isInvite()) {
            for (Branch branch : List.copyOf(branches)) {
                branch.cancel(reasonLine);
            }
        }
    }

    // // ---- the final response

    /**
     * Returns the response's bytes as they go upstream; null if there is no other Via, so that it was meant for this
     * proxy (§16.7 step 3).
     */
    private byte @Nullable [] forwardable(SipResponse response, TransportFlow from, Target target) {
        try {
            byte[] wire = ResponseRewriter.withoutTopVia(response, server.path().isReliable());
            return forwarder.edited(wire, from, target);
        } catch (SipParseException e) {
            return null;
        }
    }

    /** Notifies the host's listeners of the final response. Called when nothing else is left to do. */
    private void completed(int status, byte[] wire) {
        forwarder.completions.completed(context, status, wire, all);
    }

    private void finish() {
        if (finished) {
            return;
        }
        finished = true;
        SipResponse response = best.response();
        TransportFlow from = best.from();
        if (response == null || from == null) {
            respondWithOwn();
            return;
        }
        byte[] wire;
        try {
            wire = forwarder.edited(
                    ResponseRewriter.best(
                            response, best.otherChallenges(), server.path().isReliable()),
                    from);
        } catch (SipParseException e) {
            best.offerGenerated(
                    StatusCode.SERVER_INTERNAL_ERROR, "the response cannot be forwarded: " + e.getMessage());
            respondWithOwn();
            return;
        }
        int status = response.statusCode() == StatusCode.SERVICE_UNAVAILABLE
                ? StatusCode.SERVER_INTERNAL_ERROR
                : response.statusCode();
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
            context.failure(best.why());
        }
        if (status == StatusCode.REQUEST_TIMEOUT && !isInvite()) {
            server.abandon(); // RFC 4320 §4.1: the client has timed out too, and a 408 would only do harm
            forwarder.completions.completed(context, status, forwarder.replies.write(context, status), all);
        } else {
            refuse(status);
        }
    }

    /**
     * A locally generated failure is not retransmitted to an unproven sender, as in {@link ServerTransaction#refuse}.
     */
    private void refuse(int status) {
        byte[] wire = forwarder.replies.write(context, status);
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
