package org.sipproxy.server.migrate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Variables of kamctlrc, the configuration of kamctl and kamdbctl. */
final class Kamctlrc {

    /** No file. */
    static final Kamctlrc NONE = new Kamctlrc(Map.of());

    private static final String ASSIGNMENT = "[A-Za-z_][A-Za-z0-9_]{0,63}=.*";

    /** Value and its place. */
    record Entry(String value, Place place) {}

    private final Map<String, Entry> entries;

    private Kamctlrc(Map<String, Entry> entries) {
        this.entries = entries;
    }

    /**
     * Reads the lines {@code NAME=value} of a shell script. Does not expand variables.
     *
     * @throws ImportException if a line is not an assignment
     */
    static Kamctlrc parse(String text, String file) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            Place place = new Place(file, ++number);
            String trimmed = line.strip();
            trimmed = trimmed.startsWith("export ") ? trimmed.substring(7).strip() : trimmed;
            if (trimmed.isEmpty() || trimmed.charAt(0) == '#') {
                continue;
            }
            if (!trimmed.matches(ASSIGNMENT)) {
                throw new ImportException(place, "not an assignment (expected NAME=value)");
            }
            int equals = trimmed.indexOf('=');
            entries.put(trimmed.substring(0, equals), new Entry(value(trimmed.substring(equals + 1), place), place));
        }
        return new Kamctlrc(entries);
    }

    private static String value(String text, Place place) {
        if (text.isEmpty()) {
            return text;
        }
        char quote = text.charAt(0);
        if (quote == '"' || quote == '\'') {
            int end = text.indexOf(quote, 1);
            if (end < 0) {
                throw new ImportException(place, "the value has no closing quotation mark");
            }
            return text.substring(1, end);
        }
        int end = 0;
        while (end < text.length() && text.charAt(end) > ' ') {
            end++;
        }
        return text.substring(0, end);
    }

    Optional<Entry> entry(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    Optional<String> value(String name) {
        return entry(name).map(Entry::value);
    }

    Map<String, Entry> entries() {
        return entries;
    }
}
