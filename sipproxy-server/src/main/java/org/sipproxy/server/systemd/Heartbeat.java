package org.sipproxy.server.systemd;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;

/** Task on the proxy's timer thread that counts, as proof that the thread runs its tasks. */
final class Heartbeat implements ProxyComponent {

    private final Duration period;
    private final AtomicLong beats = new AtomicLong();
    /** Value of the counter at the previous look. One thread looks. */
    private long seen;

    Heartbeat(Duration period) {
        this.period = period;
    }

    @Override
    public void install(ComponentHooks hooks) {}

    @Override
    public void start(ProxyRuntime proxy) {
        proxy.schedule(period, () -> beat(proxy));
    }

    private void beat(ProxyRuntime proxy) {
        beats.incrementAndGet();
        proxy.schedule(period, () -> beat(proxy));
    }

    /** Returns true if the timer thread has run since the previous call. */
    boolean hasBeaten() {
        long now = beats.get();
        boolean more = now != seen;
        seen = now;
        return more;
    }
}
