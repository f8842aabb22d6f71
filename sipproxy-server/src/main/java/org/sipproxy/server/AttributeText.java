package org.sipproxy.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Value of an option in the notation {@code NAME=VALUE[;ATTRIBUTE=VALUE]…}, as in Kamailio's column {@code attrs}.
 *
 * @param name text before the first {@code =}
 * @param value text between it and the first attribute
 * @param attributes values by attribute, in the order of the text
 */
record AttributeText(String name, String value, Map<String, List<String>> attributes) {

    /** Parameters of a URI, which have the notation of attributes: they stay with the URI to the left of them. */
    private static final Set<String> OF_URIS = Set.of("transport", "maddr", "ttl", "method", "user", "lr", "ob");

    /**
     * Parses a text whose value is not a URI.
     *
     * @throws IllegalArgumentException if it has another form, or an attribute that is not known
     */
    static AttributeText parse(String text, Set<String> known) {
        return parse(text, known, Set.of());
    }

    /** Parses a text whose value is a URI. */
    static AttributeText parseUri(String text, Set<String> known) {
        return parse(text, known, OF_URIS);
    }

    private static AttributeText parse(String text, Set<String> known, Set<String> ofUris) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? "" : text.substring(0, equals).strip();
        if (name.isEmpty()) {
            throw new IllegalArgumentException("there is no name before a =");
        }
        String[] parts = text.substring(equals + 1).split(";", -1);
        String value = parts[0].strip();
        String latest = "";
        Map<String, List<String>> attributes = new LinkedHashMap<>();
        for (String part : List.of(parts).subList(1, parts.length)) {
            int at = part.indexOf('=');
            String key = (at < 0 ? part : part.substring(0, at)).strip();
            if (known.contains(key)) {
                String given = at < 0 ? "" : part.substring(at + 1).strip();
                if (given.isEmpty()) {
                    throw new IllegalArgumentException(key + " has no value");
                }
                attributes.computeIfAbsent(key, k -> new ArrayList<>()).add(given);
                latest = key;
            } else if (!ofUris.contains(key)) {
                throw new IllegalArgumentException("\"" + key + "\" is not an attribute ("
                        + String.join(", ", known.stream().sorted().toList()) + ")");
            } else if (latest.isEmpty()) {
                value += ";" + part.strip();
            } else {
                List<String> values = attributes.getOrDefault(latest, new ArrayList<>());
                values.set(values.size() - 1, values.get(values.size() - 1) + ";" + part.strip());
            }
        }
        if (value.isEmpty()) {
            throw new IllegalArgumentException("there is nothing after " + name + "=");
        }
        return new AttributeText(name, value, attributes);
    }

    /**
     * Returns the value of an attribute that may be given once.
     *
     * @throws IllegalArgumentException if it is given twice
     */
    Optional<String> attribute(String key) {
        List<String> values = all(key);
        if (values.size() > 1) {
            throw new IllegalArgumentException(key + " is given twice; give it once");
        }
        return values.stream().findFirst();
    }

    /** Returns the values of an attribute. */
    List<String> all(String key) {
        return attributes.getOrDefault(key, List.of());
    }

    /**
     * Returns an integer; empty if the attribute is not given.
     *
     * @throws IllegalArgumentException if it is not an integer
     */
    Optional<Integer> number(String key) {
        return attribute(key).map(text -> {
            try {
                return Integer.valueOf(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(key + "=" + text + " is not an integer", e);
            }
        });
    }
}
