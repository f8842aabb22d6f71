package org.sipproxy.core.internal.transport;

import java.util.concurrent.atomic.LongAdder;

/** Counters of the stream connections of one proxy, for {@code ProxyStatistics}. Network events are not logged. */
public final class TransportCounters {

    /** Connections accepted. */
    public final LongAdder accepted = new LongAdder();
    /** Incoming connections refused because of a limit. */
    public final LongAdder refused = new LongAdder();
    /** Accepted connections closed because a limit was reached and another connection took their place. */
    public final LongAdder evicted = new LongAdder();
    /** Accepted connections closed because no valid SIP message came in time. */
    public final LongAdder closedSilent = new LongAdder();
    /** Connections opened to peers. */
    public final LongAdder connected = new LongAdder();
    /** Accepted connections whose TLS or WebSocket handshake failed. */
    public final LongAdder handshakeFailures = new LongAdder();
    /** Connections to peers that could not be opened, including those refused because of a limit or a certificate. */
    public final LongAdder connectFailures = new LongAdder();
    /** Connections closed because a message took too long to arrive. */
    public final LongAdder closedSlow = new LongAdder();
    /** WebSockets closed because the peer did not respond to a ping. */
    public final LongAdder closedUnresponsive = new LongAdder();
    /** Connections closed because the peer does not read what is sent to it. */
    public final LongAdder closedFull = new LongAdder();
    /** Streams closed because the next message could not be framed. */
    public final LongAdder unframeable = new LongAdder();
    /** Messages that could not be sent on a stream. */
    public final LongAdder sendFailures = new LongAdder();
}
