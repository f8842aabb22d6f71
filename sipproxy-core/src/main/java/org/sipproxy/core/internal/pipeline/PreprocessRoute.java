package org.sipproxy.core.internal.pipeline;

import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.NameAddress;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * RFC 3261 §16.4: the Route elements that name us are taken off, a strict router's doing is undone, and a request inside a
 * dialog then goes where its Route set or its Request-URI says, without a look at the location store. That it is inside a
 * dialog that we record-routed the signature of our Route tells; without it, and unless a trusted peer sends it, the request
 * has to find its way as any other. A Route of ours may also name the connection that the peer has opened to us.
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
        boolean strict = uri.hasParameter("lr") && context.isMyself(uri);
        boolean through = false;
        if (strict) {
            through = signature.isOn(uri, request);
            context.undoStrictRouting();
        }
        through |= stripOwn(context);
        if (!request.hasToTag()) {
            return Outcome.proceed();
        }
        context.inDialog(through);
        if ((through || context.isTrusted()) && isOnward(context)) {
            return Outcome.relay(Target.of(context.request().requestUri()));
        }
        return Outcome.proceed();
    }

    /**
     * Takes off the topmost element and, where we doubled our Record-Route, the one below it.
     *
     * @return true if the topmost one is of this dialog
     */
    private boolean stripOwn(RequestContext context) throws SipParseException {
        List<NameAddress> left = context.remainingRoutes();
        boolean signed = !left.isEmpty() && signature.isOn(left.get(0).uri(), context.request());
        int own = 0;
        while (own < left.size() && own < 2 && context.isMyself(left.get(own).uri())) {
            own++;
            if (!left.get(own - 1).uri().hasParameter("r2")) {
                break;
            }
        }
        if (own > 0 && own == left.size()) {
            long connection = tokens.connection(left.get(own - 1).uri(), context.request());
            context.dialogFlow(connection == FlowTokens.NONE ? null : connections.apply(connection));
        }
        for (int i = 0; i < own; i++) {
            context.stripRoute();
        }
        return own > 0 && signed;
    }

    /** False if the dialog's remote target is an address-of-record of ours, which the location store has to resolve. */
    private static boolean isOnward(RequestContext context) throws SipParseException {
        if (!context.remainingRoutes().isEmpty()) {
            return true;
        }
        return !context.isMyself(context.request().requestUri());
    }
}
