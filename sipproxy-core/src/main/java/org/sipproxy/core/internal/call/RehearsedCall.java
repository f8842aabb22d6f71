package org.sipproxy.core.internal.call;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.StatusCode;

/** The limits of calls, applied to a rehearsed INVITE. Counts nothing. */
final class RehearsedCall {

    private final CallSettings settings;
    private final UserCalls users;

    RehearsedCall(CallSettings settings, UserCalls users) {
        this.settings = settings;
        this.users = users;
    }

    /**
     * Returns what {@link CallTracker#relaying} would return for an INVITE outside a dialog, and notes the counts.
     *
     * @param inProgress calls now
     * @param from the calling user; null if the caller is not a user of this proxy
     */
    Outcome relaying(RequestContext context, Outcome.Relay relay, int inProgress, @Nullable Aor from) {
        context.note("calls", inProgress + limit(settings.maxCalls()));
        if (inProgress >= settings.maxCalls()) {
            return CallTracker.TOO_MANY_IN_TOTAL;
        }
        if (inProgress >= settings.trackedCalls()) {
            context.note("tracked", "no: the limit of " + settings.trackedCalls() + " tracked calls is reached");
            return relay;
        }
        if (from != null && isFull(context, "calls of the caller", from)) {
            return CallTracker.CALLER_HAS_TOO_MANY;
        }
        Aor called = context.calledUser();
        if (called == null || called.equals(from) || !isFull(context, "calls of the callee", called)) {
            return relay;
        }
        return relay.plan() == null
                ? CallTracker.CALLEE_HAS_TOO_MANY
                : new Outcome.Relay(
                        List.of(), relay.plan(), new Outcome.Unavailable(FailureCause.BUSY, StatusCode.BUSY_HERE));
    }

    private boolean isFull(RequestContext context, String name, Aor user) {
        int count = users.of(user);
        context.note(name, count + limit(settings.maxCallsPerUser()));
        return count >= settings.maxCallsPerUser();
    }

    private static String limit(int most) {
        return most == CallSettings.NO_LIMIT ? "" : " of " + most;
    }
}
