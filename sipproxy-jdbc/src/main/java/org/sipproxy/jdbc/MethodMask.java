package org.sipproxy.jdbc;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;

/**
 * Format of the column {@code location.methods}: the methods that a client allows, one bit each, as Kamailio numbers
 * them. NULL stands for a client that did not list them.
 *
 * <p>All other methods share one bit, which does not name them. A row with that bit is therefore read as one that
 * allows all methods, so that no method is withheld from a client that listed it. The same applies to the bits that
 * Kamailio has for its own methods and for HTTP.
 */
final class MethodMask {

    private static final int OTHER = 1 << 19;

    private static final Map<Method, Integer> BITS = Map.ofEntries(
            Map.entry(Method.INVITE, 1),
            Map.entry(Method.CANCEL, 1 << 1),
            Map.entry(Method.ACK, 1 << 2),
            Map.entry(Method.BYE, 1 << 3),
            Map.entry(Method.INFO, 1 << 4),
            Map.entry(Method.REGISTER, 1 << 5),
            Map.entry(Method.SUBSCRIBE, 1 << 6),
            Map.entry(Method.NOTIFY, 1 << 7),
            Map.entry(Method.MESSAGE, 1 << 8),
            Map.entry(Method.OPTIONS, 1 << 9),
            Map.entry(Method.PRACK, 1 << 10),
            Map.entry(Method.UPDATE, 1 << 11),
            Map.entry(Method.REFER, 1 << 12),
            Map.entry(Method.PUBLISH, 1 << 13));

    private static final int NAMED =
            BITS.values().stream().mapToInt(Integer::intValue).sum();

    /** Number of shared sets: phones of one model list the same methods. */
    private static final int SHARED = 1_000;

    private final ConcurrentMap<Integer, Set<Method>> shared = new ConcurrentHashMap<>();

    /** Returns the value of the column; null for an empty set, which allows all methods. */
    static @Nullable Integer of(Set<Method> methods) {
        if (methods.isEmpty()) {
            return null;
        }
        int mask = 0;
        for (Method method : methods) {
            mask |= BITS.getOrDefault(method, OTHER);
        }
        return mask;
    }

    /** Returns the methods of a mask; an empty set if it has a bit that does not name a method, or none. */
    Set<Method> read(int mask) {
        if ((mask & ~NAMED) != 0) {
            return Set.of();
        }
        Set<Method> known = shared.get(mask);
        if (known != null) {
            return known;
        }
        Set<Method> read = BITS.entrySet().stream()
                .filter(e -> (mask & e.getValue()) != 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
        if (shared.size() < SHARED) {
            shared.putIfAbsent(mask, read);
        }
        return read;
    }
}
