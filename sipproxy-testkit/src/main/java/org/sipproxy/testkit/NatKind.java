package org.sipproxy.testkit;

/** Kinds of NAT of RFC 3489 §5, in the terms of RFC 4787. */
public enum NatKind {
    /** One mapping per inner address and port, and any address may send to it. */
    FULL_CONE(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ENDPOINT_INDEPENDENT),
    /** One mapping, and any port of an address that was sent to may send back. */
    ADDRESS_RESTRICTED(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ADDRESS_DEPENDENT),
    /** One mapping, and only an address and port that was sent to may send back. */
    PORT_RESTRICTED(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ADDRESS_AND_PORT_DEPENDENT),
    /** A mapping per destination, and only that destination may send back. */
    SYMMETRIC(NatBehavior.ADDRESS_AND_PORT_DEPENDENT, NatBehavior.ADDRESS_AND_PORT_DEPENDENT);

    private final NatBehavior mapping;
    private final NatBehavior filtering;

    NatKind(NatBehavior mapping, NatBehavior filtering) {
        this.mapping = mapping;
        this.filtering = filtering;
    }

    /** Returns the destinations for which an inner address has the same mapping. */
    public NatBehavior mapping() {
        return mapping;
    }

    /** Returns the addresses that may send to a mapping. */
    public NatBehavior filtering() {
        return filtering;
    }
}
