package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.message.SipUri;

/** What forwarding needs of RFC 3263. */
public interface HopResolver {

    /** The next hop of a URI with a numeric host; null if it takes a look-up. */
    @Nullable
    NextHop numeric(SipUri uri);

    /**
     * Finds the next hops, best first.
     *
     * @param sender on whose behalf, as one sender may only have so many look-ups at a time
     * @param callback called once, on any thread
     */
    void resolve(SipUri uri, Sender sender, NextHopResolver.Callback callback);
}
