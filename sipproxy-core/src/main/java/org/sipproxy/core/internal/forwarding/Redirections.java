package org.sipproxy.core.internal.forwarding;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * Contacts of 3xx responses that a request is redirected to (RFC 3261 §16.7 step 4). Each URI is tried once, and the
 * number of targets is limited, so that two phones that name each other do not make a loop.
 */
final class Redirections {

    private static final int MOST_TARGETS = 10;

    /** A 3xx and the target that sent it. */
    record Refused(SipResponse response, Target target) {}

    /** A Contact and its q. */
    private record Contact(SipUri uri, float q) {}

    private final RequestContext context;
    private final Set<SipUri> tried = new HashSet<>();
    /** Those of {@link #tried} that were Contacts. */
    private final Set<SipUri> followed = new HashSet<>();

    private final List<Contact> pending = new ArrayList<>();
    private final List<Refused> responses = new ArrayList<>();
    /** Number of targets that were found so far. */
    private int targets;

    Redirections(RequestContext context) {
        this.context = context;
        try {
            tried.add(context.received().requestUri());
        } catch (SipParseException e) {
            tried.clear(); // cannot happen: the Request-URI has been parsed
        }
    }

    /**
     * Notes the Contacts of a 3xx. Returns false if none of them may be followed. One that another 3xx named before
     * counts as followed: the result of that Contact is the result of this 3xx too.
     *
     * @param others the other targets of the request, which are not tried again
     */
    boolean offer(SipResponse response, Target from, List<Target> others) {
        others.forEach(other -> tried.add(other.uri()));
        boolean follows = false;
        boolean again = false;
        try {
            for (NameAddress contact : response.addresses(HeaderName.CONTACT)) {
                again |=
                        contact.uri().isSip() && followed.contains(contact.uri().asRequestUri());
                follows |= note(contact);
            }
        } catch (SipParseException e) {
            follows = isPending(); // what cannot be parsed here, the client may understand
        }
        if (follows) {
            responses.add(new Refused(response, from));
        }
        return follows || again;
    }

    private boolean note(NameAddress contact) throws SipParseException {
        SipUri uri = contact.uri();
        if (!uri.isSip()
                || targets + pending.size() >= MOST_TARGETS
                || !mayFollow(uri)
                || !tried.add(uri.asRequestUri())) {
            return false;
        }
        followed.add(uri.asRequestUri());
        pending.add(new Contact(uri.asRequestUri(), q(contact)));
        return true;
    }

    private boolean mayFollow(SipUri uri) {
        return context.isMyself(uri) ? uri.hasUser() && context.aorOf(uri).isPresent() : context.mayRelay();
    }

    private static float q(NameAddress contact) {
        try {
            float q = Float.parseFloat(contact.parameter("q").orElse("1"));
            return q >= 0 && q <= 1 ? q : 1f;
        } catch (NumberFormatException e) {
            return 1f; // decides nothing but the order
        }
    }

    /** Returns true if there are Contacts that were not tried. */
    boolean isPending() {
        return !pending.isEmpty();
    }

    /**
     * Returns the targets for the noted Contacts: the bindings of a user of this proxy, or the Contact itself.
     *
     * @throws org.sipproxy.api.routing.NeedsWorkerException if the store may block and this thread must not wait; the
     *     Contacts stay noted
     */
    List<Target> targets() {
        List<Target> found = new ArrayList<>();
        for (Contact contact : pending) {
            Aor aor = context.aorOf(contact.uri()).orElse(null);
            if (aor == null) {
                Target target = new Target(contact.uri(), contact.q(), List.of(), null);
                context.redirected(target);
                found.add(target);
            } else {
                for (Binding binding : context.bindings(aor)) {
                    Target bound = Target.of(binding);
                    if (tried.add(bound.uri())) {
                        found.add(bound);
                    }
                }
            }
        }
        pending.clear();
        List<Target> allowed = found.subList(0, Math.min(found.size(), MOST_TARGETS - targets));
        targets += allowed.size();
        return allowed;
    }

    /** Forgets the Contacts that were noted, and their 3xx. */
    void forget() {
        pending.clear();
        responses.clear();
    }

    /** Returns and removes the 3xx whose Contacts were noted. */
    List<Refused> takeRefused() {
        List<Refused> taken = List.copyOf(responses);
        responses.clear();
        return taken;
    }
}
