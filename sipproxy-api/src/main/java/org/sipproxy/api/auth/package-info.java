/**
 * Digest credentials and the contract of the authentication stage (RFC 3261 §22, RFC 7616).
 *
 * <p>Start with {@link org.sipproxy.api.auth.CredentialStore}, which host applications implement to supply a
 * {@link org.sipproxy.api.auth.Credential} for each subscriber. {@link org.sipproxy.api.auth.Authentication} is for
 * hosts that authenticate in another way.
 *
 * <p>Does not cover the digest exchange itself: module {@code sipproxy-security} implements it.
 */
@NullMarked
package org.sipproxy.api.auth;

import org.jspecify.annotations.NullMarked;
