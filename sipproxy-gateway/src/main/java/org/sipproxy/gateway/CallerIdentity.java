package org.sipproxy.gateway;

/**
 * How a {@link Trunk} tells the provider who calls. From is never changed: user agents and proxies of the dialog compare
 * it, and a proxy could not restore it in every request and response (RFC 3261 §12, §16).
 */
public enum CallerIdentity {
    /**
     * The identities of trusted callers pass unchanged, those of others are removed. If the caller wants privacy
     * ({@code Privacy: id}), all are removed, because the provider is not part of the trust domain (RFC 3325 §7).
     */
    NONE,
    /**
     * P-Asserted-Identity (RFC 3325 §9.1) for providers that trust this proxy. {@code Privacy: id} is passed on, and the
     * provider hides the number from the callee.
     */
    P_ASSERTED_IDENTITY,
    /**
     * P-Preferred-Identity (RFC 3325 §9.2) for providers that treat this proxy as a user agent and check the number
     * themselves.
     */
    P_PREFERRED_IDENTITY
}
