package org.sipproxy.core.internal.transport;

import java.util.concurrent.atomic.LongAdder;

/** What happened on the sockets of one proxy. Network events are counted, not logged. */
public final class TransportCounters {

    /** Connections accepted. */
    public final LongAdder accepted = new LongAdder();
    /** Connections that peers tried to open and that a limit forbade. */
    public final LongAdder refused = new LongAdder();
    /** Accepted connections closed because a limit was reached and another connection took their place. */
    public final LongAdder evicted = new LongAdder();
    /** Accepted connections closed because no valid SIP message came in time. */
    public final LongAdder closedSilent = new LongAdder();
    /** Connections opened to peers. */
    public final LongAdder connected = new LongAdder();
    /** Connections that peers opened and then did not bring their TLS or WebSocket handshake to an end on. */
    public final LongAdder handshakeFailures = new LongAdder();
    /** Connections to peers that could not be opened, because of a limit or of their certificate too. */
    public final LongAdder connectFailures = new LongAdder();
    /** Messages that came in whole on streams. */
    public final LongAdder streamMessages = new LongAdder();
    /** Keepalive pings answered. */
    public final LongAdder pings = new LongAdder();
    /** Connections closed because nothing moved on them. */
    public final LongAdder closedIdle = new LongAdder();
    /** Connections closed because a message took too long to come in. */
    public final LongAdder closedSlow = new LongAdder();
    /** Connections closed because the peer does not read what is sent to it. */
    public final LongAdder closedFull = new LongAdder();
    /** Streams closed because the next message could not be found in them. */
    public final LongAdder unframeable = new LongAdder();
    /** Messages that could not be sent. */
    public final LongAdder sendFailures = new LongAdder();
    /** Exceptions thrown by what messages, closings and failures are handed to. */
    public final LongAdder upcallFailures = new LongAdder();
}
