package org.sipproxy.gateway;

/** Part of a request that holds a telephone number. */
public enum NumberField {
    /** The user part of the Request-URI: the called number. A {@code tel:} URI as well. */
    REQUEST_URI,
    /**
     * The user part of From: the caller's number. The caller gets the changed From back in responses; user agents that
     * comply with RFC 3261 recognize their request by the tag. Prefer {@link #P_ASSERTED_IDENTITY}.
     */
    FROM,
    /** The user parts of P-Asserted-Identity (RFC 3325): the caller's number as this network vouches for it. */
    P_ASSERTED_IDENTITY
}
