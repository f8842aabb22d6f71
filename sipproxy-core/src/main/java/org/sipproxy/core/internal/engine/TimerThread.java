package org.sipproxy.core.internal.engine;

import org.sipproxy.core.ProxyClock;
import org.sipproxy.core.internal.time.TimerWheel;

/** Advances the wheel of one proxy, a tick at a time. */
final class TimerThread extends Thread {

    private static final long TICK_MILLIS = 10;

    private final TimerWheel wheel;
    private final ProxyClock clock;
    private volatile boolean closed;

    TimerThread(TimerWheel wheel, ProxyClock clock) {
        super("sip-timer");
        this.wheel = wheel;
        this.clock = clock;
        setDaemon(true);
    }

    @Override
    public void run() {
        while (!closed) {
            try {
                Thread.sleep(TICK_MILLIS);
                wheel.advance(clock.nanoTime());
            } catch (InterruptedException e) {
                if (closed) {
                    return;
                }
            }
        }
    }

    void close() {
        closed = true;
        interrupt();
        try {
            if (this != Thread.currentThread()) {
                join(1_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
