package org.sipproxy.server;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watchdog that ends the process with status 1 if it remains out of memory, so that its supervisor restarts it. The
 * condition is an OutOfMemoryError, and less than a tenth of the heap free after a collection for 5 s. The JVM option
 * {@code -XX:+ExitOnOutOfMemoryError} cannot be set in an executable jar, and would end the process also after one
 * large allocation that failed.
 *
 * <p>Works without free memory: its thread, message and classes are created before. On the first OutOfMemoryError it
 * releases a reserve, so that there is memory for the thread that the JVM creates on SIGTERM.
 */
final class MemoryWatch extends Thread {

    /** Smaller than a region of the G1 collector, which would use several regions for it otherwise. */
    private static final int RESERVE_BYTES = (1 << 20) - 64;

    private static final int PROBE_BYTES = 64 << 10;
    private static final int LOOKS = 5;
    private static final byte[] MESSAGE =
            "sipproxy: out of memory, and the heap remains full; exiting with status 1. Increase -Xmx.\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final LongSupplier outOfMemoryErrors;
    private final FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    private byte @Nullable [] reserve = new byte[RESERVE_BYTES];
    /** Field, so that the allocation is not optimized away. */
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] probe;

    private long seen;
    private boolean ranOut;
    private int fullLooks;

    MemoryWatch(LongSupplier outOfMemoryErrors) {
        super("memory-watch");
        this.outOfMemoryErrors = outOfMemoryErrors;
        setDaemon(true);
    }

    /** Starts the watchdog. {@code outOfMemoryErrors} counts the errors that other threads caught. */
    static void begin(LongSupplier outOfMemoryErrors) {
        MemoryWatch watch = new MemoryWatch(outOfMemoryErrors);
        watch.seen = outOfMemoryErrors.getAsLong();
        watch.hasRoom(); // loads the classes that it needs
        watch.start();
    }

    @Override
    public void run() {
        while (true) {
            try {
                TimeUnit.SECONDS.sleep(1);
                look();
            } catch (InterruptedException e) {
                return;
            } catch (Throwable e) {
                ranOut = true; // the check itself ran out of memory
            }
        }
    }

    /** Checks the heap; called every second. */
    void look() {
        if (!ranOut && !hasRunOut()) {
            return;
        }
        ranOut = true;
        reserve = null;
        System.gc();
        if (hasRoom()) {
            ranOut = false;
            fullLooks = 0;
            reserve = new byte[RESERVE_BYTES];
        } else if (++fullLooks >= LOOKS) {
            exit();
        }
    }

    private boolean hasRunOut() {
        long now = outOfMemoryErrors.getAsLong();
        boolean more = now > seen;
        seen = now;
        probe = new byte[PROBE_BYTES]; // fails if there is no memory
        probe = null;
        return more;
    }

    /**
     * Returns true if less than nine tenths are used. Counts the reserve as used, so that its release is not mistaken
     * for free memory.
     */
    private boolean hasRoom() {
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory() + (reserve == null ? RESERVE_BYTES : 0);
        return used < runtime.maxMemory() / 10 * 9;
    }

    private void exit() {
        try {
            err.write(MESSAGE);
        } catch (IOException e) {
            // exit without the line
        }
        Runtime.getRuntime().halt(Launcher.FAILED);
    }
}
