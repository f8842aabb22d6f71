package org.sipproxy.core.internal.dns;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;

/** One place that a message may be sent to. */
public record NextHop(TransportKind kind, InetSocketAddress address) {}
