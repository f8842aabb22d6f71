/**
 * Listening points, transports and flows: where a proxy listens, and how a message arrived.
 *
 * <p>Start with {@link org.sipproxy.api.transport.Endpoint}, which names a listening point, and
 * {@link org.sipproxy.api.transport.Flow}, which identifies the connection or address pair of a message. Components
 * receive raw traffic through {@link org.sipproxy.api.transport.ArrivalFilter},
 * {@link org.sipproxy.api.transport.NonSipHandler} and {@link org.sipproxy.api.transport.StrayResponseHandler}.
 *
 * <p>Does not cover sockets, TLS settings or name resolution: those are options of the proxy's builder.
 */
@NullMarked
package org.sipproxy.api.transport;

import org.jspecify.annotations.NullMarked;
