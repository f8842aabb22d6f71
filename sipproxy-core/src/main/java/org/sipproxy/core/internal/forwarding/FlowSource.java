package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Finds the way to a next hop. */
@FunctionalInterface
public interface FlowSource {

    /** A flow, by preference from the interface that {@code inbound} came in on; null if we do not speak that transport. */
    @Nullable
    TransportFlow flowTo(NextHop hop, TransportFlow inbound);
}
