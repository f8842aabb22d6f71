package org.sipproxy.testkit;

/** Addresses that a NAT distinguishes in mapping (RFC 4787 §4.1) or filtering (§5). */
public enum NatBehavior {
    /** The same for all destinations. */
    ENDPOINT_INDEPENDENT,
    /** Different for each outer address, regardless of the port. */
    ADDRESS_DEPENDENT,
    /** Different for each outer address and port. */
    ADDRESS_AND_PORT_DEPENDENT
}
