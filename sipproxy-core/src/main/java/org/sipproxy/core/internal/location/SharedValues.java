package org.sipproxy.core.internal.location;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Values that many bindings share, such as domains, by number. A value is never removed, and clients choose some of
 * them, so their number is limited.
 *
 * <p>Thread-safe.
 *
 * @param <T> type with {@code equals} and {@code hashCode}
 */
final class SharedValues<T> {

    private final ConcurrentHashMap<T, Integer> numbers = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<@Nullable T> values;
    private int count; // guarded by this object's monitor

    SharedValues(int limit) {
        values = new AtomicReferenceArray<>(limit);
    }

    /** Returns the number of a value; −1 if there is no room for another one. */
    int numberOf(T value) {
        Integer known = numbers.get(value);
        return known != null ? known : add(value);
    }

    private synchronized int add(T value) {
        Integer known = numbers.get(value);
        if (known != null) {
            return known;
        }
        if (count == values.length()) {
            return -1;
        }
        values.set(count, value);
        numbers.put(value, count);
        return count++;
    }

    /** Returns the value of a number that {@link #numberOf} returned. */
    T get(int number) {
        T value = values.get(number);
        if (value == null) {
            throw new IllegalStateException("no shared value " + number);
        }
        return value;
    }
}
