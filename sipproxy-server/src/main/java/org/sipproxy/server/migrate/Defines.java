package org.sipproxy.server.migrate;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Preprocessor values of a script, and which of them the script asks for. */
final class Defines {

    private static final int MOST = 2_000;

    private record Value(String text, Place place) {}

    private final Map<String, Value> values = new LinkedHashMap<>();
    private final Map<String, String> replacements = new LinkedHashMap<>();
    private final Set<String> used = new LinkedHashSet<>();

    void define(String name, String text, Place place) {
        if (values.size() >= MOST) {
            throw new ImportException(place, "more than " + MOST + " values are defined");
        }
        values.put(name, new Value(text, place));
    }

    boolean isDefined(String name) {
        return values.containsKey(name);
    }

    /** Returns true if a directive asks for a name that is defined. The name counts as used. */
    boolean test(String name) {
        used.add(name);
        return isDefined(name);
    }

    /** Returns the text that stands for a word; empty if it stands for itself. The name counts as used. */
    Optional<String> text(String word) {
        Value value = values.get(word);
        if (value == null) {
            return Optional.empty();
        }
        used.add(word);
        return Optional.of(value.text());
    }

    /** Adds a text that is replaced in strings. */
    void replace(String from, String to) {
        replacements.put(from, to);
    }

    String replacedIn(String text) {
        String result = text;
        for (Map.Entry<String, String> one : replacements.entrySet()) {
            result = result.replace(one.getKey(), one.getValue());
            if (result.length() > 65_536) {
                return text; // a replacement that grows without bound
            }
        }
        return result;
    }

    /** Returns the names that are defined and never asked for, with their places. */
    Map<String, Place> unused() {
        Map<String, Place> unused = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (!used.contains(name)) {
                unused.put(name, value.place());
            }
        });
        return unused;
    }
}
