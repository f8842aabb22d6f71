package org.sipproxy.gateway;

/** How a {@link Trunk} names the caller to the provider. */
public enum CallerIdentity {
    /**
     * The identities of trusted callers pass unchanged, those of others are removed. If the caller wants privacy
     * ({@code Privacy: id}), all are removed, because the provider is not part of the trust domain (RFC 3325 §7).
     */
    NONE,
    /**
     * P-Asserted-Identity (RFC 3325 §9.1) for providers that trust this proxy. {@code Privacy: id} is passed on, and
     * the provider hides the number from the callee.
     */
    P_ASSERTED_IDENTITY,
    /**
     * P-Preferred-Identity (RFC 3325 §9.2) for providers that treat this proxy as a user agent and check the number
     * themselves.
     */
    P_PREFERRED_IDENTITY,
    /**
     * The URI in From, for providers that know their customer by it. A proxy must not change From (RFC 3261 §16.6), so
     * the trunk restores it: the caller sees what it wrote, in responses and in requests of the other side, and the
     * provider sees the account in all requests of the dialog. The tags and the display name stay. After a restart of
     * the proxy, messages of older calls have From and To as their sender wrote them, which user agents accept that
     * compare tags only (§12). {@code Privacy: id} is passed on.
     */
    FROM
}
