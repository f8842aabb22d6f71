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

    /** Where requests go. */
    private record Table(
            List<Dispatcher.Route> routes, PrefixTable<Exit> prefixes, Optional<Exit> fallback, boolean sendsUnknown) {}

    private final Dispatcher dispatcher;
    private volatile Table table;

    DispatchStages(
            Dispatcher dispatcher, List<Dispatcher.Route> routes, PrefixTable<Exit> prefixes, @Nullable Exit fallback) {
        this.dispatcher = dispatcher;
        this.table = new Table(
                List.copyOf(routes), prefixes, Optional.ofNullable(fallback), fallback != null || !prefixes.isEmpty());
    }

    /**
     * Returns true if the stages that the other dispatcher needs are installed. They are omitted if they have nothing
     * to do, because a stage for unavailable users costs a look-up of each.
     */
    boolean canReplaceWith(DispatchStages other) {
        return (table.sendsUnknown() || !other.table.sendsUnknown())
                && (table.sendsUnknown()
                        || !table.routes().isEmpty()
                        || other.table.routes().isEmpty());
    }

    /** Takes over where the requests of another dispatcher go. */
    void replaceWith(DispatchStages other) {
        table = other.table;
    }

    void install(ComponentHooks hooks, boolean recognizesMembers) {
        if (recognizesMembers) {
            hooks.beforeAuthentication(new GatewayStage("gateway source", this::recognize));
        }
        if (!table.routes().isEmpty() || table.sendsUnknown()) {
            hooks.beforeRouting(new GatewayStage("dispatcher", this::route));
        }
        if (table.sendsUnknown()) {
            hooks.onUnavailableUser(new GatewayStage("dispatcher", this::unavailable));
        }
    }

    private Verdict recognize(StageContext context) {
        MemberAddresses addresses = dispatcher.addresses();
        if (addresses.isMember(context.flow())) {
            context.trust();
            if (context.isRehearsal()) {
                context.note(
                        "gateway sets of the source",
                        addresses.setsOf(context.flow()).toString());
            }
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
        Table now = table;
        for (Dispatcher.Route route : now.routes()) {
            if ((route.isOpen() || mayCallOut(context))
                    && isNotFrom(route.set(), context)
                    && route.condition().holds(context)) {
                if (context.isRehearsal()) {
                    context.note("gateway rule", "a route to set " + route.set());
                }
                return dispatcher.dispatch(route.set(), context);
            }
        }
        SipUri uri = context.request().requestUri();
        if (!now.sendsUnknown() || (uri.isSip() && context.isMyself(uri))) {
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
        Table now = table;
        Exit exit = now.prefixes().find(number).or(now::fallback).orElse(null);
        if (exit == null || !mayCallOut(context)) {
            if (context.isRehearsal()) {
                context.note(
                        "gateway rule",
                        exit == null
                                ? "none for " + number
                                : exit.name() + " for " + number + ", but the sender is not authenticated");
            }
            return Verdict.proceed();
        }
        if (context.isRehearsal()) {
            context.note("gateway rule", exit.name() + " for " + number);
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
