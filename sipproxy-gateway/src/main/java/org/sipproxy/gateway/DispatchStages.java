package org.sipproxy.gateway;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The dispatcher's stages: which request goes to which set. */
final class DispatchStages {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    private final Dispatcher dispatcher;
    private final List<Dispatcher.Route> routes;
    private final PrefixTable<Exit> prefixes;
    private final Optional<Exit> fallback;
    private final boolean sendsUnknown;

    DispatchStages(
            Dispatcher dispatcher, List<Dispatcher.Route> routes, PrefixTable<Exit> prefixes, @Nullable Exit fallback) {
        this.dispatcher = dispatcher;
        this.routes = List.copyOf(routes);
        this.prefixes = prefixes;
        this.fallback = Optional.ofNullable(fallback);
        this.sendsUnknown = fallback != null || !prefixes.isEmpty();
    }

    void install(ComponentHooks hooks, boolean recognizesMembers) {
        if (recognizesMembers) {
            hooks.beforeAuthentication(new GatewayStage("gateway source", this::recognize));
        }
        if (!routes.isEmpty() || sendsUnknown) {
            hooks.beforeRouting(new GatewayStage("dispatcher", this::route));
        }
        if (sendsUnknown) {
            hooks.onUnavailableUser(new GatewayStage("dispatcher", this::unavailable));
        }
    }

    private Verdict recognize(StageContext context) {
        MemberAddresses addresses = dispatcher.addresses();
        if (addresses.isMember(context.flow())) {
            context.trust();
            if (LOG.isDebugEnabled()) {
                LOG.debug(
                        "{} from {} is of a member of {}",
                        context.request().method(),
                        context.flow().remoteAddress(),
                        addresses.setsOf(context.flow()));
            }
        }
        return Verdict.proceed();
    }

    private Verdict route(StageContext context) throws SipParseException {
        if (Method.REGISTER.equals(context.request().method())) {
            return Verdict.proceed();
        }
        for (Dispatcher.Route route : routes) {
            if ((route.isOpen() || mayCallOut(context))
                    && isNotFrom(route.set(), context)
                    && route.condition().holds(context)) {
                return dispatcher.dispatch(route.set(), context);
            }
        }
        SipUri uri = context.request().requestUri();
        if (!sendsUnknown || (uri.isSip() && context.isMyself(uri))) {
            return Verdict.proceed(); // a user, or unavailable() decides
        }
        String number = numberOf(uri);
        return NumberPlan.isNumber(number) ? unknown(number, context) : Verdict.proceed();
    }

    private Verdict unavailable(StageContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        boolean exists = context.unavailability().orElse(FailureCause.UNKNOWN_USER) != FailureCause.UNKNOWN_USER;
        return exists ? Verdict.proceed() : unknown(numberOf(uri), context);
    }

    private Verdict unknown(String number, StageContext context) throws SipParseException {
        Exit exit = prefixes.find(number).or(() -> fallback).orElse(null);
        if (exit == null || !mayCallOut(context)) {
            return Verdict.proceed();
        }
        Trunk trunk = exit.trunk();
        if (trunk != null) {
            return trunk.cameFromProvider(context)
                    ? Verdict.proceed()
                    : Verdict.relay(trunk.plan(context, exit.numbers().apply(number)));
        }
        if (!isNotFrom(exit.name(), context)) {
            return Verdict.proceed();
        }
        SipRequest request = context.request();
        SipRequest edited = exit.edited(request);
        if (edited != request) {
            context.replace(edited);
        }
        return dispatcher.dispatch(exit.name(), context);
    }

    /** Prevents an open relay. */
    static boolean mayCallOut(StageContext context) {
        return context.isTrusted() || context.authenticatedUser().isPresent();
    }

    private boolean isNotFrom(String set, StageContext context) {
        return !dispatcher.addresses().isMemberOf(context.flow(), set);
    }

    /** Returns the called number without separators and parameters; another text if it is not a number. */
    static String numberOf(SipUri uri) {
        String text = uri.user();
        if (!uri.isSip()) {
            text = uri.scheme().equals("tel") ? uri.toString().substring("tel:".length()) : "";
        }
        String number = NumberPlan.none().apply(text);
        int semicolon = number.indexOf(';');
        return semicolon < 0 ? number : number.substring(0, semicolon);
    }
}
