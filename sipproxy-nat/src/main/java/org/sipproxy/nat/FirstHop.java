package org.sipproxy.nat;

import java.util.Optional;
import java.util.function.Predicate;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Whether a message came to us from its user agent itself: only then is a NAT in front of that ours to deal with. */
final class FirstHop {

    private FirstHop() {}

    /** True if a request has no Via but its sender's. */
    static boolean isOurs(SipRequest request) throws SipParseException {
        return !request.isRepeated(HeaderName.VIA)
                && request.topVia().index().end() == request.index().valueEnd(request.firstHeader(HeaderName.VIA));
    }

    /** What the Record-Route of a response tells of who is next to the callee: empty if there is none. */
    static Optional<Boolean> isOurs(SipResponse response, Predicate<SipUri> isMyself) throws SipParseException {
        Optional<NameAddress> top = response.firstAddress(HeaderName.RECORD_ROUTE);
        return top.isEmpty()
                ? Optional.empty()
                : Optional.of(isMyself.test(top.get().uri()));
    }
}
