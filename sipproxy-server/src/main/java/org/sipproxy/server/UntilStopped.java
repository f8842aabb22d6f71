package org.sipproxy.server;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clean end of the process on SIGTERM or Ctrl-C. A signal during the start takes effect when the start has succeeded or
 * failed, so that nothing that it started remains. A second signal has no effect.
 */
final class UntilStopped implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(UntilStopped.class);

    /** Thread in which the JDK's flight recorder writes its recordings when the JVM shuts down. */
    private static final String FLIGHT_RECORDER = "JFR Shutdown Hook";

    private static final long LONGEST_RECORDING_MILLIS = 10_000;

    /** How long a signal waits for the end of the start. */
    private static final long LONGEST_START_SECONDS = 60;

    private final Thread hook = new Thread(this::end, "stop");
    /** Released when the start has succeeded or failed. */
    private final CountDownLatch started = new CountDownLatch(1);
    /** Null until the start has succeeded. */
    private volatile @Nullable Callable<Integer> stop;

    private UntilStopped() {}

    /** Begins the start. Close the result if the start fails. */
    static UntilStopped begin() {
        UntilStopped process = new UntilStopped();
        Runtime.getRuntime().addShutdownHook(process.hook);
        return process;
    }

    /** Waits as {@link #await}, for a start that is complete. */
    static void serve(Callable<Integer> stop, Runnable announce) {
        try (UntilStopped process = begin()) {
            process.await(stop, announce);
        }
    }

    /**
     * Ends the start: calls {@code announce} and then waits until the thread is interrupted. When the JVM shuts down,
     * {@code stop} is called and returns the exit status.
     *
     * <p>A JVM that a signal ends exits with 128 plus the signal's number, however cleanly it closed. Halting at the
     * end of the shutdown hook is the one documented way to exit with another status. It prevents what the JDK does
     * after the hooks, such as {@link java.io.File#deleteOnExit}.
     */
    void await(Callable<Integer> whenStopped, Runnable announce) {
        stop = whenStopped;
        announce.run();
        started.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller exits, and the hook closes
        }
    }

    private void end() {
        try {
            if (!started.await(LONGEST_START_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("the start did not end within {} s; exiting without closing", LONGEST_START_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Callable<Integer> serving = stop;
        if (serving != null) {
            Runtime.getRuntime().halt(statusOf(serving));
        }
    }

    private static int statusOf(Callable<Integer> stop) {
        try {
            int status = stop.call();
            LOG.info("stopped");
            awaitFlightRecorder();
            Logging.flush();
            System.out.flush();
            return status;
        } catch (Throwable e) { // also an Error: the process must end
            report(e);
            return Launcher.FAILED;
        }
    }

    /** Waits until recordings are written, which the halt would cut off. */
    private static void awaitFlightRecorder() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals(FLIGHT_RECORDER)) {
                thread.join(LONGEST_RECORDING_MILLIS);
            }
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

    /** Ends a start that has failed; the caller has closed what it started. No effect after {@link #await}. */
    @Override
    public void close() {
        started.countDown();
        if (stop == null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // the JVM is shutting down
            }
        }
    }
}
