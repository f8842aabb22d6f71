package org.sipproxy.core.internal.engine;

import java.util.concurrent.atomic.LongAdder;

/** Counters of one proxy, since its start. */
final class Counters {
    final LongAdder requests = new LongAdder();
    final LongAdder responses = new LongAdder();
    final LongAdder retransmissions = new LongAdder();
    final LongAdder malformed = new LongAdder();
    final LongAdder strayResponses = new LongAdder();
    final LongAdder overload = new LongAdder();
    final LongAdder filtered = new LongAdder();
}
