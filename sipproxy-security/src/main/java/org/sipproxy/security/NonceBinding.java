package org.sipproxy.security;

/**
 * What a nonce may be bound to. With anything else in its place the nonce is stale and the phone is challenged anew; it is never
 * refused for that.
 */
public enum NonceBinding {
    /**
     * User and host of the Request-URI. A phone that takes the nonce of its REGISTER for a call is asked once more, for the call;
     * its next registration takes the nonce that it had.
     */
    REQUEST_URI,

    /**
     * The address that the request comes from, without the port: a captured answer is of no use elsewhere. A phone whose address
     * changes is asked once more.
     */
    SOURCE_ADDRESS,

    /** The Call-ID, which phones keep from one registration to the next. */
    CALL_ID,

    /** The tag of From; many phones choose a new one for each registration, which then costs a challenge each time. */
    FROM_TAG
}
