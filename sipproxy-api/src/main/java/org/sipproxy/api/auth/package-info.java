/**
 * Digest credentials and the contract of the authentication stage (RFC 3261 §22, RFC 7616).
 *
 * <p>Start with {@link org.sipproxy.api.auth.CredentialStore}, which host applications implement to supply a
 * {@link org.sipproxy.api.auth.Credential} for each subscriber. {@link org.sipproxy.api.auth.Authentication} is for
 * hosts that authenticate in another way.
 *
 * <p>Two users in memory:
 *
 * <pre>{@code
 * InMemoryCredentials users = InMemoryCredentials.of(
 *         Credential.ofPassword("1001", "sip.test", "test1234"),
 *         Credential.ofPassword("1002", "sip.test", "test1234"));
 * }</pre>
 *
 * <p>{@link org.sipproxy.api.auth.DigestSession} is the other side: it answers the challenges of other servers.
 *
 * <p>Does not cover the server's side of the digest exchange: module {@code sipproxy-security} implements it.
 */
@NullMarked
package org.sipproxy.api.auth;

import org.jspecify.annotations.NullMarked;
