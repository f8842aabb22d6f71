package org.sipproxy.core.options;

/**
 * Addresses that a client may have bytes sent to beyond those that anyone on the Internet reaches. The policy is applied where a
 * resolved address becomes something to send to: to the target of a request, its ACK and its CANCEL, to a response's Via, and by
 * the registrar to Contact and Path. A contact that is a name is checked when a request is sent to it.
 *
 * <p>A client may always have bytes sent to its own address, to private addresses if its own is private, and to anything if it is
 * on a loopback address or talks to a listening point on one. A request within a dialog also reaches the network of the dialog's
 * other side. What the host application decides, such as the targets of a stage, is not restricted.
 *
 * @param ourselves whether a client may name a listening point of this proxy as a contact or next hop. Default false
 * @param loopback whether a client may name a loopback address, or another port of an address that this proxy listens on. Default
 *     false
 * @param internal whether a client may name an address of a private, link-local or otherwise internal network (RFC 1918, 3927,
 *     4193, 6598). Default false
 * @param multicast whether responses follow a {@code maddr} in Via that is a multicast address (RFC 3261 §18.2.2). Default false:
 *     a Via decides the port of a response only
 */
public record ContactPolicy(boolean ourselves, boolean loopback, boolean internal, boolean multicast) {

    /** Only addresses that anyone reaches, or that are near to the client. */
    public static final ContactPolicy DEFAULT = new ContactPolicy(false, false, false, false);

    /** Any unicast address: for networks where every user is known. */
    public static final ContactPolicy ANYWHERE = new ContactPolicy(true, true, true, false);

    /** This policy with {@link #ourselves} changed. */
    public ContactPolicy withOurselves(boolean allowed) {
        return new ContactPolicy(allowed, loopback, internal, multicast);
    }

    /** This policy with {@link #loopback} changed. */
    public ContactPolicy withLoopback(boolean allowed) {
        return new ContactPolicy(ourselves, allowed, internal, multicast);
    }

    /** This policy with {@link #internal} changed. */
    public ContactPolicy withInternal(boolean allowed) {
        return new ContactPolicy(ourselves, loopback, allowed, multicast);
    }

    /** This policy with {@link #multicast} changed. */
    public ContactPolicy withMulticast(boolean allowed) {
        return new ContactPolicy(ourselves, loopback, internal, allowed);
    }
}
