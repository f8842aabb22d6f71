package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.GuardedStore;
import org.sipproxy.core.internal.registrar.ConnectionBindings;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Relays an in-dialog request to its Route or its Request-URI (RFC 3261 §16.5, §12.2). A remote target on a stream
 * transport is often reachable only over its current registration's connection, for example a phone that does not
 * listen or a browser that has reconnected; one that registered over UDP may name a transport that this proxy cannot
 * reach it over. The stage looks up the user named by the Route or To, so that
 * registering another user's contact does not attract that user's requests.
 */
final class LocateRemoteTarget implements Stage {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ROUTING);

    private final FailureLog failures = new FailureLog(Duration.ofSeconds(10));
    private final GuardedStore store;
    private final Function<Binding, @Nullable TransportFlow> connectionOf;
    private final boolean mayBlock;

    /**
     * @param connectionOf returns the connection over which a binding was registered, if it is known
     */
    LocateRemoteTarget(LocationStore store, Function<Binding, @Nullable TransportFlow> connectionOf) {
        this.store = new GuardedStore(store);
        this.connectionOf = connectionOf;
        this.mayBlock = this.store.blocking() == LocationStore.Blocking.ALWAYS;
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return mayBlock && context.isOnward() && context.handedOver() == null && needsBinding(context)
                ? Outcome.blocked()
                : run(context);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        if (!context.isOnward()) {
            return Outcome.proceed();
        }
        Target handedOver = context.handedOver();
        if (handedOver != null) {
            return Outcome.relay(handedOver);
        }
        SipUri uri = context.request().requestUri();
        if (needsBinding(context)) {
            learnRegistration(context, uri);
        }
        if (context.remainingRoutes().isEmpty() && ConnectionBindings.isReachedByItsConnection(uri)) {
            context.learnOfDialog().needsFlow = true;
        }
        return Outcome.relay(Target.of(uri));
    }

    /** Returns true if the remote target is on a stream, and its Route does not name an open connection. */
    private static boolean needsBinding(RequestContext context) throws SipParseException {
        if (!context.remainingRoutes().isEmpty() || isOpen(context.dialog().flow())) {
            return false;
        }
        SipUri uri = context.request().requestUri();
        return uri.isSip()
                && (context.dialog().needsFlow()
                        || isOnStream(uri)
                        || ConnectionBindings.isReachedByItsConnection(uri));
    }

    private static boolean isOpen(@Nullable TransportFlow flow) {
        return flow != null && flow.isOpen();
    }

    private static boolean isOnStream(SipUri uri) {
        return uri.isSecure() || (uri.hasParameter("transport") && !uri.parameterIs("transport", "udp"));
    }

    private void learnRegistration(RequestContext context, SipUri uri) throws SipParseException {
        Aor named = context.dialog().user();
        Aor aor = named != null
                ? named
                : context.names().aorOf(context.request().to().uri());
        if (aor == null) {
            return;
        }
        List<Binding> bindings;
        try {
            bindings = store.lookup(aor);
        } catch (LocationStoreException e) {
            failures.warn(LOG, "location store failed; an in-dialog request is sent to its Request-URI only", e);
            return;
        }
        TransportFlow connection = bestFlow(bindings, uri, true);
        TransportFlow datagrams = connection == null ? bestFlow(bindings, uri, false) : null;
        if (connection != null) {
            context.learnOfDialog().registeredFlow = connection;
        } else if (datagrams != null) {
            context.learnOfDialog().registeredDatagrams = datagrams;
        }
    }

    /**
     * Returns the flow of the binding whose contact is most like the URI, the most recent one among equals; null if
     * there is none.
     *
     * @param reliable true for a connection, false for UDP
     */
    private @Nullable TransportFlow bestFlow(List<Binding> bindings, SipUri uri, boolean reliable) {
        Binding best = null;
        TransportFlow flow = null;
        for (Binding binding : bindings) {
            Likeness likeness = Likeness.of(binding.contact(), uri);
            if (likeness != Likeness.NONE && binding.path().isEmpty() && isBetter(likeness, binding, best, uri)) {
                TransportFlow candidate = connectionOf.apply(binding);
                if (candidate != null && candidate.kind().isReliable() == reliable && candidate.isOpen()) {
                    best = binding;
                    flow = candidate;
                }
            }
        }
        return flow;
    }

    private static boolean isBetter(Likeness likeness, Binding binding, @Nullable Binding best, SipUri uri) {
        if (best == null) {
            return true;
        }
        int order = likeness.compareTo(Likeness.of(best.contact(), uri));
        return order > 0 || (order == 0 && binding.updatedAtMillis() > best.updatedAtMillis());
    }

    /** Degree to which a registered contact matches a remote target, in ascending order. */
    private enum Likeness {
        NONE,
        /** Another port: phones that name the port of their connection have a new one after a reconnect. */
        SAME_USER_AND_HOST,
        SAME_HOST_AND_PORT,
        EQUIVALENT;

        static Likeness of(SipUri contact, SipUri uri) {
            if (contact.isEquivalentTo(uri)) {
                return EQUIVALENT;
            } else if (!contact.isSip() || !HostName.same(contact.host(), uri.host())) {
                return NONE;
            } else if (contact.port() == uri.port()) {
                return SAME_HOST_AND_PORT;
            }
            return contact.user().equals(uri.user()) ? SAME_USER_AND_HOST : NONE;
        }
    }
}
