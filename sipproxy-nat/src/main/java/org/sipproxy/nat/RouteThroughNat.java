package org.sipproxy.nat;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * Last stage before a request is forwarded. It adds an alias to the Contact of a sender behind a NAT, and it routes a
 * request to a client behind a NAT.
 *
 * <p>Routing has two sources, and the more recent one wins. The alias holds the address of the contact's owner when it
 * sent the contact. The location store holds the client's registered flow. The store is used only for the user named by
 * the alias's key, or the user in To if there is no key. Otherwise anyone could register another user's contact and
 * receive that user's calls.
 */
final class RouteThroughNat implements RequestStage {

    /** Tolerated clock difference to a proxy with the same secret. */
    private static final long MAX_DRIFT_MILLIS = 3_000;

    private final ContactAliasing contacts;
    private final AliasWriter aliases;
    private final KnownClients clients;
    private final NatCounters counters;

    RouteThroughNat(ContactAliasing contacts, AliasWriter aliases, KnownClients clients, NatCounters counters) {
        this.contacts = contacts;
        this.aliases = aliases;
        this.clients = clients;
        this.counters = counters;
    }

    @Override
    public Verdict handle(StageContext context) throws SipParseException {
        SipRequest request = context.request();
        if (request.method() == Method.REGISTER) {
            return Verdict.proceed(); // a phone would learn its alias from the 200 and keep it
        }
        if (request.hasHeader(HeaderName.CONTACT) && FirstHop.isThisProxy(request)) {
            markContact(context, request);
        }
        return route(context, context.request());
    }

    private void markContact(StageContext context, SipRequest request) throws SipParseException {
        ContactSpan contact = ContactSpan.of(request);
        if (contact == null) {
            return;
        }
        if (context.isBehindNat()) {
            SipUri from = ContactAliasing.user(request, HeaderName.FROM);
            context.replace(
                    context.isRehearsal()
                            ? contacts.rehearse(request, contact, context.flow(), from)
                            : contacts.mark(request, contact, context.flow(), from));
        } else {
            context.replace(ContactEdit.unalias(request, contact));
        }
    }

    private Verdict route(StageContext context, SipRequest request) throws SipParseException {
        List<Target> targets = context.targets();
        Target target = targets.size() == 1 ? targets.get(0) : null;
        if (target == null
                || target.received() != null
                || target.flow() != null
                || !target.routes().isEmpty()
                || request.firstAddress(HeaderName.ROUTE).isPresent()
                || !target.uri().isSip()) {
            return Verdict.proceed();
        }
        SipUri uri = target.uri();
        boolean aliased = uri.hasParameter(ContactAlias.NAME);
        ContactAlias alias = aliased ? aliases.read(uri) : null;
        if (aliased && alias == null) {
            count(context, counters.aliasesRefused, "the alias of the Request-URI is not of this proxy");
        }
        SipUri contact = alias != null ? alias.contact() : ContactEdit.withoutAlias(uri);
        Client registered = registered(contact, alias, context);
        if (registered != null && (alias == null || isMoreRecent(registered, alias))) {
            count(context, counters.registeredFlowsUsed, "the flow over which the contact is registered");
            return Verdict.relay(to(registered.binding, contact));
        }
        if (alias == null) {
            return Verdict.proceed();
        }
        count(context, counters.aliasesFollowed, "the address in the alias of the Request-URI");
        return Verdict.relay(new Target(contact, 1f, List.of(), null, alias.received(), alias.socket(), seenAt(alias)));
    }

    private static void count(StageContext context, LongAdder counter, String what) {
        if (context.isRehearsal()) {
            context.note("NAT", what);
        } else {
            counter.increment();
        }
    }

    /**
     * Returns when the owner was seen, so that a later connection from the same address does not count as the owner's.
     */
    private long seenAt(ContactAlias alias) {
        if (alias.isForeign()) {
            return Target.UNKNOWN;
        }
        return isDatedInFuture(alias) ? 0 : alias.seenAtMillis();
    }

    private @Nullable Client registered(SipUri contact, @Nullable ContactAlias alias, StageContext context) {
        for (Client client : clients.at(contact)) {
            boolean owns = alias != null && !alias.isForeign()
                    ? alias.owner() == client.owner
                    : isUser(context, ContactAliasing.user(context.request(), HeaderName.TO), client.aor);
            if (owns && client.binding.received().isPresent()) {
                return client;
            }
        }
        return null;
    }

    /** Returns true if a URI names this user, under any alias of the domain. */
    private static boolean isUser(StageContext context, @Nullable SipUri uri, Aor aor) {
        return uri != null
                && uri.user().equalsIgnoreCase(aor.user())
                && context.domainOf(uri).filter(aor.domain()::equals).isPresent();
    }

    /**
     * Returns true if the registered flow is more recent than the alias. A closed flow is not used. An alias written
     * after the last message on the flow is for a newer flow or for the same one, because a message updates the flow
     * before its Contact gets an alias. An alias dated in the future comes from another process with a wrong clock, so
     * its time is ignored.
     */
    private boolean isMoreRecent(Client registered, ContactAlias alias) {
        return registered.flow.flow.isOpen()
                && (registered.flow.receivedMillis() > alias.seenAtMillis() || isDatedInFuture(alias));
    }

    private boolean isDatedInFuture(ContactAlias alias) {
        return alias.seenAtMillis() > clients.now() + MAX_DRIFT_MILLIS;
    }

    private static Target to(Binding binding, SipUri uri) {
        Target registered = Target.of(binding);
        return new Target(
                uri,
                1f,
                List.of(),
                registered.flow(),
                registered.received(),
                registered.socket(),
                registered.seenAtMillis());
    }

    @Override
    public boolean isRehearsable() {
        return true;
    }

    @Override
    public boolean mayBlock() {
        return false;
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }
}
