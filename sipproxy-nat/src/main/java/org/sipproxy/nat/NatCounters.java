package org.sipproxy.nat;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counters of NAT traversal; may be incremented by any thread. */
final class NatCounters {

    final LongAdder behindNat = new LongAdder();
    final LongAdder aliasesWritten = new LongAdder();
    final LongAdder aliasesFollowed = new LongAdder();
    final LongAdder aliasesRefused = new LongAdder();
    final LongAdder registeredFlowsUsed = new LongAdder();
    final LongAdder pings = new LongAdder();
    final LongAdder spared = new LongAdder();
    final LongAdder answers = new LongAdder();
    final LongAdder unanswered = new LongAdder();
    final LongAdder removed = new LongAdder();
    final LongAdder stunAnswers = new LongAdder();
    final LongAdder roundTripNanos = new LongAdder();
    final AtomicLong longestRoundTripNanos = new AtomicLong();

    void answered(long nanos) {
        answers.increment();
        roundTripNanos.add(nanos);
        if (nanos > longestRoundTripNanos.get()) {
            longestRoundTripNanos.accumulateAndGet(nanos, Math::max);
        }
    }
}
