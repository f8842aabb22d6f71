package org.sipproxy.server;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wait for SIGTERM or Ctrl-C, with a clean end of the process. */
final class UntilStopped {

    private static final Logger LOG = LoggerFactory.getLogger(UntilStopped.class);

    private UntilStopped() {}

    /**
     * Calls {@code announce} and then waits until the thread is interrupted. When the JVM shuts down, {@code stop} is
     * called and returns the exit status. A second signal has no effect.
     *
     * <p>A JVM that a signal ends exits with 128 plus the signal's number, however cleanly it closed. Halting at the
     * end of the shutdown hook is the one documented way to exit with another status.
     */
    static void serve(Callable<Integer> stop, Runnable announce) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(statusOf(stop)), "stop"));
        announce.run();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller exits, and the hook closes
        }
    }

    private static int statusOf(Callable<Integer> stop) {
        try {
            int status = stop.call();
            LOG.info("stopped");
            Logging.flush();
            System.out.flush();
            return status;
        } catch (Throwable e) { // also an Error: the process must end
            report(e);
            return Launcher.FAILED;
        }
    }

    private static void report(Throwable failure) {
        try {
            LOG.error("closing failed", failure);
            Logging.flush();
            System.out.flush();
        } catch (Throwable e) {
            // no memory for a log line
        }
    }
}
