package org.sipproxy.core.internal.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.guard.GuardedStore;
import org.sipproxy.core.internal.registrar.BestFirst;
import org.sipproxy.core.internal.registrar.Targets;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Look-up of the bindings that may be used for a request, and the rule for requests that go elsewhere. Notes in the
 * request's context who registered the bindings.
 */
final class BindingLookup {

    private final GuardedStore store;
    private final boolean mayBlock;
    private final boolean authenticates;

    /** @param authenticates true if a stage has authenticated local users */
    BindingLookup(LocationStore store, boolean authenticates) {
        this.authenticates = authenticates;
        this.store = new GuardedStore(store);
        this.mayBlock = this.store.blocking() == LocationStore.Blocking.ALWAYS;
    }

    /** Returns true if a look-up may block. */
    boolean mayBlock() {
        return mayBlock;
    }

    /** Prevents an open relay: only a local user, authenticated where that is required, may call elsewhere. */
    boolean mayRelay(RequestContext context) {
        if (context.isTrusted()) {
            return true;
        }
        try {
            return authenticates
                    ? context.authenticatedUser().isPresent()
                    : context.isMyself(context.request().from().uri());
        } catch (SipParseException e) {
            return false;
        }
    }

    /**
     * Returns all bindings of a user.
     *
     * @throws org.sipproxy.api.location.LocationStoreException if the store fails
     */
    List<Binding> all(RequestContext context, Aor aor) {
        List<Binding> bindings = store.lookup(aor);
        if (context.isRehearsal()) {
            note(context, aor, bindings);
        }
        for (Binding binding : bindings) {
            noteName(context, binding);
        }
        return bindings;
    }

    private static void note(RequestContext context, Aor aor, List<Binding> bindings) {
        context.note("address of record", aor.toString());
        if (bindings.isEmpty()) {
            context.note("bindings", "none");
        }
        for (Binding binding : bindings) {
            StringBuilder text = new StringBuilder(binding.contact().toString())
                    .append(", expires in ")
                    .append(binding.remainingSeconds(context.now().toEpochMilli()))
                    .append(" s");
            binding.received().ifPresent(received -> text.append(", received ").append(received));
            binding.path().forEach(hop -> text.append(", path ").append(hop));
            binding.flow()
                    .filter(flow -> flow.kind().isReliable())
                    .ifPresent(flow -> text.append(flow.isOpen() ? ", connected" : ", connection closed"));
            context.note("binding", text.toString());
        }
    }

    /** A binding's numeric next hop was checked at registration; a host name is resolved only now. */
    private static void noteName(RequestContext context, Binding binding) {
        SipUri hop =
                binding.path().isEmpty() ? binding.contact() : binding.path().get(0);
        if (!AddressPolicy.isNumeric(hop)) {
            context.registrant(binding.path().isEmpty() ? hop.asRequestUri() : hop, binding);
        }
    }

    /** Returns the bindings for a stage of the host application; see {@code StageContext.bindings}. */
    List<Binding> usable(RequestContext context, Aor aor) {
        if (mayBlock && !context.mayWait()) {
            throw new NeedsWorkerException();
        }
        boolean secured = isSecured(context);
        List<Binding> usable = new ArrayList<>();
        for (Binding binding : BestFirst.sorted(all(context, aor))) {
            if (binding.contact().isSip() && (!secured || Targets.isSecured(Target.of(binding)))) {
                usable.add(binding);
            }
        }
        return List.copyOf(usable);
    }

    /** RFC 5630 §5.3: a request for a sips URI is never sent over less than TLS. */
    private static boolean isSecured(RequestContext context) {
        try {
            return context.isSecured();
        } catch (SipParseException e) {
            return true; // cannot happen: the Request-URI has been parsed
        }
    }
}
