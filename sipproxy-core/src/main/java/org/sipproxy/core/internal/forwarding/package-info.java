/**
 * Stateful forwarding of requests and responses (RFC 3261 §16.6 to §16.10).
 *
 * <p>Start with {@code RequestForwarder}. For a request other than ACK it creates a {@code ResponseContext}, which
 * forks the request to {@code Branch}es and chooses the final response ({@code BestResponse}). {@code TargetRoute}
 * supplies the candidates of one target, {@code RequestWriter} and {@code ResponseRewriter} write the messages, and
 * {@code HopCredentials} removes credentials and challenges of this proxy's realms. {@code AckRelay} forwards an ACK.
 *
 * <p>Does not choose targets (see {@code internal.pipeline}) and does not resolve names (see {@code internal.dns}).
 */
@NullMarked
package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.NullMarked;
