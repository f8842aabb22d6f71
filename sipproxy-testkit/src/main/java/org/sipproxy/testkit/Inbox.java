package org.sipproxy.testkit;

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
    Optional<T> find(Predicate<T> condition, Patience patience) {
        return await(condition, patience, false);
    }

    /** Waits for the first matching item and removes it; earlier items stay. Returns empty on timeout. */
    Optional<T> take(Predicate<T> condition, Patience patience) {
        return await(condition, patience, true);
    }

    private Optional<T> await(Predicate<T> condition, Patience patience, boolean remove) {
        Patience.Wait wait = patience.begin();
        while (true) {
            Optional<T> found = look(condition, remove, wait);
            if (found.isPresent() || wait.isOver()) {
                return found;
            }
        }
    }

    /** Looks for an item, and waits for one to be added unless that is for the clock to move. */
    private synchronized Optional<T> look(Predicate<T> condition, boolean remove, Patience.Wait wait) {
        while (true) {
            for (int i = 0; i < contents.size(); i++) {
                if (condition.test(contents.get(i))) {
                    return Optional.of(remove ? contents.remove(i) : contents.get(i));
                }
            }
            long millis = wait.moves() ? 0 : wait.leftMillis();
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
