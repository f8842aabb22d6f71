package org.sipproxy.server.operations;

/** Thread that stops the server a moment later, so that the client that asked for it gets its response. */
final class StopThread {

    private static final long DELAY_MILLIS = 100;

    private StopThread() {}

    static void start(Runnable stop) {
        Thread thread = new Thread(
                () -> {
                    try {
                        Thread.sleep(DELAY_MILLIS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    stop.run();
                },
                "stop-command");
        thread.setDaemon(true);
        thread.start();
    }
}
