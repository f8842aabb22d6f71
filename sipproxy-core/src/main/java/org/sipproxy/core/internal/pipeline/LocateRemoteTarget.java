package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.guard.GuardedStore;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Relays a request within a dialog to its Route or its Request-URI (RFC 3261 §16.5, §12.2). A remote target on a stream transport
 * is often reached by the connection over which it is registered now and by no other: a phone that does not listen, a browser that
 * has reconnected since. The store is asked for the user that To names, so that registering another user's contact does not
 * attract that user's requests.
 */
final class LocateRemoteTarget implements Stage {

    private static final Logger LOG = LoggerFactory.getLogger(LocateRemoteTarget.class);

    private final LogThrottle failures = new LogThrottle(Duration.ofSeconds(10));
    private final GuardedStore store;
    private final boolean mayBlock;

    LocateRemoteTarget(LocationStore store) {
        this.store = new GuardedStore(store);
        this.mayBlock = this.store.blocking() == LocationStore.Blocking.ALWAYS;
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return mayBlock && context.isOnward() && needsBinding(context) ? Outcome.blocked() : run(context);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        if (!context.isOnward()) {
            return Outcome.proceed();
        }
        SipUri uri = context.request().requestUri();
        if (needsBinding(context)) {
            TransportFlow flow = registeredFlow(context, uri);
            if (flow != null) {
                context.registeredFlow(flow);
            }
        }
        if (context.remainingRoutes().isEmpty() && isReachedByItsConnection(uri)) {
            context.reachedByFlow();
        }
        return Outcome.relay(Target.of(uri));
    }

    /** True if the remote target is on a stream, and its Route does not name a connection that is open. */
    private static boolean needsBinding(RequestContext context) throws SipParseException {
        if (!context.remainingRoutes().isEmpty() || isOpen(context.dialogFlow())) {
            return false;
        }
        SipUri uri = context.request().requestUri();
        return uri.isSip() && (context.isReachedByFlow() || isOnStream(uri) || isReachedByItsConnection(uri));
    }

    private static boolean isOpen(@Nullable TransportFlow flow) {
        return flow != null && flow.isOpen();
    }

    private static boolean isOnStream(SipUri uri) {
        return uri.isSecure() || (uri.hasParameter("transport") && !uri.parameterIs("transport", "udp"));
    }

    /** Nobody can connect to a browser (RFC 7118 §5.2, §6). */
    private static boolean isReachedByItsConnection(SipUri uri) {
        return uri.isSip()
                && (uri.parameterIs("transport", "ws")
                        || uri.parameterIs("transport", "wss")
                        || HostName.normal(uri.host()).endsWith(".invalid"));
    }

    private @Nullable TransportFlow registeredFlow(RequestContext context, SipUri uri) throws SipParseException {
        Aor aor = context.names().aorOf(context.request().to().uri());
        if (aor == null) {
            return null;
        }
        try {
            return newestFlow(store.lookup(aor), uri);
        } catch (LocationStoreException e) {
            failures.warn(LOG, "location store failed; a request within a dialog is sent to its Request-URI only", e);
            return null;
        }
    }

    /** The open flow of the binding whose contact the URI is, or else of one at the same host and port. */
    private static @Nullable TransportFlow newestFlow(List<Binding> bindings, SipUri uri) {
        Binding best = null;
        boolean bestIsSame = false;
        for (Binding binding : bindings) {
            boolean same = binding.contact().isEquivalentTo(uri);
            if (isUsable(binding)
                    && (same || (!bestIsSame && isAtSamePlace(binding.contact(), uri)))
                    && (best == null || same != bestIsSame || binding.updatedAtMillis() > best.updatedAtMillis())) {
                best = binding;
                bestIsSame = same;
            }
        }
        return best != null && best.flow().orElse(null) instanceof TransportFlow flow ? flow : null;
    }

    private static boolean isUsable(Binding binding) {
        return binding.path().isEmpty()
                && binding.flow().orElse(null) instanceof TransportFlow flow
                && flow.kind().isReliable()
                && flow.isOpen();
    }

    private static boolean isAtSamePlace(SipUri contact, SipUri uri) {
        return contact.isSip() && contact.port() == uri.port() && HostName.same(contact.host(), uri.host());
    }
}
