package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Faults of a network, for {@link Phone.Builder#faults} and, with an application that is not a phone, {@link
 * NatRouter.Builder#faults} and {@link StreamRelay.Builder#faults}: lost, late, duplicated, overtaken and corrupted messages, connections that break, and
 * peers that fall silent.
 *
 * <pre>{@code
 * NetworkFaults lossy = NetworkFaults.builder(4711).loss(0.2).duplicates(0.1).build();
 * Phone alice = sip.phone("alice", phone -> phone.faults(lossy));
 * }</pre>
 *
 * <p>What happens to a message depends on the seed, on the phone (the first, second, … that was opened with these
 * faults), and on the number of the message in its direction. It does not depend on time. Retransmissions count as
 * messages. Delays are on the clock of the phone or router, which is the machine's or a {@link TestClock}. A failed wait of the phone and a failed test of {@link SipProxyExtension} print the seed.
 *
 * <p>Thread-safe.
 */
public final class NetworkFaults {

    private final long seed;
    private final double loss;
    private final double duplicates;
    private final double reordering;
    private final double garbage;
    private final long leastDelayNanos;
    private final long mostDelayNanos;
    private final int cutAfter;
    private final AtomicInteger links = new AtomicInteger();
    private volatile boolean silent;

    private NetworkFaults(Builder options) {
        this.seed = options.seed;
        this.loss = options.loss;
        this.duplicates = options.duplicates;
        this.reordering = options.reordering;
        this.garbage = options.garbage;
        this.leastDelayNanos = options.leastDelay.toNanos();
        this.mostDelayNanos = options.mostDelay.toNanos();
        this.cutAfter = options.cutAfter;
    }

    /** Returns a builder with a random seed. */
    public static Builder builder() {
        return builder(ThreadLocalRandom.current().nextLong());
    }

    /** Returns a builder with a seed, such as the one that a failed test has printed. */
    public static Builder builder(long seed) {
        return new Builder(seed);
    }

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Drops every message in both directions from now on, also on connections, which stay open. */
    public void silence() {
        silent = true;
    }

    /** Ends {@link #silence}. What was dropped is lost. */
    public void resume() {
        silent = false;
    }

    /** Creates the state of one phone, router or relayed connection. */
    FaultyLink link(@Nullable TestClock clock) {
        return new FaultyLink(this, links.getAndIncrement(), clock);
    }

    boolean isSilent() {
        return silent;
    }

    double loss() {
        return loss;
    }

    double duplicates() {
        return duplicates;
    }

    double reordering() {
        return reordering;
    }

    double garbage() {
        return garbage;
    }

    long leastDelayNanos() {
        return leastDelayNanos;
    }

    long mostDelayNanos() {
        return mostDelayNanos;
    }

    /** Returns the number of messages before a connection is cut; 0 for none. */
    int cutAfter() {
        return cutAfter;
    }

    /** Returns the seed and the faults. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>(List.of("seed " + seed));
        add(parts, "loss", loss);
        add(parts, "duplicates", duplicates);
        add(parts, "reordering", reordering);
        add(parts, "garbage", garbage);
        if (mostDelayNanos > 0) {
            parts.add("delay " + leastDelayNanos / 1_000_000 + " to " + mostDelayNanos / 1_000_000 + " ms");
        }
        if (cutAfter > 0) {
            parts.add("cut after " + cutAfter);
        }
        return "NetworkFaults[" + String.join(", ", parts) + "]";
    }

    private static void add(List<String> parts, String name, double probability) {
        if (probability > 0) {
            parts.add(name + " " + probability);
        }
    }

    /** Builder of {@link NetworkFaults}. Not thread-safe. */
    public static final class Builder {

        private final long seed;
        private double loss;
        private double duplicates;
        private double reordering;
        private double garbage;
        private Duration leastDelay = Duration.ZERO;
        private Duration mostDelay = Duration.ZERO;
        private int cutAfter;

        private Builder(long seed) {
            this.seed = seed;
        }

        /** Sets the probability that a datagram is lost, 0 to 1. Default 0. Streams lose nothing. */
        public Builder loss(double probability) {
            loss = probability("loss", probability);
            return this;
        }

        /** Sets the probability that a datagram arrives twice, 0 to 1. Default 0. Not for streams. */
        public Builder duplicates(double probability) {
            duplicates = probability("duplicates", probability);
            return this;
        }

        /**
         * Sets the probability that a datagram is held back for 50 ms, so that later ones overtake it, 0 to 1. Default
         * 0. Not for streams.
         */
        public Builder reordering(double probability) {
            reordering = probability("reordering", probability);
            return this;
        }

        /**
         * Sets the probability that some bytes of a message to the proxy are replaced by random ones, 0 to 1. Default
         * 0.
         */
        public Builder garbage(double probability) {
            garbage = probability("garbage", probability);
            return this;
        }

        /** Sets the delay of each message. Default none. */
        public Builder delay(Duration value) {
            return delay(value, value);
        }

        /**
         * Sets the range of the delay of each message. Datagrams with different delays overtake each other; messages of
         * a stream stay in order. Default none.
         *
         * @throws IllegalArgumentException if {@code least} is negative or more than {@code most}
         */
        public Builder delay(Duration least, Duration most) {
            if (least.isNegative() || least.compareTo(most) > 0) {
                throw new IllegalArgumentException(
                        "delay: " + least + " to " + most + " (expected zero or more, and the shorter one first)");
            }
            leastDelay = least;
            mostDelay = most;
            return this;
        }

        /**
         * Cuts each connection in the middle of a message: the phone sends this many messages, half of the next one
         * (nothing of it over a WebSocket, which has whole frames only), and closes. At least 1; keepalives count.
         * Default never. Not for UDP.
         *
         * @throws IllegalArgumentException if {@code messages} is less than 1
         */
        public Builder cutAfter(int messages) {
            if (messages < 1) {
                throw new IllegalArgumentException("cutAfter: " + messages + " (expected 1 or more)");
            }
            cutAfter = messages;
            return this;
        }

        private static double probability(String name, double value) {
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException(name + ": " + value + " (expected 0 to 1)");
            }
            return value;
        }

        /** Returns the faults. */
        public NetworkFaults build() {
            return new NetworkFaults(this);
        }
    }
}
