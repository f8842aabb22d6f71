package org.sipproxy.core.internal.transaction;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;

/**
 * Destination and source of the responses to a request that arrived over UDP (RFC 3581 §4).
 *
 * @param point the listening point on which the request arrived; null if it is not known
 */
public record Upstream(InetSocketAddress address, @Nullable Endpoint point) {}
