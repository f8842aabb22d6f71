package org.sipproxy.core.internal.pipeline;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.RouteSignature.Proof;
import org.sipproxy.core.internal.codec.RouteSignature.Validity;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * RFC 3261 §16.4: removes the Route elements that name this proxy, undoes what a strict router did, and notes that a request within
 * a dialog goes on to its Route set or its Request-URI. The signature of our Route proves the dialog; without it, and unless a
 * trusted peer sends it, the request is routed as any other. A Route whose signature has expired gets a 481, so that the client
 * ends the dialog or subscribes anew.
 *
 * <p>The last signed Route of ours is the one of the remote target's side (RFC 5658 §6): it names the listening point that the
 * request leaves from, and perhaps the connection that the target has opened to this proxy, and its user.
 */
final class PreprocessRoute implements Stage {

    /**
     * How many elements are removed at most. A call that passes this proxy twice has four; with more the request comes here again,
     * until Max-Forwards ends that.
     */
    private static final int MAX_OWN = 20;

    private final RouteSignature signature;
    private final FlowTokens tokens;
    private final SealedUsers users;
    private final LongFunction<@Nullable TransportFlow> connections;
    private final Function<SipUri, @Nullable Endpoint> points;

    /**
     * A step that recognises what {@code signature}, {@code tokens} and {@code users} wrote.
     *
     * @param connections those that peers have opened, by their number
     * @param points the listening points by the URI that names them
     */
    PreprocessRoute(
            RouteSignature signature,
            FlowTokens tokens,
            SealedUsers users,
            LongFunction<@Nullable TransportFlow> connections,
            Function<SipUri, @Nullable Endpoint> points) {
        this.signature = signature;
        this.tokens = tokens;
        this.users = users;
        this.connections = connections;
        this.points = points;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        if (context.routes().isEmpty()) {
            return Outcome.proceed();
        }
        OwnRoutes own = new OwnRoutes(context);
        SipUri uri = context.request().requestUri();
        if (isOurRecordRoute(uri, context)) {
            own.add(uri);
            context.undoStrictRouting();
        }
        own.strip();
        if (!context.request().hasToTag()) {
            return Outcome.proceed();
        }
        Proof proof = own.proof;
        if (proof.validity() == Validity.EXPIRED && !context.isTrusted()) {
            return Outcome.reply(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
        }
        if (proof.isValid()) {
            context.inDialog(proof);
        }
        if ((proof.isValid() || context.isTrusted()) && isOnward(context)) {
            context.onward();
            own.noteFlow();
        }
        return Outcome.proceed();
    }

    /**
     * True for a URI that stood in a Record-Route of ours: a strict router has made it the Request-URI. Some of them remove its
     * {@code lr} or all of its parameters, but a user part it never has.
     */
    private static boolean isOurRecordRoute(SipUri uri, RequestContext context) throws SipParseException {
        if (!context.isMyself(uri)) {
            return false;
        }
        if (uri.hasParameter("lr") || uri.hasParameter(RouteSignature.NAME)) {
            return true;
        }
        List<NameAddress> routes = context.routes();
        return !uri.hasUser()
                && context.request().hasToTag()
                && !context.isMyself(routes.get(routes.size() - 1).uri());
    }

    /** False if the dialog's remote target is an address-of-record of ours, which the location store has to resolve. */
    private static boolean isOnward(RequestContext context) throws SipParseException {
        return !context.remainingRoutes().isEmpty()
                || !context.isMyself(context.request().requestUri());
    }

    /** The Route elements of one request that name this proxy. */
    private final class OwnRoutes {

        private final RequestContext context;
        private Proof proof = Proof.INVALID;
        private @Nullable SipUri lastSigned;

        OwnRoutes(RequestContext context) {
            this.context = context;
        }

        /** Removes the topmost elements as far as they name this proxy, with and without {@code r2}. */
        void strip() throws SipParseException {
            List<NameAddress> left = context.remainingRoutes();
            for (NameAddress element : left.subList(0, Math.min(left.size(), MAX_OWN))) {
                SipUri route = element.uri();
                if (!context.isMyself(route)) {
                    return;
                }
                add(route);
                context.stripRoute();
            }
        }

        void add(SipUri route) throws SipParseException {
            if (lastSigned != null && isSignedLike(route, lastSigned)) {
                lastSigned = route; // the second element of a doubled Record-Route
                return;
            }
            SipRequest request = context.request();
            Proof another = signature.check(route, request, context.wallReadings());
            proof = proof.and(another);
            if (another.isValid()) {
                lastSigned = route;
            }
        }

        private static boolean isSignedLike(SipUri route, SipUri other) {
            return route.parameter(RouteSignature.NAME).equals(other.parameter(RouteSignature.NAME));
        }

        void noteFlow() throws SipParseException {
            SipUri route = lastSigned;
            if (route != null) {
                context.dialogPoint(points.apply(route));
            }
            if (!context.remainingRoutes().isEmpty()) {
                return;
            }
            if (route != null) {
                context.dialogUser(users.user(route));
            }
            if (route != null && FlowTokens.isIn(route)) {
                long connection = tokens.connection(route);
                context.dialogFlow(connection == FlowTokens.NONE ? null : connections.apply(connection));
                context.reachedByFlow();
            }
        }
    }
}
