package org.sipproxy.security;

/** Outcome of the check of a request's credentials, with the text for logs. Never disclosed to the client. */
enum AuthenticationOutcome {
    AUTHENTICATED("authenticated"),
    NO_CREDENTIALS("no digest credentials for this realm"),
    NOT_DIGEST("credentials are of another scheme than Digest"),
    WRONG_REALM("credentials answer the challenge of this proxy with another realm, or with none"),
    WRONG_HEADER("credentials answer the challenge of this proxy in the other of Authorization, Proxy-Authorization"),
    MALFORMED("credentials are not a list of parameters, each of them once"),
    INCOMPLETE("username, nonce, uri, response, nc or cnonce is missing in the credentials"),
    INVALID_PARAMETER("username, response or nc of the credentials has a wrong length or wrong characters"),
    UNSUPPORTED_ALGORITHM("credentials for this realm use an algorithm that was not offered"),
    UNSUPPORTED_QOP("credentials use a qop that was not offered"),
    MISSING_QOP("credentials have no qop; requireQop(false) would accept them"),
    URI_MISMATCH("digest uri and Request-URI are different resources"),
    UNKNOWN_USER("unknown user"),
    WRONG_PASSWORD("wrong password"),
    NO_HA1("the user has no HA1 of the algorithm that the phone chose; offer only algorithms() that every user has"),
    LOCKED_OUT("credentials not checked after too many failures"),
    STALE_NONCE("digest is right but its nonce has expired"),
    FOREIGN_NONCE("digest is right but its nonce was not signed with this proxy's secret"),
    NONCE_ELSEWHERE("digest is right but its nonce is bound to another resource, source or dialog"),
    NONCE_REUSED("digest is right but its nonce count was used before, or the nonce is no longer remembered"),
    IDENTITY_MISMATCH("digest user is not the user of From, or for REGISTER of To"),
    AMBIGUOUS_USER("another subscriber has the digest user's name in another case; rename or remove one of them");

    private final String reason;

    AuthenticationOutcome(String reason) {
        this.reason = reason;
    }

    /** Returns one line for logs and tests, without any value from the wire. */
    String reason() {
        return reason;
    }

    /**
     * Returns true if the client proved to know the password and only its nonce was refused. It then gets
     * {@code stale=true} and retries without prompting its user.
     */
    boolean isOnlyTheNonce() {
        return this == STALE_NONCE || this == FOREIGN_NONCE || this == NONCE_ELSEWHERE || this == NONCE_REUSED;
    }

    /**
     * Returns true if the credentials are refused before their digest is compared. The phone has a fault or a wrong
     * setting and gets nowhere, but has not guessed a password. Such outcomes never count towards a lockout or ban.
     */
    boolean isUnusable() {
        return switch (this) {
            case NOT_DIGEST,
                    WRONG_REALM,
                    WRONG_HEADER,
                    MALFORMED,
                    INCOMPLETE,
                    INVALID_PARAMETER,
                    UNSUPPORTED_ALGORITHM,
                    UNSUPPORTED_QOP,
                    MISSING_QOP,
                    URI_MISMATCH -> true;
            default -> false;
        };
    }

    /**
     * Returns true if the outcome is reported as a security event. Others are part of a login that works: the phone
     * has to be challenged first, and later again when its nonce expires.
     */
    boolean isFailure() {
        return switch (this) {
            case AUTHENTICATED, NO_CREDENTIALS, STALE_NONCE, FOREIGN_NONCE, NONCE_ELSEWHERE -> false;
            default -> true;
        };
    }
}
