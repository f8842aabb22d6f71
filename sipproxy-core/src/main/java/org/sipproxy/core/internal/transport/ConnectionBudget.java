package org.sipproxy.core.internal.transport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.address.SourceNetwork;
import org.sipproxy.core.options.StreamLimits;

/**
 * Counts the open connections of one proxy against its limits, by {@link SourceNetwork source}, and chooses which
 * connection is evicted.
 *
 * <p>An accepted connection is silent until it delivers a valid message, and unproven until a password is proved over
 * it. A source is known for {@link #KNOWN} after such a proof; all others are strangers. Strangers may use three
 * quarters of all places. Accepted connections and those opened by the proxy may each use seven eighths, so that
 * neither side starves the other.
 *
 * <p>When a limit is reached, the source with the most unproven connections loses its oldest one, a silent one first.
 * So a flood from few sources evicts its own connections. A flood from as many sources as there are places evicts the
 * oldest connections. An honest client then has the time in which the flood fills all places, which is enough for a
 * message and its proof. If the newest were refused instead, the flood would win every free place.
 *
 * <p>Thread-safe. The lock is held for a few map operations, and not while a connection is closed.
 */
final class ConnectionBudget {

    /** How long a source is known after a password was proved there. */
    static final Duration KNOWN = Duration.ofHours(1);

    /** Limit of the remembered known sources: some 6 MB. */
    private static final int MOST_KNOWN = 65_536;

    /** The place of one accepted connection. Guarded by the budget. */
    static final class Place {

        private final Source source;
        private final long number;
        private final Runnable evict;
        private boolean isProven;
        private boolean isReleased;

        private Place(Source source, long number, Runnable evict) {
            this.source = source;
            this.number = number;
            this.evict = evict;
        }
    }

    /** Source with open connections. Guarded by the budget. */
    private static final class Source {

        /** Order in which sources lose connections: the first one first. */
        static final Comparator<Source> BY_UNPROVEN = Comparator.comparingInt(Source::unproven)
                .reversed()
                .thenComparingLong(source -> source.oldest().number);

        final InetAddress network;
        final Set<Place> silent = new LinkedHashSet<>();
        final Set<Place> active = new LinkedHashSet<>();
        boolean isKnown;
        int open;

        Source(InetAddress network) {
            this.network = network;
        }

        int unproven() {
            return silent.size() + active.size();
        }

        /** Returns the connection that is evicted first. */
        Place oldest() {
            return (silent.isEmpty() ? active : silent).iterator().next();
        }
    }

    private final int max;
    private final int maxPerSource;
    private final int maxStrangers;
    private final int maxOneDirection;
    private final Cache<InetAddress, Boolean> known;

    // guarded by this
    private final Map<InetAddress, Source> sources = new HashMap<>();
    /** Sources with unproven connections, by whether they are known. */
    private final SortedSet<Source> strangers = new TreeSet<>(Source.BY_UNPROVEN);

    private final SortedSet<Source> acquaintances = new TreeSet<>(Source.BY_UNPROVEN);
    private long lastNumber;
    private int accepted;
    private int made;
    private int unproven;
    private int ofStrangers;

    ConnectionBudget(StreamLimits limits) {
        this(limits, Ticker.systemTicker());
    }

    ConnectionBudget(StreamLimits limits, Ticker ticker) {
        max = limits.connections();
        maxPerSource = limits.connectionsPerSource();
        maxStrangers = max - max / 4;
        maxOneDirection = max - max / 8;
        known = Caffeine.newBuilder()
                .maximumSize(MOST_KNOWN)
                .expireAfterWrite(KNOWN)
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    /**
     * Takes a place for a connection from {@code peer}.
     *
     * @param evict called, by any thread and without a lock, if the connection is evicted
     * @return null if no place is free
     */
    @Nullable
    Place accept(InetAddress peer, Runnable evict) {
        Place victim;
        Place place;
        synchronized (this) {
            InetAddress network = SourceNetwork.of(peer);
            Source source = sources.computeIfAbsent(network, Source::new);
            know(source, known.getIfPresent(network) != null);
            victim = victimFor(source);
            if (victim != null) {
                leave(victim);
            }
            if (isFull(source)) {
                removeIfUnused(source);
                place = null;
            } else {
                sources.put(network, source); // the evicted connection may have been the only one of the source
                place = new Place(source, ++lastNumber, evict);
                enter(place);
            }
        }
        if (victim != null) {
            victim.evict.run();
        }
        return place;
    }

    private boolean isFull(Source source) {
        return source.open >= maxPerSource
                || (!source.isKnown && ofStrangers >= maxStrangers)
                || accepted >= maxOneDirection
                || accepted + made >= max;
    }

    private @Nullable Place victimFor(Source source) {
        if (!isFull(source)) {
            return null;
        }
        if (source.open >= maxPerSource) {
            return source.unproven() == 0 ? null : source.oldest();
        }
        return source.isKnown ? anyVictim() : oldestOf(strangers);
    }

    private @Nullable Place anyVictim() {
        return oldestOf(strangers.isEmpty() ? acquaintances : strangers);
    }

    private static @Nullable Place oldestOf(SortedSet<Source> some) {
        return some.isEmpty() ? null : some.first().oldest();
    }

    /** Takes a place for a connection that the proxy opens. Returns false if none is free. */
    boolean takeMade() {
        Place victim = null;
        boolean taken;
        synchronized (this) {
            if (made < maxOneDirection && accepted + made >= max) {
                victim = anyVictim();
                if (victim != null) {
                    leave(victim);
                }
            }
            taken = made < maxOneDirection && accepted + made < max;
            made += taken ? 1 : 0;
        }
        if (victim != null) {
            victim.evict.run();
        }
        return taken;
    }

    synchronized void releaseMade() {
        made--;
    }

    /** Returns the place. Does nothing if the connection was evicted. */
    synchronized void release(Place place) {
        leave(place);
    }

    /** Records that a valid message arrived on the connection. */
    synchronized void received(Place place) {
        Source source = place.source;
        if (!place.isReleased && source.silent.contains(place)) {
            unlist(source);
            source.silent.remove(place);
            source.active.add(place);
            list(source);
        }
    }

    /** Records that a user proved a password on the connection, or that the peer is trusted. */
    synchronized void proven(Place place) {
        Source source = place.source;
        known.put(source.network, true);
        if (place.isReleased) {
            return;
        }
        if (!place.isProven) {
            unlist(source);
            place.isProven = true;
            drop(place);
            list(source);
        }
        know(source, true);
    }

    private void know(Source source, boolean isKnown) {
        if (source.isKnown != isKnown) {
            unlist(source);
            source.isKnown = isKnown;
            list(source);
        }
    }

    private void enter(Place place) {
        Source source = place.source;
        unlist(source);
        source.open++;
        source.silent.add(place);
        accepted++;
        list(source);
    }

    private void leave(Place place) {
        if (place.isReleased) {
            return;
        }
        place.isReleased = true;
        Source source = place.source;
        unlist(source);
        source.open--;
        accepted--;
        drop(place);
        list(source);
        removeIfUnused(source);
    }

    private static void drop(Place place) {
        place.source.silent.remove(place);
        place.source.active.remove(place);
    }

    private void removeIfUnused(Source source) {
        if (source.open == 0) {
            sources.remove(source.network, source);
        }
    }

    /** Removes a source from the ordered sets. Called before a change of anything that orders or counts it. */
    private void unlist(Source source) {
        int count = source.unproven();
        if (count > 0) {
            (source.isKnown ? acquaintances : strangers).remove(source);
            unproven -= count;
            ofStrangers -= source.isKnown ? 0 : count;
        }
    }

    private void list(Source source) {
        int count = source.unproven();
        if (count > 0) {
            (source.isKnown ? acquaintances : strangers).add(source);
            unproven += count;
            ofStrangers += source.isKnown ? 0 : count;
        }
    }

    synchronized int open() {
        return accepted + made;
    }

    /** Returns the number of accepted connections on which no password was proved. */
    synchronized int unproven() {
        return unproven;
    }

    /** Returns the number of sources with connections. For tests: a source without connections must be removed. */
    synchronized int sources() {
        return sources.size();
    }
}
