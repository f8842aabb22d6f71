package org.sipproxy.nat;

import java.util.Optional;
import java.util.function.Predicate;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Check for messages that came directly from their user agents: only then does this proxy handle the NAT. */
final class FirstHop {

    private FirstHop() {}

    /** Returns true if the sender's Via is the only one of a request. */
    static boolean isThisProxy(SipRequest request) throws SipParseException {
        return !request.isRepeated(HeaderName.VIA)
                && request.topVia().index().end() == request.index().valueEnd(request.firstHeader(HeaderName.VIA));
    }

    /**
     * Returns true if this proxy's Record-Route is the topmost one of a response. Empty if the response has no
     * Record-Route.
     */
    static Optional<Boolean> isThisProxy(SipResponse response, Predicate<SipUri> isMyself) throws SipParseException {
        Optional<NameAddress> top = response.firstAddress(HeaderName.RECORD_ROUTE);
        return top.isEmpty()
                ? Optional.empty()
                : Optional.of(isMyself.test(top.get().uri()));
    }
}
