package org.sipproxy.gateway;

import java.util.List;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The stages of a trunk: calls of the provider, calls to it, and in-dialog requests that it may challenge. */
final class TrunkStages {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    private final Trunk trunk;

    TrunkStages(Trunk trunk) {
        this.trunk = trunk;
    }

    void install(ComponentHooks hooks) {
        hooks.beforeAuthentication(new GatewayStage(trunk.name() + " source", this::recognize));
        hooks.beforeRouting(new RoutingStage());
        hooks.onUnavailableUser(new GatewayStage(trunk.name(), this::unavailable));
        ReplacedFrom from = trunk.replacedFrom();
        if (from != null) {
            installFrom(hooks, from);
        }
        if (trunk.hasLogin()) {
            hooks.beforeForwarding(new GatewayStage(trunk.name() + " dialog", this::inDialog));
        }
    }

    private void installFrom(ComponentHooks hooks, ReplacedFrom from) {
        hooks.beforeForwarding(new GatewayStage(trunk.name() + " From", context -> {
            SipRequest request = context.request();
            if (request.hasToTag()) {
                SipRequest edited = from.inDialog(request);
                if (edited != request) {
                    context.replace(edited);
                }
            }
            return Verdict.proceed();
        }));
        hooks.onResponse(context -> {
            SipResponse response = context.response();
            SipResponse edited = from.response(response);
            if (edited != response) {
                context.replace(edited);
            }
        });
        hooks.onRequestCompleted(done -> completed(done, from));
    }

    private static void completed(CompletedRequest done, ReplacedFrom from) {
        try {
            if (endsCall(done)) {
                from.ended(done.request());
            }
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // the proxy has validated these headers
        }
    }

    private static boolean endsCall(CompletedRequest done) throws SipParseException {
        int status = done.statusCode();
        boolean isChallenged = status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
        if (done.request().hasToTag()) {
            return Method.BYE.equals(done.request().method()) && !isChallenged;
        }
        return status >= 300 || !Method.INVITE.equals(done.request().method());
    }

    private Verdict recognize(StageContext context) throws SipParseException {
        if (!isRegister(context) && trunk.isFromProvider(context)) {
            context.trust();
            context.note("trunk", trunk.name());
            LOG.debug(
                    "{} from {} is of {}",
                    context.request().method(),
                    context.flow().remoteAddress(),
                    trunk.name());
        }
        return Verdict.proceed();
    }

    private static boolean isRegister(StageContext context) {
        return Method.REGISTER.equals(context.request().method());
    }

    // ---- calls of the provider, and calls to numbers

    /** The host's function may block; nothing else does. */
    private final class RoutingStage implements RequestStage {

        @Override
        public String name() {
            return trunk.name();
        }

        @Override
        public boolean mayBlock() {
            return trunk.incoming().mayBlock();
        }

        /** The host's function answers a question; it may ask the context whether this is a rehearsal. */
        @Override
        public boolean isRehearsable() {
            return true;
        }

        @Override
        public boolean isRepeatable() {
            return !trunk.incoming().mayBlock();
        }

        @Override
        public Verdict handleAtOnce(StageContext context) throws Exception {
            if (!isRegister(context) && trunk.receives(context)) {
                throw new NeedsWorkerException();
            }
            return handle(context);
        }

        @Override
        public Verdict handle(StageContext context) throws Exception {
            if (isRegister(context)) {
                return Verdict.proceed();
            }
            if (trunk.receives(context)) {
                return incoming(context);
            }
            return trunk.isFromProvider(context) ? Verdict.proceed() : outgoing(context);
        }
    }

    private Verdict incoming(StageContext context) throws Exception {
        SipRequest request = context.request();
        boolean forContact = trunk.isContact(request.requestUri(), context);
        String called = forContact
                ? DispatchStages.numberOf(request.to().uri())
                : DispatchStages.numberOf(request.requestUri());
        SipUri to = trunk.incoming().route(context, called).orElse(null);
        if (to == null) {
            return forContact ? Verdict.respond(StatusCode.NOT_FOUND) : Verdict.proceed();
        }
        context.replace(request.withRequestUri(to.asRequestUri()));
        return Verdict.proceed();
    }

    private Verdict outgoing(StageContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        if (!trunk.sendsUnknown() || (uri.isSip() && context.isMyself(uri))) {
            return Verdict.proceed(); // a user, or unavailable() decides
        }
        String number = DispatchStages.numberOf(uri);
        return NumberPlan.isNumber(number) ? unknown(number, context) : Verdict.proceed();
    }

    private Verdict unavailable(StageContext context) throws SipParseException {
        boolean exists = context.unavailability().orElse(FailureCause.UNKNOWN_USER) != FailureCause.UNKNOWN_USER;
        if (exists) {
            return Verdict.proceed();
        }
        if (trunk.cameFromProvider(context)) {
            return Verdict.respond(StatusCode.NOT_FOUND); // not sent out again
        }
        return unknown(DispatchStages.numberOf(context.request().requestUri()), context);
    }

    private Verdict unknown(String number, StageContext context) {
        boolean takes = trunk.takes(number) && DispatchStages.mayCallOut(context) && !trunk.cameFromProvider(context);
        if (context.isRehearsal() && trunk.takes(number)) {
            context.note(
                    "trunk",
                    takes
                            ? trunk.name() + " takes " + number
                            : "not " + trunk.name() + ": the sender is not authenticated, or is the provider");
        }
        return takes ? Verdict.relay(trunk.plan(context, number)) : Verdict.proceed();
    }

    // ---- in-dialog requests

    private Verdict inDialog(StageContext context) throws SipParseException {
        SipRequest request = context.request();
        List<Target> targets = context.targets();
        if (targets.isEmpty()
                || !request.hasToTag()
                || Method.ACK.equals(request.method())
                || !leadsToProvider(request, targets.get(0), context)) {
            return Verdict.proceed();
        }
        return Verdict.relay(trunk.planInDialog(request.method(), targets));
    }

    private boolean leadsToProvider(SipRequest request, Target target, StageContext context) throws SipParseException {
        for (NameAddress route : request.addresses(HeaderName.ROUTE)) {
            if (!context.isMyself(route.uri())) {
                return trunk.isOfProvider(route.uri());
            }
        }
        return trunk.isOfProvider(target.uri());
    }
}
