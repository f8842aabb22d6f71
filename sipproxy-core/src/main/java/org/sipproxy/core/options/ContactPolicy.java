package org.sipproxy.core.options;

/**
 * Addresses to which a client may direct traffic, in addition to addresses that are public. The policy is applied when
 * a resolved address becomes a destination: to the target of a request, its ACK and its CANCEL, and to the Via of a
 * response. The registrar applies it to Contact and Path. A contact with a host name is checked when a request is sent
 * to it.
 *
 * <p>A client may always direct traffic to its own address, and to private addresses if its own address is private. A
 * client on a loopback address, or one that talks to a loopback listening point, may direct traffic anywhere. An
 * in-dialog request may also reach the network of the other side of the dialog. Addresses that the host application
 * chooses, such as the targets of a stage, are not restricted.
 *
 * @param ourselves whether a client may name a listening point of this proxy as a contact or next hop. Default false
 * @param loopback whether a client may name a loopback address, or another port of an address that this proxy listens
 *     on. Default false
 * @param internal whether a client may name an address of a private, link-local or otherwise internal network (RFC
 *     1918, 3927, 4193, 6598). Default false
 * @param multicast whether a response follows a {@code maddr} in Via that is a multicast address (RFC 3261 §18.2.2).
 *     Default false: the Via decides only the port of a response
 */
public record ContactPolicy(boolean ourselves, boolean loopback, boolean internal, boolean multicast) {

    /** Public addresses and addresses near the client only. */
    public static final ContactPolicy DEFAULT = new ContactPolicy(false, false, false, false);

    /** Any unicast address, for networks where every user is known. */
    public static final ContactPolicy ANYWHERE = new ContactPolicy(true, true, true, false);

    /** Returns a copy with another {@link #ourselves}. */
    public ContactPolicy withOurselves(boolean allowed) {
        return new ContactPolicy(allowed, loopback, internal, multicast);
    }

    /** Returns a copy with another {@link #loopback}. */
    public ContactPolicy withLoopback(boolean allowed) {
        return new ContactPolicy(ourselves, allowed, internal, multicast);
    }

    /** Returns a copy with another {@link #internal}. */
    public ContactPolicy withInternal(boolean allowed) {
        return new ContactPolicy(ourselves, loopback, allowed, multicast);
    }

    /** Returns a copy with another {@link #multicast}. */
    public ContactPolicy withMulticast(boolean allowed) {
        return new ContactPolicy(ourselves, loopback, internal, allowed);
    }
}
