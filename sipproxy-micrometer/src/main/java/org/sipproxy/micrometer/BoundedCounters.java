package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Counter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counters of one name by a few fixed tags and a reason, which the host application may choose. If there are more than
 * {@link #MOST} of them, further reasons share the counters of {@code other}. Thread-safe.
 */
final class BoundedCounters {

    static final int MOST = 200;

    private static final String OTHER = "other";

    private final ConcurrentHashMap<List<String>, Counter> counters = new ConcurrentHashMap<>();
    private final Meters meters;
    private final String name;
    private final String description;
    private final String[] tags;

    /** Creates counters without a meter yet. {@code tags} are the names of the fixed tags. */
    BoundedCounters(Meters meters, String name, String description, String... tags) {
        this.meters = meters;
        this.name = name;
        this.description = description;
        this.tags = tags;
    }

    /** Counts one. {@code values} are those of the fixed tags, in their order. */
    void increment(String reason, String... values) {
        List<String> key = new ArrayList<>(values.length + 1);
        key.add(reason);
        Collections.addAll(key, values);
        Counter known = counters.get(key);
        if (known == null) {
            if (counters.size() >= MOST) {
                key.set(0, OTHER);
            }
            known = counters.computeIfAbsent(key, this::create);
        }
        known.increment();
    }

    private Counter create(List<String> key) {
        String[] all = new String[2 * key.size()];
        for (int i = 0; i < key.size(); i++) {
            all[2 * i] = i == 0 ? "reason" : tags[i - 1];
            all[2 * i + 1] = key.get(i);
        }
        return meters.counter(name, description, all);
    }
}
