package org.sipproxy.gateway;

import java.util.Map;
import java.util.Optional;

/** Sets by the prefix of the called number; the longest prefix wins. */
final class PrefixTable {

    private final Map<String, String> sets;
    private final int longest;

    PrefixTable(Map<String, String> setsByPrefix) {
        this.sets = Map.copyOf(setsByPrefix);
        this.longest = sets.keySet().stream().mapToInt(String::length).max().orElse(0);
    }

    boolean isEmpty() {
        return sets.isEmpty();
    }

    /** Returns the set for a number without visual separators. */
    Optional<String> setOf(String number) {
        for (int length = Math.min(longest, number.length()); length > 0; length--) {
            String set = sets.get(number.substring(0, length));
            if (set != null) {
                return Optional.of(set);
            }
        }
        return Optional.empty();
    }
}
