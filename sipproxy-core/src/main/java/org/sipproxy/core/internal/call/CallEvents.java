package org.sipproxy.core.internal.call;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies the listeners of calls, in the order of the events, on a thread of its own. The thread wakes at most every
 * 10 ms: a wake-up for each event would cost more than tracking the call. Thread-safe.
 */
final class CallEvents {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    static final int MOST_WAITING = 100_000;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long IDLE_SECONDS = 30;

    private final HostCall host = new HostCall("call listener");
    private final FailureLog failures = new FailureLog();
    private final LongAdder dropped = new LongAdder();
    private final CallListener[] listeners;
    private final TransactionTable table;
    private final ThreadPoolExecutor thread;
    private final Queue<CallEvent> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();
    /** True from the first event that waits until the thread takes events. */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private final Timer wakeUp = new Timer() {
        @Override
        protected void fire() {
            drainLater();
        }
    };

    CallEvents(List<CallListener> listeners, TransactionTable table, ProxyThreads threads) {
        this.listeners = listeners.toArray(new CallListener[0]);
        this.table = table;
        this.thread = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> threads.create("calls", task));
        thread.allowCoreThreadTimeOut(true);
    }

    /** Returns true if there is a listener; otherwise no events are made. */
    boolean isHeard() {
        return listeners.length > 0;
    }

    /** Queues an event. Never blocks. */
    void publish(CallEvent event) {
        if (size.incrementAndGet() > MOST_WAITING) {
            size.decrementAndGet();
            dropped.increment();
            failures.warn(LOG, "call events are dropped: the listeners are " + MOST_WAITING + " events behind");
            return;
        }
        waiting.add(event);
        if (scheduled.compareAndSet(false, true)) {
            table.schedule(wakeUp, PAUSE_NANOS);
        }
    }

    private void drainLater() {
        try {
            thread.execute(this::drain);
        } catch (Throwable e) { // no thread
            scheduled.set(false); // the next event tries again
            if (!thread.isShutdown()) {
                failures.error(LOG, "no thread for call listeners; their events wait", e);
            }
        }
    }

    private void drain() {
        scheduled.set(false);
        for (@Nullable CallEvent event = waiting.poll(); event != null; event = waiting.poll()) {
            size.decrementAndGet();
            notifyAll(event);
        }
    }

    private void notifyAll(CallEvent event) {
        for (CallListener listener : listeners) {
            try {
                listener.onCall(event);
            } catch (Throwable e) {
                host.failed(event.kind().name(), e);
            }
        }
    }

    long dropped() {
        return dropped.sum();
    }

    /** Notifies the listeners of what waits, until the limit. Called when timers no longer fire. */
    void close(Deadline limit) {
        if (!waiting.isEmpty()) {
            drainLater();
        }
        thread.shutdown();
        try {
            if (!thread.awaitTermination(Math.max(1, limit.leftMillis()), TimeUnit.MILLISECONDS)) {
                LOG.warn("call listeners are still busy; {} events are lost", size.get());
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
