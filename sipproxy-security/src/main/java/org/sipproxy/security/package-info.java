/**
 * Protection of the proxy: digest authentication (RFC 3261 §22, RFC 7616), access lists, rate limits and an audit log.
 *
 * <p>Start with {@link org.sipproxy.security.DigestAuthentication}. It needs a {@link
 * org.sipproxy.api.auth.CredentialStore}, such as {@link org.sipproxy.security.InMemoryCredentials}. {@link
 * org.sipproxy.security.AccessList}, {@link org.sipproxy.security.FloodGuard}, {@link
 * org.sipproxy.security.IdentityHeaders} and {@link org.sipproxy.security.AuditLog} can be used without it.
 *
 * <p>The access list comes first, because the other components depend on its trust:
 *
 * <pre>{@code
 * return SipProxy.builder()
 *         .listen(endpoint)
 *         .domain("sip.test")
 *         .component(access) // first: the others depend on its trust decisions
 *         .component(flood)
 *         .component(IdentityHeaders.trusting(trunk))
 *         .authentication(digest)
 * }</pre>
 *
 * <p>Not covered: TLS settings and client certificates, which belong to the proxy's transports, and credentials in a
 * database.
 */
@NullMarked
package org.sipproxy.security;

import org.jspecify.annotations.NullMarked;
