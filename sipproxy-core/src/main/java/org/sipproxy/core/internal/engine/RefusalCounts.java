package org.sipproxy.core.internal.engine;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts of refusals by status and reason phrase. Bounded, because a host application chooses its phrases. */
final class RefusalCounts {

    private static final int MAX_REASONS = 100;
    private static final int NO_RESPONSE = 0;

    private record Reason(int status, String phrase) {

        @Override
        public String toString() {
            return status == NO_RESPONSE ? phrase : status + " " + phrase;
        }
    }

    private final ConcurrentHashMap<Reason, LongAdder> counts = new ConcurrentHashMap<>();

    void refused(int status, String phrase) {
        count(new Reason(status, phrase));
    }

    void dropped() {
        count(new Reason(NO_RESPONSE, "dropped"));
    }

    private void count(Reason reason) {
        LongAdder count = counts.get(reason);
        if (count == null) {
            Reason bounded = counts.size() < MAX_REASONS ? reason : new Reason(reason.status, "other");
            count = counts.computeIfAbsent(bounded, added -> new LongAdder());
        }
        count.increment();
    }

    Map<String, Long> list() {
        Map<String, Long> list = new TreeMap<>();
        counts.forEach((reason, count) -> list.put(reason.toString(), count.sum()));
        return Map.copyOf(list);
    }
}
