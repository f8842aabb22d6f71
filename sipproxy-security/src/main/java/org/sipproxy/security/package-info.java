/**
 * Who may use the proxy: digest authentication (RFC 3261 §22, RFC 7616) as one step of the routing pipeline. {@link
 * org.sipproxy.security.DigestAuthentication} is the entry; it needs a {@link
 * org.sipproxy.api.auth.CredentialStore}, such as {@link org.sipproxy.security.InMemoryCredentials}.
 */
@NullMarked
package org.sipproxy.security;

import org.jspecify.annotations.NullMarked;
