package org.sipproxy.core.internal.transport;

import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;

/** The same tests without native code, as on every platform but Linux on x86-64. */
class StreamTransportOnSelectorsTest extends StreamTransportTest {

    @Override
    StreamEnvironment environment(StreamLimits limits) {
        return StreamEnvironment.createPortable(2, ProxyThreads.named("test"), limits, ParseLimits.DEFAULT, counters);
    }
}
