package org.sipproxy.testkit;

/** What a NAT tells apart, in mapping (RFC 4787 §4.1) or in filtering (§5). */
public enum NatBehavior {
    /** One for all destinations. */
    ENDPOINT_INDEPENDENT,
    /** One for each address outside, whatever the port. */
    ADDRESS_DEPENDENT,
    /** One for each address and port outside. */
    ADDRESS_AND_PORT_DEPENDENT
}
