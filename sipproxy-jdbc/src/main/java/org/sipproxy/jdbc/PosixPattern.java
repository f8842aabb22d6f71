package org.sipproxy.jdbc;

import java.util.Map;

/**
 * POSIX extended regular expressions, which Kamailio's tables hold, in Java's notation. Only named classes differ in a way that
 * matters: Java would read {@code [[:digit:]]} as the characters of the word.
 */
final class PosixPattern {

    private static final Map<String, String> CLASSES = Map.ofEntries(
            Map.entry("[:alnum:]", "\\p{Alnum}"),
            Map.entry("[:alpha:]", "\\p{Alpha}"),
            Map.entry("[:blank:]", "\\p{Blank}"),
            Map.entry("[:cntrl:]", "\\p{Cntrl}"),
            Map.entry("[:digit:]", "\\p{Digit}"),
            Map.entry("[:graph:]", "\\p{Graph}"),
            Map.entry("[:lower:]", "\\p{Lower}"),
            Map.entry("[:print:]", "\\p{Print}"),
            Map.entry("[:punct:]", "\\p{Punct}"),
            Map.entry("[:space:]", "\\p{Space}"),
            Map.entry("[:upper:]", "\\p{Upper}"),
            Map.entry("[:xdigit:]", "\\p{XDigit}"));

    private PosixPattern() {}

    /**
     * The same pattern for {@link java.util.regex.Pattern}.
     *
     * @throws IllegalArgumentException if it names a class that POSIX does not know
     */
    static String toJava(String posix) {
        if (!posix.contains("[:")) {
            return posix;
        }
        String java = posix;
        for (Map.Entry<String, String> named : CLASSES.entrySet()) {
            java = java.replace(named.getKey(), named.getValue());
        }
        if (java.contains(":]")) {
            throw new IllegalArgumentException("pattern: unknown character class (expected one such as [:digit:])");
        }
        return java;
    }
}
