package org.sipproxy.testkit;

import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Faults on the link of one phone or NAT: decides what happens to each message, and delivers late ones. */
final class FaultyLink implements AutoCloseable {

    /** Delay of a datagram that others are to overtake. */
    private static final long HELD_BACK_NANOS = 50_000_000;

    private final NetworkFaults faults;
    private final Path outward;
    private final Path inward;
    private final @Nullable TestClock clock;
    private final Timers timers;

    FaultyLink(NetworkFaults faults, int number, @Nullable TestClock clock) {
        this.faults = faults;
        Random seeds = new Random(faults.seed() + number);
        this.outward = new Path(new Random(seeds.nextLong()), faults.garbage());
        this.inward = new Path(new Random(seeds.nextLong()), 0);
        this.clock = clock;
        this.timers = Timers.of(clock, "network-faults");
    }

    NetworkFaults faults() {
        return faults;
    }

    /** Passes a datagram to the proxy on, never, once or twice, now or later. */
    void sendDatagram(byte[] bytes, Consumer<byte[]> onward) {
        outward.pass(bytes, onward, false);
    }

    /** Passes a datagram from the proxy on, never, once or twice, now or later. */
    void receiveDatagram(byte[] bytes, Consumer<byte[]> onward) {
        inward.pass(bytes, onward, false);
    }

    /** Passes a message of a stream to the proxy on. Returns false if the connection is to be cut within it instead. */
    boolean sendOnStream(byte[] bytes, Consumer<byte[]> onward) {
        return outward.pass(bytes, onward, true);
    }

    /** Passes a message of a stream from the proxy on. */
    void receiveOnStream(byte[] bytes, Consumer<byte[]> onward) {
        inward.pass(bytes, onward, true);
    }

    /** Drops the messages that are late, and waits for the one that is being delivered. */
    @Override
    public void close() {
        timers.close();
    }

    /** One direction. */
    private final class Path {

        private final Random random;
        private final double garbage;
        private int messages;
        /** Late messages of a stream: each delivery takes the first one, so that they stay in order. */
        private final Queue<Runnable> inOrder = new ConcurrentLinkedQueue<>();

        Path(Random random, double garbage) {
            this.random = random;
            this.garbage = garbage;
        }

        synchronized boolean pass(byte[] bytes, Consumer<byte[]> onward, boolean stream) {
            messages++;
            if (clock != null) {
                clock.touch();
            }
            // The same draws for every message, so that one fault does not change the faults of later messages.
            boolean lost = random.nextDouble() < faults.loss();
            boolean twice = random.nextDouble() < faults.duplicates();
            boolean heldBack = random.nextDouble() < faults.reordering();
            boolean corrupted = random.nextDouble() < garbage;
            double late = random.nextDouble();
            Random noise = new Random(random.nextLong());

            if (faults.isSilent() || !stream && lost) {
                return true;
            }
            boolean cut = stream && faults.cutAfter() > 0 && messages > faults.cutAfter();
            byte[] passed = corrupted ? corrupt(bytes, noise) : bytes;
            long delay = faults.leastDelayNanos()
                    + (long) (late * (faults.mostDelayNanos() - faults.leastDelayNanos()))
                    + (heldBack && !stream ? HELD_BACK_NANOS : 0);
            if (cut) {
                return false;
            }
            if (stream && faults.mostDelayNanos() > 0) {
                inOrder.add(() -> onward.accept(passed));
                timers.after(delay, () -> inOrder.remove().run());
                return true;
            }
            for (int copies = twice && !stream ? 2 : 1; copies > 0; copies--) {
                if (delay > 0) {
                    timers.after(delay, () -> onward.accept(passed));
                } else {
                    onward.accept(passed);
                }
            }
            return true;
        }
    }

    private static byte[] corrupt(byte[] bytes, Random noise) {
        byte[] corrupted = bytes.clone();
        for (int i = 0; i <= bytes.length / 50 && bytes.length > 0; i++) { // an empty datagram may be a keepalive
            corrupted[noise.nextInt(bytes.length)] = (byte) noise.nextInt(256);
        }
        return corrupted;
    }
}
