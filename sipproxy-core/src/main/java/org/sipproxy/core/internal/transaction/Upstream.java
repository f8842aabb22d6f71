package org.sipproxy.core.internal.transaction;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;

/**
 * Where the responses of a request that came by UDP go, and from where (RFC 3581 §4).
 *
 * @param point the listening point that the request came in on; null if it is not known
 */
public record Upstream(InetSocketAddress address, @Nullable Endpoint point) {}
