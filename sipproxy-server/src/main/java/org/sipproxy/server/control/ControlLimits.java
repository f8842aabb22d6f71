package org.sipproxy.server.control;

import java.time.Duration;

/**
 * Limits of a control channel.
 *
 * @param connections connections at a time
 * @param requestBytes length of a request, without the end of the line
 * @param idle how long a connection may be open without completing a request, unless a stream is open
 * @param stalled how long a client may leave sent data unread
 * @param streamBytes bytes that may wait for a client that reads a stream
 */
record ControlLimits(int connections, int requestBytes, Duration idle, Duration stalled, int streamBytes) {

    static final ControlLimits DEFAULT =
            new ControlLimits(16, 64 * 1024, Duration.ofSeconds(60), Duration.ofSeconds(10), 1024 * 1024);
}
