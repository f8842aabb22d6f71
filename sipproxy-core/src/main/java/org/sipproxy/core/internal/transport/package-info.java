/**
 * Sockets and connections: bytes in, bytes out.
 *
 * <p>Start with {@code UdpTransport} and {@code StreamTransport}, the listening points, and with
 * {@code InboundHandler}, which receives what they read. A {@code StreamConnection} is one TCP, TLS or WebSocket
 * connection; its {@code StreamProtocol} handles what differs between them. {@code ConnectionBudget} limits and evicts
 * connections, and {@code StreamEnvironment} holds what all of them share.
 *
 * <p>Does not parse messages (see {@code internal.codec} for framing) and does not depend on the layers above.
 */
@NullMarked
package org.sipproxy.core.internal.transport;

import org.jspecify.annotations.NullMarked;
