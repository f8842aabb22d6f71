package org.sipproxy.server.operations;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.RequestListener;

/** Number of final responses by class of the status. Thread-safe. */
final class FinalResponses implements RequestListener {

    private static final int FIRST = 2;
    private static final int LAST = 6;

    private final LongAdder[] counts = new LongAdder[LAST + 1];

    FinalResponses() {
        for (int i = FIRST; i <= LAST; i++) {
            counts[i] = new LongAdder();
        }
    }

    @Override
    public void onCompleted(CompletedRequest request) {
        counts[Math.min(LAST, Math.max(FIRST, request.statusCode() / 100))].increment();
    }

    /** Returns the counts, such as {@code 2xx}; those that are zero too. */
    Map<String, Long> byClass() {
        Map<String, Long> byClass = new TreeMap<>();
        for (int i = FIRST; i <= LAST; i++) {
            byClass.put(i + "xx", counts[i].sum());
        }
        return byClass;
    }
}
