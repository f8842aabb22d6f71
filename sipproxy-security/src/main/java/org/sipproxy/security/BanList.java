package org.sipproxy.security;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Table of banned sources. Holds at most {@value #MAX} bans; if it is full, the ban that ends first is removed.
 * Thread-safe.
 */
final class BanList {

    static final int MAX = 10_000;

    /** End of each ban in milliseconds, by source. */
    private final Map<CidrBlock, Long> ends = new ConcurrentHashMap<>();

    private final SourcePrefix prefix;

    BanList(SourcePrefix prefix) {
        this.prefix = prefix;
    }

    /** Bans a source. Returns false if it is already banned for longer. */
    boolean add(InetAddress address, long nowMillis, Duration time) {
        CidrBlock source = prefix.of(address);
        if (ends.size() >= MAX && !ends.containsKey(source)) {
            makeRoom(nowMillis);
        }
        long end = nowMillis + time.toMillis();
        return ends.merge(source, end, Math::max) == end;
    }

    private synchronized void makeRoom(long nowMillis) {
        ends.values().removeIf(end -> end <= nowMillis);
        while (ends.size() >= MAX) {
            ends.entrySet().stream().min(Map.Entry.comparingByValue()).ifPresent(e -> ends.remove(e.getKey()));
        }
    }

    boolean remove(InetAddress address) {
        return ends.remove(prefix.of(address)) != null;
    }

    boolean isEmpty() {
        return ends.isEmpty();
    }

    boolean contains(InetAddress address, long nowMillis) {
        if (ends.isEmpty()) {
            return false;
        }
        CidrBlock source = prefix.of(address);
        Long end = ends.get(source);
        if (end == null) {
            return false;
        }
        if (end <= nowMillis) {
            ends.remove(source, end);
            return false;
        }
        return true;
    }

    Map<CidrBlock, Instant> list(long nowMillis) {
        Map<CidrBlock, Instant> list = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
        ends.forEach((source, end) -> {
            if (end > nowMillis) {
                list.put(source, Instant.ofEpochMilli(end));
            }
        });
        return list;
    }
}
