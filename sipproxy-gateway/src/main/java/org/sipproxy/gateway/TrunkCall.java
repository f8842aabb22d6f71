package org.sipproxy.gateway;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.sipproxy.api.auth.DigestNonces;
import org.sipproxy.api.auth.DigestSession;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way to a provider. Responds to the provider's challenges by sending the request again to the same
 * target with credentials (RFC 3261 §22.2). A proxy may not change the CSeq number, so the second request has that of
 * the first and differs from it by its branch.
 */
final class TrunkCall implements FailureStage {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    /** Refused logins of all requests of one trunk; one log line a minute. */
    static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

    private final String trunk;
    private final DigestLogin login;
    private final LogPace refusals;
    private final List<Target> targets;
    private final DigestSession digest;
    private final BranchEdit identity;
    private final UnaryOperator<RelayPlan> rules;
    private int answered;

    /**
     * @param targets where the request is sent; credentials are for the URI of the first
     * @param identity edit before the credentials are added
     * @param rules rules for failures that are not challenges
     */
    TrunkCall(
            String trunk,
            DigestLogin login,
            DigestNonces nonces,
            LogPace refusals,
            Method method,
            List<Target> targets,
            BranchEdit identity,
            UnaryOperator<RelayPlan> rules) {
        this.trunk = trunk;
        this.login = login;
        this.refusals = refusals;
        this.targets = targets;
        this.digest = new DigestSession(method, targets.get(0).uri(), List.of(login), nonces);
        this.identity = identity;
        this.rules = rules;
    }

    /** Returns the plan for an attempt, from a plan that has only its targets. */
    RelayPlan plan(RelayPlan bare) {
        return rules.apply(bare.edit(identity)
                .edit((request, target) -> digest.authorize(request))
                .onFailure(FailureCause.CHALLENGED)
                .decide(this));
    }

    @Override
    public String name() {
        return "trunk " + trunk;
    }

    /** Calls for one request do not overlap. */
    @Override
    public Verdict handle(FailureContext context) throws Exception {
        Optional<SipResponse> challenge = context.response();
        if (challenge.isPresent() && digest.accept(challenge.get())) {
            answered++;
            return Verdict.relay(plan(RelayPlan.to(targets)));
        }
        if (answered == 0 && login.realm().isPresent()) {
            return Verdict.proceed(); // a challenge of another realm: only the caller can respond to it
        }
        if (refusals.isDue()) {
            LOG.warn(
                    "trunk {}: the provider rejects the login for {}: {}; check user, password and realm",
                    trunk,
                    context.request().method(),
                    context.statusCode());
        }
        return refused(context);
    }

    /**
     * The caller cannot respond to the challenge, and should not try again: 403. A 503 would let its phone or proxy
     * avoid this proxy for all calls (RFC 3263 §4.3). A rule for {@link FailureCause#UNREACHABLE} applies, so that
     * another trunk takes the call.
     */
    private Verdict refused(FailureContext context) throws Exception {
        RelayPlan.Reaction reaction = rules.apply(RelayPlan.to(targets))
                .reactionTo(FailureCause.UNREACHABLE, StatusCode.FORBIDDEN)
                .orElse(null);
        if (reaction instanceof RelayPlan.Reaction.Relay relay) {
            return Verdict.relay(relay.plan());
        }
        if (reaction instanceof RelayPlan.Reaction.Respond respond) {
            return respond.response();
        }
        return reaction instanceof RelayPlan.Reaction.Decide decide
                ? decide.stage().handle(context)
                : Verdict.respond(StatusCode.FORBIDDEN);
    }
}
