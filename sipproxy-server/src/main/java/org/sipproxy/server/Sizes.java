package org.sipproxy.server;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes on the command line, written like {@code -Xmx}: {@code 1048576}, {@code 64m}. */
final class Sizes {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([kmg]?)");

    private Sizes() {}

    /**
     * Returns the number of bytes.
     *
     * @throws IllegalArgumentException if the text is not a size
     */
    static long parse(String text) {
        Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        if (!size.matches()) {
            throw malformed(text);
        }
        int shift = switch (size.group(2)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
        long number = Long.parseLong(size.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw malformed(text);
        }
        return number << shift;
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "\"" + text + "\" (expected a number of bytes, or one with k, m or g, such as 256m)");
    }
}
