package org.sipproxy.core.internal.pipeline;

import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.NameAddress;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.RouteSignature.Proof;
import org.sipproxy.core.internal.codec.RouteSignature.Validity;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * RFC 3261 §16.4: removes the Route elements that name this proxy, undoes what a strict router did, and sends a request within a
 * dialog where its Route set or its Request-URI says, without a look-up. The signature of our Route proves the dialog; without it,
 * and unless a trusted peer sends it, the request is routed as any other. A Route whose signature has expired gets a 481, so that
 * the client ends the dialog or subscribes anew. A Route may also name the connection that the peer has opened to this proxy.
 */
final class PreprocessRoute implements Step {

    private final RouteSignature signature;
    private final FlowTokens tokens;
    private final LongFunction<@Nullable TransportFlow> connections;

    /** @param connections those that peers have opened, by their number */
    PreprocessRoute(RouteSignature signature, FlowTokens tokens, LongFunction<@Nullable TransportFlow> connections) {
        this.signature = signature;
        this.tokens = tokens;
        this.connections = connections;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        if (context.routes().isEmpty()) {
            return Outcome.proceed();
        }
        SipUri uri = request.requestUri();
        Proof proof = Proof.INVALID;
        if (uri.hasParameter("lr") && context.isMyself(uri)) {
            proof = check(uri, context);
            context.undoStrictRouting();
        }
        proof = stripOwn(context, proof);
        if (!request.hasToTag()) {
            return Outcome.proceed();
        }
        if (proof.validity() == Validity.EXPIRED && !context.isTrusted()) {
            return Outcome.reply(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
        }
        if (proof.isValid()) {
            context.inDialog(proof);
        }
        if ((proof.isValid() || context.isTrusted()) && isOnward(context)) {
            return Outcome.relay(Target.of(context.request().requestUri()));
        }
        return Outcome.proceed();
    }

    private Proof check(SipUri route, RequestContext context) throws SipParseException {
        return signature.check(route, context.request(), context.wallReadings());
    }

    /**
     * Removes the topmost element and, where our Record-Route is doubled, the one below it.
     *
     * @param before what a strict router's Request-URI has proved
     * @return what the topmost element, or else {@code before}, proves
     */
    private Proof stripOwn(RequestContext context, Proof before) throws SipParseException {
        List<NameAddress> left = context.remainingRoutes();
        int own = 0;
        while (own < left.size() && own < 2 && context.isMyself(left.get(own).uri())) {
            own++;
            if (!left.get(own - 1).uri().hasParameter("r2")) {
                break;
            }
        }
        if (own == 0) {
            return before;
        }
        Proof proof = before.isValid() ? before : check(left.get(0).uri(), context);
        if (own == left.size() && proof.isValid()) {
            long connection = tokens.connection(left.get(own - 1).uri());
            context.dialogFlow(connection == FlowTokens.NONE ? null : connections.apply(connection));
        }
        for (int i = 0; i < own; i++) {
            context.stripRoute();
        }
        return proof;
    }

    /** False if the dialog's remote target is an address-of-record of ours, which the location store has to resolve. */
    private static boolean isOnward(RequestContext context) throws SipParseException {
        if (!context.remainingRoutes().isEmpty()) {
            return true;
        }
        return !context.isMyself(context.request().requestUri());
    }
}
