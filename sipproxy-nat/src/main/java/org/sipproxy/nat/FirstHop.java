package org.sipproxy.nat;

import java.util.Optional;
import java.util.function.Predicate;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.NameAddress;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;

/** Whether a message came to us from its user agent itself: only then is a NAT in front of that ours to deal with. */
final class FirstHop {

    private FirstHop() {}

    /** True if a request has no Via but its sender's. */
    static boolean isOurs(SipRequest request) throws SipParseException {
        return !request.isRepeated(HeaderName.VIA)
                && request.topVia().end() == request.valueEnd(request.firstHeader(HeaderName.VIA));
    }

    /** What the Record-Route of a response tells of who is next to the callee: empty if there is none. */
    static Optional<Boolean> isOurs(SipResponse response, Predicate<SipUri> isMyself) throws SipParseException {
        int line = response.firstHeader(HeaderName.RECORD_ROUTE);
        if (line < 0) {
            return Optional.empty();
        }
        NameAddress top = response.addresses(HeaderName.RECORD_ROUTE).get(0);
        return Optional.of(isMyself.test(top.uri()));
    }
}
