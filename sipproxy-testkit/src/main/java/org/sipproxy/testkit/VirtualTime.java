package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Time of a stopped {@link TestClock}. It moves in steps, each to the next timer of a phone or network, or by one tick
 * of the proxies' timers. A step begins when no message has passed for some real milliseconds, none is in a socket, and
 * no thread that handles messages is running. It ends when the timer threads of the proxies have handled the new time.
 *
 * <p>Thread-safe. Tasks run on the thread that steps, one at a time, in the order of their time.
 */
final class VirtualTime {

    private static final long TICK_NANOS = 10_000_000;

    /** For what cannot be seen, such as a message to an application that is not a phone. */
    private static final int QUIET_MILLIS = 4;

    /** When a message that has not arrived is lost. */
    private static final long LOST_NANOS = 500_000_000;

    /** Methods in which threads wait for messages: of the JDK, of Netty and of the batches of datagrams. */
    private static final List<String> WAITING_IN = List.of(
            "sun.nio.ch.", "java.net.", "io.netty.channel.epoll.", "org.sipproxy.core.internal.transport.Linux");

    private static final long STUCK_NANOS = 10_000_000_000L;

    /** Timer of a phone or network. */
    private record Task(long dueNanos, long number, Object owner, Runnable work) {}

    /** Timer thread of a proxy. */
    private static final class Ticker {

        /** Time that the thread acts on, or acted on before it paused. */
        private long seenNanos;

        private boolean paused;
    }

    private final Traffic traffic = new Traffic();
    private final AtomicLong messages = new AtomicLong();
    /** Threads that have sent or received a message. */
    private final Set<Thread> handlers = ConcurrentHashMap.newKeySet();
    /** Held during a step, so that tasks run one at a time; never while waiting for a message. */
    private final ReentrantLock stepping = new ReentrantLock();

    /** Guarded by {@link #stepping}. */
    private long settledMessages;

    /** Written under this object's monitor, which guards the following fields, too. */
    private volatile long nanos;

    private long tasksCreated;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::dueNanos).thenComparingLong(Task::number));
    private final Map<Thread, Ticker> tickers = new HashMap<>();

    Traffic traffic() {
        return traffic;
    }

    /** Returns the time that has passed. */
    long nanos() {
        return nanos;
    }

    /** Notes that a message was sent or received, so that time stands still until its effects are over. */
    void touch() {
        handlers.add(Thread.currentThread());
        messages.incrementAndGet();
    }

    synchronized void schedule(Object owner, long delayNanos, Runnable work) {
        tasks.add(new Task(nanos + delayNanos, tasksCreated++, owner, work));
    }

    /** Removes the tasks of an owner, and waits for the one that is running, unless called by it. */
    void cancel(Object owner) {
        stepping.lock();
        try {
            remove(owner);
        } finally {
            stepping.unlock();
        }
    }

    private synchronized void remove(Object owner) {
        tasks.removeIf(task -> task.owner() == owner);
    }

    /**
     * Waits until time has moved. Returns after {@code limit} of real time as well, so that a proxy sends what it has
     * collected although time stands still.
     */
    synchronized void pause(Duration limit) throws InterruptedException {
        Ticker ticker = tickers.computeIfAbsent(Thread.currentThread(), t -> new Ticker());
        ticker.paused = true;
        notifyAll();
        try {
            long end = System.nanoTime() + limit.toNanos();
            long left = limit.toNanos();
            while (ticker.seenNanos == nanos && left > 0) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
                left = end - System.nanoTime();
            }
        } catch (InterruptedException e) {
            tickers.remove(Thread.currentThread());
            notifyAll();
            throw e;
        }
        ticker.paused = false;
        ticker.seenNanos = nanos;
    }

    /** Moves time by {@code distance}, and handles everything that is due until then. */
    void advance(Duration distance) {
        long limit = nanos + distance.toNanos();
        while (step(limit)) {
            // until the limit
        }
    }

    /**
     * Waits until the messages on their way have been handled or, if there are none, moves on to the next event.
     *
     * @return false if nothing is on its way and {@code limitNanos} is reached
     */
    boolean step(long limitNanos) {
        stepping.lock();
        try {
            if (settle()) {
                return true;
            }
            if (nanos >= limitNanos) {
                return false;
            }
            Task due = move(limitNanos);
            if (due != null) {
                touch();
                due.work().run();
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the clock moved", e);
        } finally {
            stepping.unlock();
        }
    }

    /** Waits until no message has passed for a while. Returns false if none had passed since the previous call. */
    private boolean settle() throws InterruptedException {
        long known = messages.get();
        if (known == settledMessages) {
            return false;
        }
        long changed = System.nanoTime();
        for (int quiet = 0; quiet < QUIET_MILLIS; quiet++) {
            Thread.sleep(1);
            long now = messages.get();
            long unchanged = System.nanoTime() - changed;
            if (now != known) {
                known = now;
                changed = System.nanoTime();
                quiet = -1;
            } else if (traffic.isUnderWay() && unchanged < LOST_NANOS || isHandling() && unchanged < STUCK_NANOS) {
                quiet = -1;
            }
        }
        traffic.forget();
        settledMessages = known;
        return true;
    }

    /** Returns true if a thread works on a message, for example loads a class for it, which takes longer than a wait. */
    private boolean isHandling() {
        handlers.removeIf(thread -> !thread.isAlive());
        return handlers.stream().anyMatch(thread -> thread != Thread.currentThread() && isRunning(thread));
    }

    private static boolean isRunning(Thread thread) {
        Thread.State state = thread.getState();
        if (state != Thread.State.RUNNABLE) {
            return state == Thread.State.BLOCKED;
        }
        StackTraceElement[] frames = thread.getStackTrace();
        return frames.length > 0 && WAITING_IN.stream().noneMatch(frames[0].getClassName()::startsWith);
    }

    private synchronized @Nullable Task move(long limitNanos) throws InterruptedException {
        long next = Math.min(limitNanos, nanos + TICK_NANOS);
        Task due = tasks.peek();
        if (due != null && due.dueNanos() <= next) {
            tasks.remove();
            next = Math.max(nanos, due.dueNanos());
        } else {
            due = null;
        }
        nanos = next;
        notifyAll();
        long giveUp = System.nanoTime() + STUCK_NANOS;
        for (List<Thread> busy = busy(); !busy.isEmpty(); busy = busy()) {
            if (System.nanoTime() - giveUp > 0) {
                throw new AssertionError("the timers of a proxy were not done within 10 s: " + busy);
            }
            wait(100); // a thread that has ended does not notify
        }
        return due;
    }

    private List<Thread> busy() {
        tickers.keySet().removeIf(thread -> !thread.isAlive());
        List<Thread> busy = new ArrayList<>();
        tickers.forEach((thread, ticker) -> {
            if (!ticker.paused || ticker.seenNanos != nanos) {
                busy.add(thread);
            }
        });
        return busy;
    }
}
