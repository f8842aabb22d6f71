package org.sipproxy.core.internal.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** The parties on whose behalf a request is sent to its next hops. */
final class Senders {

    /** The client that registered a binding whose next hop is a host name. */
    private record Registrant(SipUri hop, Sender sender) {}

    private List<Registrant> registrants = List.of();
    /** Targets of a redirection that are requested on behalf of the sender. */
    private List<Target> redirected = List.of();

    /** Notes that the next hop of this binding is a host name, whose address is not known before it is resolved. */
    void registrant(SipUri hop, Binding binding) {
        registrants = new ArrayList<>(registrants);
        registrants.add(new Registrant(hop, Sender.of(binding)));
    }

    /** Notes a target that the sender would request itself if the redirection were passed on. */
    void redirected(Target target) {
        redirected = new ArrayList<>(redirected);
        redirected.add(target);
    }

    boolean isRedirected(Target target) {
        for (Target redirect : redirected) {
            if (redirect == target) {
                return true;
            }
        }
        return false;
    }

    /** Returns the client that registered {@code hop}; the host application if none did. */
    Sender registrantOf(SipUri hop) {
        for (Registrant registrant : registrants) {
            if (registrant.hop().equals(hop)) {
                return registrant.sender();
            }
        }
        return Sender.HOST;
    }

    /**
     * Returns true if the target is the Request-URI as received, or the one that a strict router had moved to the end
     * of Route.
     *
     * @param current the request as it is now
     */
    static boolean isNamedBy(SipRequest received, @Nullable SipRequest current, Target target)
            throws SipParseException {
        SipUri uri = target.uri();
        if (target.flow() != null || target.received() != null) {
            return false;
        }
        if (received.requestUri().equals(uri)) {
            return true;
        }
        if (received == current || received.firstHeader(HeaderName.ROUTE) < 0) {
            return false;
        }
        List<NameAddress> all = received.addresses(HeaderName.ROUTE);
        return !all.isEmpty() && all.get(all.size() - 1).uri().equals(uri);
    }
}
