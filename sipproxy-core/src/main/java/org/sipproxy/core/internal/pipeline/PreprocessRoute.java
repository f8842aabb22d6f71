package org.sipproxy.core.internal.pipeline;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Target;
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
 * Preprocesses Route (RFC 3261 §16.4): removes the elements that name this proxy, undoes strict routing, and notes that
 * an in-dialog request follows its Route set or its Request-URI. The signature in this proxy's Route proves the dialog.
 * Without it the request is routed like any other, unless it comes from a trusted peer. A Route with an expired
 * signature is refused with 481, so that the client ends the dialog or renews the subscription.
 *
 * <p>The last signed Route of this proxy belongs to the remote target's side (RFC 5658 §6). It names the listening
 * point that the request leaves from. It may also name the target's connection to this proxy and the target's user.
 *
 * <p>A Route with which another node of the cluster asks for a flow of this node has decided everything: the request has
 * been authenticated and its user has been looked up there.
 */
public final class PreprocessRoute implements Stage {

    /**
     * Maximum number of elements that are removed. A call that passes this proxy twice has four. With more, the request
     * comes back to this proxy until Max-Forwards ends the loop.
     */
    private static final int MAX_OWN = 20;

    private final RouteSignature signature;
    private final FlowTokens tokens;
    private final SealedUsers users;
    private final LongFunction<@Nullable TransportFlow> connections;
    private final Function<SipUri, @Nullable Endpoint> points;
    private final PeerRequests peers;

    /** Recognizes requests that another node of the cluster sends over a flow of this node. */
    public interface PeerRequests {

        /** For a proxy that is not in a cluster. */
        PeerRequests NONE = new PeerRequests() {
            @Override
            public @Nullable Target targetOf(SipUri route, SipRequest request, long[] nowMillis) {
                return null;
            }

            @Override
            public boolean countsRequestsOf(SipUri route) {
                return false;
            }
        };

        /**
         * Returns the target that a Route names, with its flow; null if it does not name one, or no node has signed it
         * for this request.
         *
         * @param nowMillis readings of the wall clock
         */
        @Nullable
        Target targetOf(SipUri route, SipRequest request, long[] nowMillis) throws SipParseException;

        /** Returns true if a Route, whose signature is valid, is of a dialog whose requests another node counts. */
        boolean countsRequestsOf(SipUri route);
    }

    /**
     * Creates a stage that recognizes what {@code signature}, {@code tokens} and {@code users} wrote.
     *
     * @param connections accepted connections by number
     * @param points the listening points by the URI that names them
     * @param peers the other nodes of the cluster
     */
    PreprocessRoute(
            RouteSignature signature,
            FlowTokens tokens,
            SealedUsers users,
            LongFunction<@Nullable TransportFlow> connections,
            Function<SipUri, @Nullable Endpoint> points,
            PeerRequests peers) {
        this.signature = signature;
        this.tokens = tokens;
        this.users = users;
        this.connections = connections;
        this.points = points;
        this.peers = peers;
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
        Target asked = own.askedFor;
        if (asked != null && context.remainingRoutes().isEmpty()) {
            context.handedOver(asked);
            context.onward();
            return Outcome.proceed();
        }
        if (!context.request().hasToTag()) {
            return Outcome.proceed();
        }
        Proof proof = own.proof;
        if (proof.validity() == Validity.EXPIRED && !context.isTrusted()) {
            return Outcome.respond(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
        }
        if (proof.isValid()) {
            context.learnOfDialog().proof = proof;
        }
        if ((proof.isValid() || context.isTrusted()) && isOnward(context)) {
            context.onward();
            own.noteFlow();
        }
        return Outcome.proceed();
    }

    /**
     * Returns true for a URI from a Record-Route of this proxy that a strict router has made the Request-URI. Some
     * strict routers remove its {@code lr} or all its parameters, but it never has a user part.
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

    /** Returns false if the dialog's remote target is a local AOR, which the location store has to resolve. */
    private static boolean isOnward(RequestContext context) throws SipParseException {
        return !context.remainingRoutes().isEmpty()
                || !context.isMyself(context.request().requestUri());
    }

    /** The Route elements of one request that name this proxy. */
    private final class OwnRoutes {

        private final RequestContext context;
        private Proof proof = Proof.INVALID;
        private @Nullable SipUri lastSigned;
        /** The flow that another node asks for. */
        private @Nullable Target askedFor;

        OwnRoutes(RequestContext context) {
            this.context = context;
        }

        /** Removes the topmost elements as long as they name this proxy, with and without {@code r2}. */
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
            if (route.hasUser() && askedFor == null) {
                askedFor = peers.targetOf(route, request, context.wallReadings());
            }
            Proof another = signature.check(route, request, context.wallReadings());
            proof = proof.and(another);
            if (another.isValid()) {
                lastSigned = route;
                if (peers.countsRequestsOf(route)) {
                    context.countedElsewhere();
                }
            }
        }

        private static boolean isSignedLike(SipUri route, SipUri other) {
            return route.parameter(RouteSignature.NAME).equals(other.parameter(RouteSignature.NAME));
        }

        void noteFlow() throws SipParseException {
            SipUri route = lastSigned;
            if (route != null) {
                context.learnOfDialog().point = points.apply(route);
            }
            if (!context.remainingRoutes().isEmpty()) {
                return;
            }
            if (route != null) {
                context.learnOfDialog().user = users.user(route);
            }
            if (route != null && FlowTokens.isIn(route)) {
                long connection = tokens.connection(route);
                context.learnOfDialog().flow = connection == FlowTokens.NONE ? null : connections.apply(connection);
                context.learnOfDialog().needsFlow = true;
            }
        }
    }
}
