package org.sipproxy.core;

/**
 * Where a registered contact or Path may point that a stranger should not be able to have requests sent to. A contact that is a
 * name is not looked up for this.
 *
 * @param ourselves whether a contact may name the proxy itself, such as another user of its domains, whoever registers it: its
 *     calls then go round. Default false: only what comes from a loopback address, or to a listening point on one, may
 * @param loopback whether a contact may be a loopback address of this machine, whoever registers it. Default false: only what
 *     comes from a loopback address, or to a listening point on one, may name one, as in a laboratory on one machine
 * @param internal whether a contact may be of a private, link-local or otherwise internal network, whoever registers it. Default
 *     false: only what comes from such an address may name one. A phone behind a NAT names one too: that is no harm where
 *     requests go to the address it is seen at, which NAT traversal sees to, and over a connection, which is then the only way
 *     to it
 */
public record DestinationPolicy(boolean ourselves, boolean loopback, boolean internal) {

    /** Nothing that the one who registers is not near to. */
    public static final DestinationPolicy DEFAULT = new DestinationPolicy(false, false, false);

    /** Anything: for networks where everybody who may register is known. */
    public static final DestinationPolicy ANYWHERE = new DestinationPolicy(true, true, true);
}
