package org.sipproxy.testkit;

/** Daemon thread that reads a socket until it is closed. */
final class WireThread {

    private static final long JOIN_MILLIS = 2_000;

    private final Thread thread;

    private WireThread(Thread thread) {
        this.thread = thread;
    }

    static WireThread start(String name, Runnable reading) {
        Thread thread = new Thread(reading, name);
        thread.setDaemon(true);
        thread.start();
        return new WireThread(thread);
    }

    /** Waits for the end of the thread, unless called on the thread itself. */
    void join() {
        if (thread == Thread.currentThread()) {
            return;
        }
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
