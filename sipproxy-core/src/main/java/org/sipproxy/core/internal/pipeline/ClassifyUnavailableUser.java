package org.sipproxy.core.internal.pipeline;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.HostFailedException;
import org.sipproxy.message.SipParseException;

/**
 * Finds out why a local user has no usable binding: unknown, or known and not registered. Does so only if the caller
 * may know which users exist, or if a plan or a stage of the host application needs the reason.
 */
final class ClassifyUnavailableUser implements Stage {

    private final @Nullable Authentication authentication;
    private final boolean mayBlock;
    private final boolean always;
    private final Predicate<Aor> wasCutOff;
    private final HostCall host = new HostCall("look-up of a user");

    /**
     * Creates a stage that looks users up in {@code authentication}. Without authentication, users are not known: all
     * are unknown, except those whose connection was lost.
     *
     * @param always true if a stage of the host application needs the answer
     * @param wasCutOff true if the last binding of an AOR ended with its connection
     */
    ClassifyUnavailableUser(@Nullable Authentication authentication, boolean always, Predicate<Aor> wasCutOff) {
        this.authentication = authentication;
        this.mayBlock = authentication != null && authentication.mayBlock();
        this.always = always;
        this.wasCutOff = wasCutOff;
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return mayBlock && isNeeded(context) && !context.isBound() ? Outcome.blocked() : run(context);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        try {
            context.unavailable(
                    isNeeded(context) && isKnown(context) ? FailureCause.NOT_REGISTERED : FailureCause.UNKNOWN_USER);
            return Outcome.proceed();
        } catch (TemporarilyUnavailableException e) {
            host.failed(e);
            return Outcome.unavailable(e);
        }
    }

    /** Notes for the operator what a stranger must not learn. */
    @Override
    public Outcome rehearse(RequestContext context) throws SipParseException {
        Outcome outcome = run(context);
        Aor aor = context.names().aorOf(context.request().requestUri());
        if (aor != null && outcome == Outcome.proceed()) {
            boolean cutOff = wasCutOff.test(aor);
            context.note(
                    "user",
                    authentication == null && !cutOff
                            ? aor + ": without authentication, users are not known"
                            : aor
                                    + (cutOff || context.isBound() || isKnown(aor, context.userCase())
                                            ? " exists, and is not registered"
                                            : " does not exist"));
            if (cutOff) {
                context.note("connection", "the last binding ended with its connection, within the last hour");
            }
            if (!revealsTo(context)) {
                context.note("sender", "not authenticated, so it must not learn whether the user exists");
            }
        }
        return outcome;
    }

    private boolean isKnown(RequestContext context) throws SipParseException {
        if (context.isBound()) {
            return true;
        }
        Aor aor = context.names().aorOf(context.request().requestUri());
        return aor != null && (wasCutOff.test(aor) || isKnown(aor, context.userCase()));
    }

    private boolean isKnown(Aor aor, UserCase userCase) {
        Authentication users = authentication;
        try {
            return users != null && users.isKnownUser(aor.user(), aor.domain(), userCase);
        } catch (TemporarilyUnavailableException e) {
            throw e;
        } catch (Throwable e) {
            host.failed(e);
            throw new HostFailedException(e);
        }
    }

    private boolean isNeeded(RequestContext context) {
        return always || context.plan() != null || revealsTo(context);
    }

    /** Returns true if the sender may learn whether the user exists. Without authentication there are no strangers. */
    private boolean revealsTo(RequestContext context) {
        return authentication == null || context.settings().revealsUsers() || !context.isStranger();
    }

    /** Returns true if the user is known and the sender may learn it. */
    boolean isKnownTo(RequestContext context) {
        return context.unavailability().orElse(null) == FailureCause.NOT_REGISTERED && revealsTo(context);
    }

    /** Returns why the user cannot be called, for the operator. Does not look the user up. */
    String reason(RequestContext context) {
        if (context.isBound()) {
            return "no registered contact is reachable over TLS";
        }
        FailureCause cause = context.unavailability().orElse(null);
        if (cause == FailureCause.NOT_REGISTERED) {
            return "the user is not registered";
        }
        return cause == FailureCause.UNKNOWN_USER && authentication != null && isNeeded(context)
                ? "no such user"
                : "no registered contact can be called"; // users were not looked up
    }
}
