package org.sipproxy.gateway;

import java.util.Map;
import java.util.Optional;

/**
 * Exits by the prefix of the called number; the longest prefix wins.
 *
 * @param <T> what a prefix leads to
 */
final class PrefixTable<T> {

    private final Map<String, T> exits;
    private final int longest;

    PrefixTable(Map<String, T> exitsByPrefix) {
        this.exits = Map.copyOf(exitsByPrefix);
        this.longest = exits.keySet().stream().mapToInt(String::length).max().orElse(0);
    }

    boolean isEmpty() {
        return exits.isEmpty();
    }

    /** Returns the exit for a number without visual separators. */
    Optional<T> find(String number) {
        for (int length = Math.min(longest, number.length()); length > 0; length--) {
            T exit = exits.get(number.substring(0, length));
            if (exit != null) {
                return Optional.of(exit);
            }
        }
        return Optional.empty();
    }
}
