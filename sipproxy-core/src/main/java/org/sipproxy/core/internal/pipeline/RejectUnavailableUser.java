package org.sipproxy.core.internal.pipeline;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.HostFailedException;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;

/**
 * Rejects a request to a local user without a usable binding: 404 if the user is unknown, 480 if it is known (RFC 3261
 * §21.4.5, §21.4.18). A stranger gets 404 in both cases, and without a look-up whose duration could show the
 * difference, so that users cannot be enumerated.
 */
final class RejectUnavailableUser implements Stage {

    private final @Nullable Authentication authentication;
    private final boolean mayBlock;
    private final boolean revealsUsers;
    private final Predicate<Aor> wasCutOff;
    private final HostCall host = new HostCall("look-up of a user");

    /**
     * Creates a stage that looks users up in {@code authentication}. Without authentication, users are not known: they
     * get 404, except those whose connection was lost.
     *
     * @param revealsUsers true if strangers also get the precise status
     * @param wasCutOff true if the last binding of an AOR ended with its connection
     */
    RejectUnavailableUser(@Nullable Authentication authentication, boolean revealsUsers, Predicate<Aor> wasCutOff) {
        this.wasCutOff = wasCutOff;
        this.authentication = authentication;
        this.mayBlock = authentication != null && authentication.mayBlock();
        this.revealsUsers = revealsUsers;
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return mayBlock && isPrecise(context) && !context.isBound() ? Outcome.blocked() : run(context);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        try {
            context.failure(
                    context.isBound()
                            ? "no registered contact is reachable over TLS"
                            : "no registered contact can be called");
            return Outcome.reply(isKnown(context) ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.NOT_FOUND);
        } catch (TemporarilyUnavailableException e) {
            host.failed(e);
            return Outcome.unavailable(e);
        }
    }

    private boolean isKnown(RequestContext context) throws SipParseException {
        if (!isPrecise(context)) {
            return false;
        }
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

    /** Without authentication there are no strangers. */
    private boolean isPrecise(RequestContext context) {
        return authentication == null || revealsUsers || !context.isStranger();
    }
}
