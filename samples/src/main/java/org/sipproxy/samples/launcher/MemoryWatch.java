package org.sipproxy.samples.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends the process with status 1 when it is out of memory for good, so that whatever supervises it starts it again: after an
 * OutOfMemoryError, if for five seconds less than a tenth of the heap is free after a collection. That is what
 * {@code -XX:+ExitOnOutOfMemoryError} is for, which an executable jar cannot carry, and which would also end a process that only
 * one large allocation has failed in.
 *
 * <p>It works without memory: its thread, its message and its classes are there before. On the first OutOfMemoryError it releases a
 * reserve, so that a SIGTERM, for which the JVM makes a thread, has some.
 */
final class MemoryWatch extends Thread {

    /** Less than a region of the G1 collector, which would round it up to several. */
    private static final int RESERVE_BYTES = (1 << 20) - 64;

    private static final int PROBE_BYTES = 64 << 10;
    private static final int LOOKS = 5;
    private static final byte[] MESSAGE =
            "sipproxy: out of memory, and the heap stays full; exiting with status 1. Give it more with -Xmx.\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final LongSupplier outOfMemoryErrors;
    private final FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    private byte @Nullable [] reserve = new byte[RESERVE_BYTES];
    /** A field, so that the allocation is not optimised away. */
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

    /** Begins to watch. {@code outOfMemoryErrors} counts those that other threads caught. */
    static void begin(LongSupplier outOfMemoryErrors) {
        MemoryWatch watch = new MemoryWatch(outOfMemoryErrors);
        watch.seen = outOfMemoryErrors.getAsLong();
        watch.hasRoom(); // loads what it needs
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
                ranOut = true; // the look itself found no memory
            }
        }
    }

    /** Called each second. */
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

    /** The reserve counts as used, so that its release is not taken for room. */
    private boolean hasRoom() {
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory() + (reserve == null ? RESERVE_BYTES : 0);
        return used < runtime.maxMemory() / 10 * 9;
    }

    private void exit() {
        try {
            err.write(MESSAGE);
        } catch (IOException e) {
            // without the line, then
        }
        Runtime.getRuntime().halt(Launcher.FAILED);
    }
}
