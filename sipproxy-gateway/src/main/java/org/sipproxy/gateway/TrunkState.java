package org.sipproxy.gateway;

/**
 * State of a {@link Trunk}'s registration.
 *
 * <pre>
 *  state         event                                   next
 *  ------------  --------------------------------------  ------------
 *  UNREGISTERED  the proxy starts                        REGISTERING
 *  REGISTERING,  2xx                                     REGISTERED
 *  REGISTERED,   401, 403, 404, 407 to the login         REJECTED
 *  FAILED,       no response, any other failure, expiry  FAILED
 *  REJECTED      the proxy begins to close               UNREGISTERED
 * </pre>
 */
public enum TrunkState {
    /** Not registered: registration is off, the proxy has not started, or it has stopped. */
    UNREGISTERED,
    /** The first REGISTER is in progress. Later attempts do not change the state before their result. */
    REGISTERING,
    /** Registered. It is refreshed at 80 to 90 % of the granted time. */
    REGISTERED,
    /**
     * The provider refuses the account or its password. The next attempt is late, so that the account is not locked.
     */
    REJECTED,
    /** The latest attempt failed. The next one follows after a growing time. */
    FAILED
}
