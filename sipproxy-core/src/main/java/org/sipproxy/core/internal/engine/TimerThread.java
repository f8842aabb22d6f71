package org.sipproxy.core.internal.engine;

import java.time.Duration;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.Guard;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.options.ProxyClock;
import org.slf4j.LoggerFactory;

/**
 * Thread that advances the timer wheel of one proxy, tick by tick, and runs the checks of each second and of each tick. Only {@link #close} ends it; it survives any
 * Error.
 */
final class TimerThread implements Runnable {

    private static final Duration TICK = Duration.ofMillis(10);
    private static final int TICKS_OF_A_SECOND = 100;

    private final TimerWheel wheel;
    private final ProxyClock clock;
    private final Runnable eachSecond;
    private final Runnable pushOut;
    private final Guard guard = new Guard(LoggerFactory.getLogger(LoggerNames.PROXY), "the timer thread failed");
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Creates the thread.
     *
     * @param eachSecond run once per second
     * @param pushOut sends the datagrams that receivers have collected
     */
    TimerThread(TimerWheel wheel, ProxyClock clock, Runnable eachSecond, Runnable pushOut, ProxyThreads threads) {
        this.wheel = wheel;
        this.clock = clock;
        this.eachSecond = eachSecond;
        this.pushOut = pushOut;
        this.thread = threads.create("timer", this);
    }

    void start() {
        thread.start();
    }

    @Override
    public void run() {
        for (int tick = 1; !closed; tick = tick % TICKS_OF_A_SECOND + 1) {
            try {
                clock.pause(TICK);
                pushOut.run();
                wheel.advance(clock.nanoTime());
                if (tick == TICKS_OF_A_SECOND) {
                    eachSecond.run();
                }
            } catch (InterruptedException e) {
                if (closed) {
                    return;
                }
            } catch (Throwable e) {
                guard.caught(e);
            }
        }
    }

    void close(Deadline limit) {
        closed = true;
        thread.interrupt();
        limit.join(thread);
    }
}
