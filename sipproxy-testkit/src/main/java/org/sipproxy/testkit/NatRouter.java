package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A NAT for UDP on the loopback address, without privileges: it maps and filters as a router of its {@link NatKind} does, forgets
 * mappings that are not used, and can be rebooted.
 *
 * <p>Who is inside sends to {@link #towards(InetSocketAddress)} instead of to the destination; that is how {@link Phone.Builder#behind}
 * uses it. Routers stand in a row by {@code home.towards(carrier.towards(proxy))}: a home router behind a carrier's NAT.
 *
 * <p>Safe for use by any thread. Its threads, one for each mapping and destination, are daemons that {@link #close()} ends.
 */
public final class NatRouter implements AutoCloseable {

    private final NatKind kind;
    private final long lifetimeNanos;
    private final boolean refreshedFromOutside;
    private final boolean hairpin;
    /** Inside: the sockets that stand for destinations outside. */
    private final Map<InetSocketAddress, NatSocket> doors = new ConcurrentHashMap<>();

    private final Map<MappingKey, Mapping> mappings = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private NatRouter(Builder options) {
        this.kind = options.kind;
        this.lifetimeNanos = options.lifetime.toNanos();
        this.refreshedFromOutside = options.refreshedFromOutside;
        this.hairpin = options.hairpin;
    }

    /** A router of that kind with the defaults of {@link Builder}. */
    public static NatRouter of(NatKind kind) {
        return builder(kind).build();
    }

    /** A router of that kind. */
    public static Builder builder(NatKind kind) {
        return new Builder(kind);
    }

    /** Its kind. */
    public NatKind kind() {
        return kind;
    }

    /** The address inside that stands for a destination outside. */
    public InetSocketAddress towards(InetSocketAddress destination) {
        return door(destination).address();
    }

    /** Switches it off and on: every mapping is gone, and what inside sends next gets another port. */
    public void reboot() {
        mappings.values().forEach(mapping -> mapping.socket.close());
        mappings.clear();
    }

    /**
     * Forgets every mapping, as {@link #reboot} does, but would give the same ports again: until something inside has sent, nothing
     * from outside gets in.
     */
    public void flush() {
        mappings.values().forEach(Mapping::forget);
    }

    /** How many mappings there are now. */
    public int mappings() {
        return (int) mappings.values().stream().filter(Mapping::isAlive).count();
    }

    /** Whose mapping the outer address is; nothing if it is none of this router's now. */
    public Optional<InetSocketAddress> inside(InetSocketAddress outside) {
        return mappings.values().stream()
                .filter(mapping -> mapping.isAlive() && mapping.socket.address().equals(outside))
                .map(mapping -> mapping.inner)
                .findFirst();
    }

    /** Closes every socket. Idempotent; returns when its threads have ended. */
    @Override
    public void close() {
        closed = true;
        closeDoors(); // nothing leaves any more, so no mapping is made
        reboot();
        closeDoors(); // what was just coming in may have opened another
    }

    private void closeDoors() {
        doors.values().forEach(NatSocket::close);
        doors.clear();
    }

    private NatSocket door(InetSocketAddress destination) {
        return doors.computeIfAbsent(
                destination, d -> NatSocket.open("nat-inside", (bytes, from) -> leave(from, d, bytes)));
    }

    private void leave(InetSocketAddress inner, InetSocketAddress destination, byte[] bytes) {
        if (closed || !hairpin && inside(destination).isPresent()) {
            return;
        }
        MappingKey key = MappingKey.of(inner, destination, kind.mapping());
        Mapping mapping =
                mappings.compute(key, (k, known) -> known != null && known.isUsable() ? known : renew(known, inner));
        mapping.leave(destination, bytes);
    }

    private Mapping renew(@Nullable Mapping old, InetSocketAddress inner) {
        if (old != null) {
            old.socket.close();
        }
        return new Mapping(inner);
    }

    /** What a mapping is for: an inner address, and as much of the destination as the NAT tells apart. */
    private record MappingKey(InetSocketAddress inner, Object destination) {

        static MappingKey of(InetSocketAddress inner, InetSocketAddress destination, NatBehavior mapping) {
            return new MappingKey(inner, distinguished(destination, mapping));
        }
    }

    private static Object distinguished(InetSocketAddress outside, NatBehavior behavior) {
        return switch (behavior) {
            case ENDPOINT_INDEPENDENT -> "any";
            case ADDRESS_DEPENDENT -> outside.getAddress();
            case ADDRESS_AND_PORT_DEPENDENT -> outside;
        };
    }

    /** An outer port that stands for an inner address. */
    private final class Mapping {

        private final InetSocketAddress inner;
        private final NatSocket socket;
        /** Who was sent to, as far as the filter tells them apart. */
        private final Set<Object> admitted = ConcurrentHashMap.newKeySet();

        private volatile long usedNanos = System.nanoTime();
        private volatile boolean forgotten;

        Mapping(InetSocketAddress inner) {
            this.inner = inner;
            this.socket = NatSocket.open("nat-outside", (bytes, from) -> enter(from, bytes));
        }

        void leave(InetSocketAddress destination, byte[] bytes) {
            usedNanos = System.nanoTime();
            admitted.add(distinguished(destination, kind.filtering()));
            forgotten = false;
            socket.send(bytes, destination);
        }

        private void enter(InetSocketAddress from, byte[] bytes) {
            if (closed || !isAlive() || !admits(from)) {
                return;
            }
            if (refreshedFromOutside) {
                usedNanos = System.nanoTime();
            }
            door(from).send(bytes, inner);
        }

        private boolean admits(InetSocketAddress from) {
            return kind.filtering() == NatBehavior.ENDPOINT_INDEPENDENT
                    || admitted.contains(distinguished(from, kind.filtering()));
        }

        void forget() {
            forgotten = true;
            admitted.clear();
        }

        boolean isAlive() {
            return !forgotten && isUsable();
        }

        /** False if the port is not to be given again. */
        boolean isUsable() {
            return System.nanoTime() - usedNanos <= lifetimeNanos;
        }
    }

    /** Options of a {@link NatRouter}. */
    public static final class Builder {

        private final NatKind kind;
        private Duration lifetime = Duration.ofMinutes(5);
        private boolean refreshedFromOutside;
        private boolean hairpin = true;

        private Builder(NatKind kind) {
            this.kind = Objects.requireNonNull(kind, "kind");
        }

        /**
         * How long a mapping lives after the last datagram from inside; positive. Default 5 minutes, which RFC 4787 REQ-5 recommends;
         * many routers have 30 seconds.
         */
        public Builder lifetime(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("lifetime: " + value + " (expected a positive duration)");
            }
            lifetime = value;
            return this;
        }

        /** A datagram that is let in keeps its mapping alive, too (RFC 4787 REQ-6). Default only those from inside do. */
        public Builder refreshedFromOutside() {
            refreshedFromOutside = true;
            return this;
        }

        /**
         * What inside sends to one of this router's own outer ports is dropped. Default it comes in again, from the sender's outer
         * port, as RFC 4787 REQ-9 wants.
         */
        public Builder withoutHairpin() {
            hairpin = false;
            return this;
        }

        /** The router; it opens sockets as it needs them. */
        public NatRouter build() {
            return new NatRouter(this);
        }
    }
}
