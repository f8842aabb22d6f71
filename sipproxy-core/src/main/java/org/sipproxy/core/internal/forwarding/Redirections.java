package org.sipproxy.core.internal.forwarding;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.FailureCause;
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

    /**
     * A 3xx that is not followed after all.
     *
     * @param cause {@link FailureCause#NOT_REGISTERED} if it named only users of this proxy and one without a binding
     */
    record Refused(SipResponse response, Target target, FailureCause cause) {}

    /** Treatment of a Contact. */
    private enum Fate {
        /** It is tried next. */
        NOTED,
        /** It is a target of the request already: its result is the result of this Contact. */
        TRIED,
        /** It is left to the caller. */
        LEFT
    }

    /** A Contact and its q. */
    private record Contact(SipUri uri, float q) {}

    /**
     * A 3xx with Contacts that were noted.
     *
     * @param others true if it has others that are left to the caller
     */
    private record Pending(SipResponse response, Target target, List<Contact> contacts, boolean others) {}

    private final RequestContext context;
    private final Set<SipUri> tried = new HashSet<>();

    private final List<Pending> pending = new ArrayList<>();
    /** 3xx whose Contacts are all targets already. */
    private final List<Refused> loops = new ArrayList<>(0);

    private final List<Refused> refused = new ArrayList<>(0);
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
     * Notes the Contacts of a 3xx. Returns false if none of them may be followed. One that is a target already counts
     * as followed: the result of that target is the result of this 3xx too.
     *
     * @param others the other targets of the request, which are not tried again
     */
    boolean offer(SipResponse response, Target from, List<Target> others) {
        others.forEach(other -> tried.add(other.uri()));
        List<Contact> noted = new ArrayList<>(1);
        boolean again = false;
        boolean left = false;
        try {
            for (NameAddress contact : response.addresses(HeaderName.CONTACT)) {
                Fate fate = note(contact, noted);
                again |= fate == Fate.TRIED;
                left |= fate == Fate.LEFT;
            }
        } catch (SipParseException e) {
            left = true; // what cannot be parsed here, the client may understand
        }
        if (!noted.isEmpty()) {
            pending.add(new Pending(response, from, noted, left));
        } else if (again && !left) {
            loops.add(new Refused(response, from, FailureCause.REDIRECTED));
        } else {
            return false;
        }
        return true;
    }

    private Fate note(NameAddress contact, List<Contact> noted) throws SipParseException {
        if (!contact.uri().isSip()) {
            return Fate.LEFT;
        }
        SipUri uri = contact.uri().asRequestUri();
        if (tried.contains(uri)) {
            return Fate.TRIED;
        }
        if (targets + contacts().count() + noted.size() >= MOST_TARGETS || !mayFollow(contact.uri())) {
            return Fate.LEFT;
        }
        tried.add(uri);
        noted.add(new Contact(uri, q(contact)));
        return Fate.NOTED;
    }

    private Stream<Contact> contacts() {
        return pending.stream().flatMap(redirection -> redirection.contacts().stream());
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
     * Returns the targets for the noted Contacts: the bindings of a user of this proxy, or the Contact itself. Those of
     * a Contact with a lower q are tried when those with a higher q have failed.
     *
     * @return one list for each q, with the highest first; empty if there is no target
     * @throws org.sipproxy.api.routing.NeedsWorkerException if the store may block and this thread must not wait; the
     *     Contacts stay noted
     */
    List<List<Target>> targets() {
        Map<Float, List<Target>> groups = new LinkedHashMap<>();
        List<Contact> unregistered = new ArrayList<>(0);
        contacts().sorted(Comparator.comparing(Contact::q).reversed()).forEach(contact -> {
            Aor aor = context.aorOf(contact.uri()).orElse(null);
            if (aor == null) {
                add(groups, contact, ofOthers(contact));
                return;
            }
            List<Binding> bindings = context.bindings(aor);
            if (bindings.isEmpty()) {
                unregistered.add(contact);
            }
            for (Binding binding : bindings) {
                Target bound = Target.of(binding);
                if (tried.add(bound.uri())) {
                    add(groups, contact, bound);
                }
            }
        });
        if (groups.isEmpty()) {
            refuse(unregistered);
        }
        pending.clear();
        return List.copyOf(groups.values());
    }

    /** Returns a target that is equal to bindings of the same Contact q, unless those have a q of their own. */
    private Target ofOthers(Contact contact) {
        Target target = new Target(contact.uri(), 1f, List.of(), null);
        context.redirected(target);
        return target;
    }

    private void add(Map<Float, List<Target>> groups, Contact contact, Target target) {
        if (targets < MOST_TARGETS) {
            targets++;
            groups.computeIfAbsent(contact.q(), q -> new ArrayList<>()).add(target);
        }
    }

    private void refuse(List<Contact> unregistered) {
        for (Pending redirection : pending) {
            boolean absent = redirection.contacts().stream().anyMatch(unregistered::contains);
            FailureCause cause =
                    absent && !redirection.others() ? FailureCause.NOT_REGISTERED : FailureCause.REDIRECTED;
            boolean loop = !absent && !redirection.others();
            (loop ? loops : refused).add(new Refused(redirection.response(), redirection.target(), cause));
        }
    }

    /** Removes the Contacts that were noted, and their 3xx. */
    void forget() {
        pending.clear();
        refused.clear();
        loops.clear();
    }

    /** Returns and removes the 3xx that have not led to a target, except those that {@link #takeLoops} returns. */
    List<Refused> takeRefused() {
        pending.forEach(redirection ->
                refused.add(new Refused(redirection.response(), redirection.target(), FailureCause.REDIRECTED)));
        pending.clear();
        return take(refused);
    }

    /** Returns and removes the 3xx whose Contacts were targets already. */
    List<Refused> takeLoops() {
        return take(loops);
    }

    private static List<Refused> take(List<Refused> kept) {
        List<Refused> taken = List.copyOf(kept);
        kept.clear();
        return taken;
    }
}
