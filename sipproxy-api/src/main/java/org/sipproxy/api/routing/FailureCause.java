package org.sipproxy.api.routing;

/**
 * Cause of the failure of a relayed request, as {@link RelayPlan#onFailure} distinguishes it. A cause groups the final
 * responses (RFC 3261 §21) and locally detected failures that usually call for the same reaction.
 *
 * <pre>
 *  cause            received status                       locally
 *  ---------------  ------------------------------------  -----------------------------------------------
 *  BUSY             486, 600
 *  NO_ANSWER        408, 480                              the ring time or Timer C expired
 *  NOT_REGISTERED   3xx that names such a user only       the user has no binding that may be used
 *  UNKNOWN_USER                                           the user does not exist
 *  DECLINED         603, 607, 608
 *  UNREACHABLE      430, 500, 502, 503, 504               no next hop, connection failed, no response at all
 *  REDIRECTED       3xx
 *  CHALLENGED       401, 407
 *  REJECTED         every other failure, such as 403, 404, 415, 488 or 606
 * </pre>
 */
public enum FailureCause {
    /** The callee is in another call. */
    BUSY,
    /** The callee was alerted, or could have been, and did not pick up. */
    NO_ANSWER,
    /** The callee is a user of this proxy without a binding that may be used for the request. */
    NOT_REGISTERED,
    /**
     * The callee's domain is a domain of this proxy, and the user does not exist. A proxy without authentication, or
     * whose authentication does not know its users, sees every user without a binding as unknown.
     */
    UNKNOWN_USER,
    /** The callee refused this call, and no other device of the callee should be tried. */
    DECLINED,
    /** The target could not be reached or could not serve: another target may do better. */
    UNREACHABLE,
    /** The target names other targets. */
    REDIRECTED,
    /** The target requires credentials of the caller. */
    CHALLENGED,
    /** The target refuses the request as it is, for example because of its session description. */
    REJECTED;

    /**
     * Returns the cause of a received final response.
     *
     * @param statusCode 300 to 699
     * @throws IllegalArgumentException if the status code is outside 300 to 699
     */
    public static FailureCause ofStatus(int statusCode) {
        if (statusCode < 300 || statusCode > 699) {
            throw new IllegalArgumentException("statusCode: " + statusCode + " (expected 300 to 699)");
        }
        if (statusCode < 400) {
            return REDIRECTED;
        }
        return switch (statusCode) {
            case 486, 600 -> BUSY;
            case 408, 480 -> NO_ANSWER;
            case 603, 607, 608 -> DECLINED;
            case 430, 500, 502, 503, 504 -> UNREACHABLE;
            case 401, 407 -> CHALLENGED;
            default -> REJECTED;
        };
    }
}
