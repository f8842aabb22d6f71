package org.sipproxy.core.internal.transport;

import java.util.function.LongSupplier;
import org.junit.jupiter.api.Nested;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;

/** The same tests without native code, as on every platform but Linux on x86-64. */
class StreamTransportOnSelectorsTest {

    private static StreamEnvironment portable(StreamLimits limits, TransportCounters counters, LongSupplier clock) {
        return new StreamEnvironment(
                2, ProxyThreads.named("test"), limits, ParseLimits.DEFAULT, counters, clock, false);
    }

    @Nested
    class Messages extends StreamMessageTest {

        @Override
        StreamEnvironment environment(StreamLimits limits) {
            return portable(limits, counters, clock::get);
        }
    }

    @Nested
    class Sending extends StreamSendingTest {

        @Override
        StreamEnvironment environment(StreamLimits limits) {
            return portable(limits, counters, clock::get);
        }
    }

    @Nested
    class Timeout extends StreamTimeoutTest {

        @Override
        StreamEnvironment environment(StreamLimits limits) {
            return portable(limits, counters, clock::get);
        }
    }

    @Nested
    class Limits extends StreamLimitsTest {

        @Override
        StreamEnvironment environment(StreamLimits limits) {
            return portable(limits, counters, clock::get);
        }
    }

    @Nested
    class Lifecycle extends StreamLifecycleTest {

        @Override
        StreamEnvironment environment(StreamLimits limits) {
            return portable(limits, counters, clock::get);
        }
    }
}
