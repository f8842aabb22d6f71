package org.sipproxy.security;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The latest lockouts by name, for operators; {@link FailureTable} has only hashes. Holds at most {@value #MAX}; then
 * the oldest is no longer listed. Thread-safe.
 */
final class LockoutList {

    static final int MAX = 10_000;

    /** Key of a lockout in its table of failures. */
    private record Key(FailureTable table, long hash) {}

    private record Entry(String user, CidrBlock source, long endMillis, boolean isProven) {}

    private final Map<Key, Entry> entries = new LinkedHashMap<>();

    synchronized void add(
            FailureTable table, long hash, String user, CidrBlock source, boolean isProven, long endMillis) {
        Key key = new Key(table, hash);
        entries.remove(key); // so that the order is that of the latest failure
        entries.put(key, new Entry(user, source, endMillis, isProven));
        if (entries.size() > MAX) {
            Iterator<Key> oldest = entries.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    synchronized List<ActiveLockout> list(long nowMillis) {
        entries.entrySet()
                .removeIf(
                        entry -> !entry.getKey().table().isLocked(entry.getKey().hash(), nowMillis));
        List<ActiveLockout> list = new ArrayList<>();
        entries.values().forEach(entry -> list.add(shown(entry, nowMillis)));
        return list;
    }

    /** Ends the lockouts that a predicate accepts, and resets their counts of failures. Returns how many it ended. */
    synchronized int end(Predicate<? super ActiveLockout> which, long nowMillis) {
        int ended = 0;
        Iterator<Map.Entry<Key, Entry>> all = entries.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<Key, Entry> one = all.next();
            Key key = one.getKey();
            if (!key.table().isLocked(key.hash(), nowMillis)) {
                all.remove();
            } else if (which.test(shown(one.getValue(), nowMillis))) {
                key.table().reset(key.hash());
                all.remove();
                ended++;
            }
        }
        return ended;
    }

    private static ActiveLockout shown(Entry entry, long nowMillis) {
        return new ActiveLockout(
                entry.user(),
                entry.source(),
                Duration.ofMillis(Math.max(1, entry.endMillis() - nowMillis)),
                entry.isProven());
    }
}
