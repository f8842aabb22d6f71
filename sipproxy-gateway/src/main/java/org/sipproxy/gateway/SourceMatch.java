package org.sipproxy.gateway;

/** How a request from a member is recognized. */
public enum SourceMatch {
    /** By the source address. The default. A gateway may send from any port. */
    ADDRESS,
    /** By source address and port, for several members or clients at one address. */
    ADDRESS_AND_PORT,
    /** Not at all: requests of members are those of strangers, unless an access list trusts them. */
    OFF
}
