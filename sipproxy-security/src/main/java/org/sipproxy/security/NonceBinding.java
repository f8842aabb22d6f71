package org.sipproxy.security;

/**
 * A part of the request that a nonce can be bound to. A nonce used with another value is stale and the phone is
 * challenged again; the request is not refused for it.
 */
public enum NonceBinding {
    /**
     * User and host of the Request-URI. A phone that uses the nonce of its REGISTER for a call is challenged once, for
     * the call. Its next registration uses the earlier nonce.
     */
    REQUEST_URI,

    /**
     * The source address of the request, without the port: captured credentials are useless elsewhere. A phone whose
     * address changes is challenged once.
     */
    SOURCE_ADDRESS,

    /** The Call-ID, which phones keep from one registration to the next. */
    CALL_ID,

    /** The tag of From; many phones choose a new one for each registration, which then costs a challenge each time. */
    FROM_TAG
}
