/**
 * Certificates and keys for TLS.
 *
 * <p>{@code TlsMaterial} reads and checks the files that {@code TlsSettings} names, with {@code PemFile} as the parser;
 * start there. {@code SipIdentities} extracts the SIP domains and addresses for which a peer's certificate is valid
 * (RFC 5922).
 *
 * <p>Does not open connections: the handshake is in {@code internal.transport}.
 */
@NullMarked
package org.sipproxy.core.internal.tls;

import org.jspecify.annotations.NullMarked;
