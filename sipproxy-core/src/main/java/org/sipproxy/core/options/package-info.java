/**
 * Options of a proxy that consist of several values.
 *
 * <p>The types are immutable and passed to {@code SipProxyBuilder}: start there. {@code RegistrarPolicy},
 * {@code StrangerPolicy}, {@code ContactPolicy} and {@code NextHopPolicy} are rules, {@code SipTimers} and
 * {@code StreamLimits} are times and limits, {@code CallSettings} turns on call tracking, {@code TlsSettings} names the
 * certificate files, and {@code ProxyClock} replaces the machine's clocks.
 *
 * <p>Options of a single value are methods of {@code SipProxyBuilder}.
 */
@NullMarked
package org.sipproxy.core.options;

import org.jspecify.annotations.NullMarked;
