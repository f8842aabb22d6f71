/**
 * Resolution of a URI to next hops (RFC 3263).
 *
 * <p>Start with {@code NextHopResolver}, which forwarding uses. It resolves numeric addresses at once and starts a
 * {@code Resolution} for names, which follows NAPTR, SRV and address records. {@code CachingDnsLookup} caches and
 * limits the queries, and {@code NettyDnsLookup} sends them with Netty's resolver. {@code NameServers} opens the latter
 * at the first look-up, and {@code Capabilities} holds the transports and address families of this proxy.
 *
 * <p>Does not decide whether anything may be sent to an address: see {@code internal.address}.
 */
@NullMarked
package org.sipproxy.core.internal.dns;

import org.jspecify.annotations.NullMarked;
