package org.sipproxy.testkit;

/** A daemon that reads a socket until that is closed. */
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

    /** Waits for the end, unless it is the thread itself that asks. */
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
