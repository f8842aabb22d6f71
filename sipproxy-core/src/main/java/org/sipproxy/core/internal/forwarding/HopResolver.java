package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.message.SipUri;

/** The part of RFC 3263 that forwarding needs. */
public interface HopResolver {

    /** Returns the next hop of a URI with a numeric host; null if a look-up is needed. */
    @Nullable
    NextHop numeric(SipUri uri);

    /**
     * Finds the next hops, best first.
     *
     * @param sender the party on whose behalf, because the number of concurrent look-ups per sender is limited
     * @param callback called once, on any thread
     */
    void resolve(SipUri uri, Sender sender, NextHopResolver.Callback callback);
}
