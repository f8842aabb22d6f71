package org.sipproxy.core.internal.pipeline;

import java.util.List;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.core.internal.pipeline.Outcome.Unavailable;
import org.sipproxy.message.StatusCode;

/**
 * Rejects a request to a local user without a usable binding: 404 if the user is unknown, 480 if it is known (RFC 3261
 * §21.4.5, §21.4.18). A stranger gets 404 in both cases, and without a look-up whose duration could show the
 * difference, so that users cannot be enumerated. If a plan of the host application has a rule for it, the rule
 * decides.
 */
final class RejectUnavailableUser implements Stage {

    private final ClassifyUnavailableUser users;

    RejectUnavailableUser(ClassifyUnavailableUser users) {
        this.users = users;
    }

    @Override
    public Outcome run(RequestContext context) {
        context.failure(users.reason(context));
        int status = users.isKnownTo(context) ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.NOT_FOUND;
        RelayPlan plan = context.plan();
        FailureCause cause = context.unavailability().orElse(FailureCause.UNKNOWN_USER);
        if (plan != null && plan.reactionTo(cause, status).isPresent()) {
            return new Outcome.Relay(List.of(), plan, new Unavailable(cause, status));
        }
        return Outcome.respond(status);
    }
}
