package org.sipproxy.gateway;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * One request on its way over the members of a set. It decides after each failure which member is next, so that a
 * member that has gone down meanwhile is not tried.
 */
final class Failover implements FailureStage {

    /** Receiver of the results of the members. */
    interface Watch {
        /** Called before the request is sent to a member. */
        void sending(SipRequest request, Member member) throws SipParseException;

        /** Called if it could not be sent, or there was no response. */
        void failed(Member member, String reason);

        /** Called for a 503, with the value of Retry-After if it has one. */
        void refused(Member member, Optional<String> retryAfter);

        /** Called for any other response. */
        void responded(Member member);
    }

    private final Watch watch;
    private final SipRequest request;
    private final List<Member> order;
    private final Set<Member> tried = new HashSet<>();
    private Member current;

    /**
     * @param order the members that may be tried, the first choice first; not empty
     */
    Failover(Watch watch, SipRequest request, List<Member> order) {
        this.watch = watch;
        this.request = request;
        this.order = order;
        this.current = order.get(0);
    }

    /** Returns the plan for the first member. */
    RelayPlan begin() throws SipParseException {
        return planFor(current);
    }

    private RelayPlan planFor(Member member) throws SipParseException {
        current = member;
        tried.add(member);
        watch.sending(request, member);
        RelayPlan plan = RelayPlan.to(member.target(request.requestUri())).respondWithin(member.set.silenceLimit());
        NumberPlan numbers = member.set.numbers().orElse(null);
        if (numbers != null) {
            Set<NumberField> fields = new HashSet<>(member.set.numberFields());
            fields.remove(NumberField.REQUEST_URI);
            if (!fields.isEmpty()) {
                plan = plan.edit((branch, target) -> NumberEdit.edited(branch, numbers, fields));
            }
        }
        return plan.onFailure(FailureCause.UNREACHABLE)
                .decide(this)
                .onStatus(StatusCode.REQUEST_TIMEOUT)
                .decide(this);
    }

    @Override
    public String name() {
        return "gateway failover";
    }

    /** Calls for one request do not overlap. */
    @Override
    public Verdict handle(FailureContext context) throws SipParseException {
        List<BranchResult> results = context.results();
        if (results.isEmpty()) {
            return Verdict.proceed();
        }
        BranchResult latest = results.get(results.size() - 1);
        report(latest);
        context.explain("gateway set " + current.set.name());
        boolean mayGoOn = context.cause() == FailureCause.UNREACHABLE || !latest.rang();
        if (!mayGoOn || tried.size() >= current.set.tries()) {
            return Verdict.proceed();
        }
        boolean isCall = Method.INVITE.equals(request.method());
        for (Member member : order) {
            if (!tried.contains(member) && (member.accepts(isCall) || member.isLastResort(isCall))) {
                return Verdict.relay(planFor(member));
            }
        }
        return Verdict.proceed();
    }

    private void report(BranchResult result) throws SipParseException {
        if (request.hasToTag()) {
            return; // without a Route set it may be of a dialog that the member does not know
        }
        if (result.response().isEmpty()) {
            if (result.cause() == FailureCause.UNREACHABLE) {
                watch.failed(
                        current,
                        result.statusCode() == StatusCode.REQUEST_TIMEOUT
                                ? "no response to " + request.method()
                                : "cannot be reached");
            }
        } else if (result.statusCode() == StatusCode.SERVICE_UNAVAILABLE) {
            watch.refused(current, result.response().get().header(HeaderName.RETRY_AFTER));
        } else {
            watch.responded(current);
        }
    }
}
