package org.sipproxy.nat;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * Address at which the sender of a Contact was seen, as read from its {@code alias} parameter.
 *
 * @param contact the URI as its owner wrote it, without the alias parameters
 * @param received the address at which the sender was seen, such as {@code sip:203.0.113.9:40001}
 * @param socket the listening point at which it was seen; null if this proxy no longer listens there
 * @param owner a hash of the user who registered the contact; 0 if it was not registered
 * @param seenAtMillis when the alias was written, in the time of the proxy that wrote it; 0 if it is foreign
 */
record ContactAlias(
        SipUri contact, SipUri received, @Nullable Endpoint socket, int owner, long seenAtMillis) {

    static final String NAME = "alias";
    static final String KEY = "alias-key";

    /** Returns true if the alias is unsigned, typically written by a Kamailio. */
    boolean isForeign() {
        return seenAtMillis == 0;
    }
}
