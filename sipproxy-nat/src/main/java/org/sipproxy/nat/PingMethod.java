package org.sipproxy.nat;

/** What a keepalive ping is. */
public enum PingMethod {
    /** A request that every client answers, be it with an error: both directions of the mapping are used, and silence tells. */
    OPTIONS,
    /** A datagram of two line ends (RFC 5626 §3.5.1). Nobody answers; a NAT that only counts outbound packets is not impressed. */
    CRLF,
    /** A datagram of four zero bytes, as Kamailio sends it. Nobody answers it either. */
    EMPTY
}
