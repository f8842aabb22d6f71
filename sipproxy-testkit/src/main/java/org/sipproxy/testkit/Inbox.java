package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Received items in order of arrival. The phone's threads add items, and a test waits for them. */
final class Inbox<T> {

    private final List<T> contents = new ArrayList<>();

    synchronized void add(T item) {
        contents.add(item);
        notifyAll();
    }

    synchronized List<T> contents() {
        return List.copyOf(contents);
    }

    /** Waits for the first matching item and keeps it. Returns empty on timeout. */
    Optional<T> find(Predicate<T> condition, Duration patience) {
        return await(condition, patience, false);
    }

    /** Waits for the first matching item and removes it; earlier items stay. Returns empty on timeout. */
    Optional<T> take(Predicate<T> condition, Duration patience) {
        return await(condition, patience, true);
    }

    private synchronized Optional<T> await(Predicate<T> condition, Duration patience, boolean remove) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            for (int i = 0; i < contents.size(); i++) {
                if (condition.test(contents.get(i))) {
                    return Optional.of(remove ? contents.remove(i) : contents.get(i));
                }
            }
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return Optional.empty();
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting", e);
            }
        }
    }
}
