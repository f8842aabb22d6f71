package org.sipproxy.nat;

/** The kind of a keepalive ping. */
public enum PingMethod {
    /**
     * An OPTIONS request, to which every client responds, if only with an error. Refreshes the mapping in both
     * directions and detects clients that no longer respond.
     */
    OPTIONS,
    /**
     * A datagram of two CRLFs (RFC 5626 §3.5.1). Gets no response, so it does not refresh a NAT mapping that only
     * the client's own packets refresh.
     */
    CRLF,
    /** A datagram of four zero bytes, as Kamailio sends it. Gets no response. */
    EMPTY
}
