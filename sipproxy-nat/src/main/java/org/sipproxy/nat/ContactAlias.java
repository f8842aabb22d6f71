package org.sipproxy.nat;

import org.sipproxy.message.SipUri;

/**
 * Where the sender of a Contact was seen, as its {@code alias} parameter said.
 *
 * @param contact the URI as its owner wrote it, without our parameters
 * @param received where it was seen, {@code sip:203.0.113.9:40001}
 * @param socket the listening point that it was seen at, empty if that is none of ours any more
 * @param owner a hash of the user that the contact was registered by, 0 if it was not registered
 * @param seenAtMillis when the alias was made, on the time of the proxy that made it; 0 if it is somebody else's
 */
record ContactAlias(SipUri contact, SipUri received, String socket, int owner, long seenAtMillis) {

    static final String NAME = "alias";
    static final String KEY = "alias-key";

    /** Somebody else's, a Kamailio's mostly: nothing vouches for it. */
    boolean isForeign() {
        return seenAtMillis == 0;
    }
}
