package org.sipproxy.testkit;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Generator of unique words for Call-IDs, tags and branches. */
final class Unique {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private Unique() {}

    static String word(String prefix) {
        return prefix + COUNT.incrementAndGet() + "x"
                + Long.toString(ThreadLocalRandom.current().nextLong() >>> 1, 36);
    }

    /** Returns a Via branch (RFC 3261 §8.1.1.7). */
    static String branch() {
        return word("z9hG4bK");
    }
}
