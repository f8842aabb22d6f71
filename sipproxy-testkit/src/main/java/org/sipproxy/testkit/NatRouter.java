package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.options.ProxyClock;

/**
 * NAT for UDP on the loopback address, without privileges. It maps and filters like a router of its {@link NatKind},
 * removes mappings that are not used, and can be rebooted.
 *
 * <p>Inner hosts send to {@link #towards(InetSocketAddress)} instead of the destination, as {@link
 * Phone.Builder#behind} does. To chain routers, use {@code home.towards(carrier.towards(proxy))}: a home router behind
 * a carrier's NAT.
 *
 * <p>Thread-safe. Its threads, one per mapping and destination, are daemons and end with {@link #close()}.
 */
public final class NatRouter implements AutoCloseable {

    private final NatKind kind;
    private final long lifetimeNanos;
    private final boolean refreshedFromOutside;
    private final boolean hairpin;
    /** Inner sockets, by the outer destination that they represent. */
    private final Map<InetSocketAddress, NatSocket> doors = new ConcurrentHashMap<>();

    private final Map<MappingKey, Mapping> mappings = new ConcurrentHashMap<>();
    private final ProxyClock clock;
    private final @Nullable FaultyLink link;
    private volatile boolean closed;

    private NatRouter(Builder options) {
        this.kind = options.kind;
        this.lifetimeNanos = options.lifetime.toNanos();
        this.refreshedFromOutside = options.refreshedFromOutside;
        this.hairpin = options.hairpin;
        this.clock = options.clock == null ? ProxyClock.system() : options.clock;
        this.link = options.faults == null ? null : options.faults.link(options.clock);
    }

    /** Creates a router with the defaults of {@link Builder}. */
    public static NatRouter of(NatKind kind) {
        return builder(kind).build();
    }

    /** Returns a builder for a router of a kind. */
    public static Builder builder(NatKind kind) {
        return new Builder(kind);
    }

    /** Returns the kind. */
    public NatKind kind() {
        return kind;
    }

    /** Returns the inner address that represents an outer destination. */
    public InetSocketAddress towards(InetSocketAddress destination) {
        return door(destination).address();
    }

    /** Reboots the router: removes every mapping, and later mappings get other ports. */
    public void reboot() {
        mappings.values().forEach(mapping -> mapping.socket.close());
        mappings.clear();
    }

    /**
     * Removes every mapping like {@link #reboot}, but later mappings get the same ports. Datagrams from outside are
     * dropped until the inner host has sent.
     */
    public void flush() {
        mappings.values().forEach(Mapping::expire);
    }

    /** Returns the number of current mappings. */
    public int mappings() {
        return (int) mappings.values().stream().filter(Mapping::isAlive).count();
    }

    /** Returns the inner address of an outer one; empty if this router has no such mapping now. */
    public Optional<InetSocketAddress> inside(InetSocketAddress outside) {
        return mappings.values().stream()
                .filter(mapping -> mapping.isAlive() && mapping.socket.address().equals(outside))
                .map(mapping -> mapping.inner)
                .findFirst();
    }

    /** Closes every socket. Idempotent; the threads have ended on return. */
    @Override
    public void close() {
        closed = true;
        if (link != null) {
            link.close(); // a late datagram from outside opens a socket
        }
        closeDoors(); // no datagram leaves any longer, so no mapping is created
        reboot();
        closeDoors(); // a datagram from outside may have opened another socket meanwhile
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
        if (link == null) {
            mapping.leave(destination, bytes);
        } else {
            link.sendDatagram(bytes, passed -> mapping.leave(destination, passed));
        }
    }

    Optional<NetworkFaults> faults() {
        return Optional.ofNullable(link).map(FaultyLink::faults);
    }

    private Mapping renew(@Nullable Mapping old, InetSocketAddress inner) {
        if (old != null) {
            old.socket.close();
        }
        return new Mapping(inner);
    }

    /** Key of a mapping: an inner address, and the part of the destination that the NAT distinguishes. */
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

    /** Outer port of an inner address. */
    private final class Mapping {

        private final InetSocketAddress inner;
        private final NatSocket socket;
        /** Destinations sent to, as far as the filter distinguishes them. */
        private final Set<Object> admitted = ConcurrentHashMap.newKeySet();

        private volatile long usedNanos = clock.nanoTime();
        private volatile boolean expired;

        Mapping(InetSocketAddress inner) {
            this.inner = inner;
            this.socket = NatSocket.open("nat-outside", (bytes, from) -> enter(from, bytes));
        }

        void leave(InetSocketAddress destination, byte[] bytes) {
            usedNanos = clock.nanoTime();
            admitted.add(distinguished(destination, kind.filtering()));
            expired = false;
            socket.send(bytes, destination);
        }

        private void enter(InetSocketAddress from, byte[] bytes) {
            if (closed || !isAlive() || !admits(from)) {
                return;
            }
            if (refreshedFromOutside) {
                usedNanos = clock.nanoTime();
            }
            if (link == null) {
                door(from).send(bytes, inner);
            } else {
                link.receiveDatagram(bytes, passed -> enterLate(from, passed));
            }
        }

        private void enterLate(InetSocketAddress from, byte[] bytes) {
            if (!closed) {
                door(from).send(bytes, inner);
            }
        }

        private boolean admits(InetSocketAddress from) {
            return kind.filtering() == NatBehavior.ENDPOINT_INDEPENDENT
                    || admitted.contains(distinguished(from, kind.filtering()));
        }

        void expire() {
            expired = true;
            admitted.clear();
        }

        boolean isAlive() {
            return !expired && isUsable();
        }

        /** Returns false if the port must not be used again. */
        boolean isUsable() {
            return clock.nanoTime() - usedNanos <= lifetimeNanos;
        }
    }

    /** Builder of a {@link NatRouter}. */
    public static final class Builder {

        private final NatKind kind;
        private Duration lifetime = Duration.ofMinutes(5);
        private boolean refreshedFromOutside;
        private boolean hairpin = true;
        private @Nullable NetworkFaults faults;
        private @Nullable TestClock clock;

        private Builder(NatKind kind) {
            this.kind = Objects.requireNonNull(kind, "kind");
        }

        /**
         * Sets the lifetime of a mapping after the latest datagram from inside; positive. Default 5 min, as RFC 4787
         * REQ-5 recommends; many routers have 30 s.
         *
         * @throws IllegalArgumentException if {@code value} is not positive
         */
        public Builder lifetime(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("lifetime: " + value + " (expected a positive duration)");
            }
            lifetime = value;
            return this;
        }

        /**
         * Makes accepted datagrams from outside keep a mapping alive, too (RFC 4787 REQ-6). Default only datagrams from
         * inside do.
         */
        public Builder refreshedFromOutside() {
            refreshedFromOutside = true;
            return this;
        }

        /**
         * Drops datagrams from inside to an outer port of this router. Default they are forwarded, from the sender's
         * outer port, as RFC 4787 REQ-9 requires.
         */
        public Builder withoutHairpin() {
            hairpin = false;
            return this;
        }

        /**
         * Sets the faults of the network outside the router, for an application under test that is not a {@link Phone}.
         * Default none.
         */
        public Builder faults(NetworkFaults value) {
            faults = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Sets the clock of the lifetime of mappings and of the delays of {@link #faults}. Default the machine's. */
        public Builder clock(TestClock value) {
            clock = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Returns the router, which opens sockets on demand. */
        public NatRouter build() {
            return new NatRouter(this);
        }
    }
}
