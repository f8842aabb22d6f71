package org.sipproxy.core.internal.forwarding;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipParseException;

/**
 * Users behind the connections of a dialog's sides, for Record-Route. With them, a side that has reconnected is found
 * even if neither From nor To names its user. UDP needs no connection, so it has no such user.
 */
final class SideUsers {

    private static final byte[] NONE = {};

    private final SealedUsers sealed;
    private final Function<Flow, @Nullable Aor> registeredOver;

    /**
     * @param registeredOver returns the only user who is registered over a connection
     */
    SideUsers(SealedUsers sealed, Function<Flow, @Nullable Aor> registeredOver) {
        this.sealed = sealed;
        this.registeredOver = registeredOver;
    }

    /** Returns the parameter for the caller's side, which is a connection; empty if From names the user. */
    byte[] ofCaller(RequestContext context, TransportFlow came, byte[] signed) throws SipParseException {
        Aor user = registeredOver.apply(came);
        return user == null
                        || user.equals(
                                context.names().aorOf(context.request().from().uri()))
                ? NONE
                : sealed.parameter(user, signed);
    }

    /** Returns the parameter for the called side; empty if To names the user. */
    byte[] ofCallee(RequestContext context, Target target, TransportFlow way, byte[] signed) throws SipParseException {
        if (!way.kind().isReliable() || !target.routes().isEmpty()) {
            return NONE;
        }
        // a plan or a redirection may have led to another user's phone
        Aor user = context.isOfCalledUser(target) ? context.calledUser() : registeredOver.apply(way);
        return user == null
                        || user.equals(
                                context.names().aorOf(context.request().to().uri()))
                ? NONE
                : sealed.parameter(user, signed);
    }
}
