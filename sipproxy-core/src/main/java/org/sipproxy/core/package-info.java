/**
 * Entry point of the SIP proxy: {@code SipProxy} and {@code SipProxyBuilder}.
 *
 * <p>Start with {@code SipProxy#builder}. Package {@code options} holds the settings that consist of several values.
 * Stages, components and stores that a host application implements, and the states and counters that a proxy reports,
 * are in sipproxy-api.
 *
 * <p>A proxy with passwords; {@code start()} opens its ports, {@code close()} ends it:
 *
 * <pre>{@code
 * return SipProxy.builder()
 *         .listen(endpoint)
 *         .domain("sip.test")
 *         .authentication(DigestAuthentication.builder().credentials(users).build())
 * }</pre>
 *
 * <p>Everything below {@code internal} may change at any time.
 */
@NullMarked
package org.sipproxy.core;

import org.jspecify.annotations.NullMarked;
