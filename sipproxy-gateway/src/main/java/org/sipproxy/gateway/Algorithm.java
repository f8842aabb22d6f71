package org.sipproxy.gateway;

/**
 * Which member of a set is tried first. The others follow as its fallbacks in the order that the algorithm defines.
 *
 * <p>The hash algorithms give all requests with the same key the same member. A member that is added, removed, down or
 * up moves its own share of the keys only (rendezvous hashing), and proxies with the same members choose the same one.
 * Keys are texts: case of the host is ignored, that of the user is not.
 */
public enum Algorithm {
    /** Each in turn. Kamailio's 4. */
    ROUND_ROBIN,
    /** A random one, in proportion to the weights; equally if no member has a weight. Kamailio's 9 and 11. */
    WEIGHT,
    /** The one with the highest priority; those of equal priority in turn. Kamailio's 8. */
    PRIORITY,
    /** By Call-ID. Kamailio's 0. */
    HASH_CALL_ID,
    /** By the URI of From. Kamailio's 1. */
    HASH_FROM,
    /** By the URI of To. Kamailio's 2. */
    HASH_TO,
    /** By the caller's address of record: the authenticated user, otherwise the URI of From. Kamailio's 5. */
    HASH_CALLER,
    /** The one with the fewest calls; those with equally many in turn. Kamailio's 10. */
    LEAST_CALLS
}
