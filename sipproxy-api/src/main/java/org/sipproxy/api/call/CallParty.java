package org.sipproxy.api.call;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * One side of a {@link Call}.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version.
 */
public interface CallParty {

    /** Returns the URI in From of the INVITE for the caller, in To for the callee. */
    SipUri uri();

    /** Returns the display name beside that URI, without quotes; empty if there is none. */
    String displayName();

    /** Returns the tag (RFC 3261 §19.3); empty while it is not known. */
    String tag();

    /**
     * Returns the remote target of this side as the other side sees it (RFC 3261 §12.1): its Contact after changes by
     * NAT traversal. A re-INVITE or UPDATE may change it.
     */
    Optional<SipUri> contact();

    /**
     * Returns the address from which this side's INVITE or 2xx arrived: of a phone, of its NAT, or of another proxy.
     */
    Optional<InetSocketAddress> address();

    /** Returns the listening point at which it arrived. */
    Optional<Endpoint> endpoint();
}
