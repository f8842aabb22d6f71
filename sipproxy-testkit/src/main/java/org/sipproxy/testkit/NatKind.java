package org.sipproxy.testkit;

/** The four kinds of NAT of RFC 3489 §5, in the terms of RFC 4787. */
public enum NatKind {
    /** One mapping for an inner address and port, and anybody may send to it. */
    FULL_CONE(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ENDPOINT_INDEPENDENT),
    /** One mapping, and any port of an address that was sent to may answer. */
    ADDRESS_RESTRICTED(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ADDRESS_DEPENDENT),
    /** One mapping, and only addresses with their ports that were sent to may answer. */
    PORT_RESTRICTED(NatBehavior.ENDPOINT_INDEPENDENT, NatBehavior.ADDRESS_AND_PORT_DEPENDENT),
    /** A mapping for each destination, and only that one may answer. */
    SYMMETRIC(NatBehavior.ADDRESS_AND_PORT_DEPENDENT, NatBehavior.ADDRESS_AND_PORT_DEPENDENT);

    private final NatBehavior mapping;
    private final NatBehavior filtering;

    NatKind(NatBehavior mapping, NatBehavior filtering) {
        this.mapping = mapping;
        this.filtering = filtering;
    }

    /** For which destinations an inner address keeps its mapping. */
    public NatBehavior mapping() {
        return mapping;
    }

    /** Who may send to a mapping. */
    public NatBehavior filtering() {
        return filtering;
    }
}
