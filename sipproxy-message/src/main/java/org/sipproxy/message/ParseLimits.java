package org.sipproxy.message;

/**
 * Limits on the size of messages. They are checked before anything is copied or parsed further; larger messages are
 * rejected.
 *
 * @param messageBytes longest message, headers and body together, in bytes; 1,024 to 16,777,216. Default 65,536
 * @param headerLineBytes longest header with its folded lines, in bytes; 256 to 1,048,576. Default 65,536, the same as
 *     for a message
 * @param headers most header lines of a message; 16 to 10,000. Default 1,024: 255 Via lines, which Max-Forwards allows,
 *     two Record-Route lines for each, and as many others
 * @param listElements most elements of a header that is read as a list (Route, Path, Contact of a REGISTER); 1 to
 *     10,000. Default 64
 */
public record ParseLimits(int messageBytes, int headerLineBytes, int headers, int listElements) {

    /** The defaults: 65,536 bytes, 65,536 bytes, 1,024 header lines and 64 list elements. */
    public static final ParseLimits DEFAULT = new ParseLimits(65_536, 65_536, 1_024, 64);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a limit is outside its range
     */
    public ParseLimits {
        check("messageBytes", messageBytes, 1_024, 16_777_216);
        check("headerLineBytes", headerLineBytes, 256, 1_048_576);
        check("headers", headers, 16, 10_000);
        check("listElements", listElements, 1, 10_000);
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " (expected " + min + " to " + max + ")");
        }
    }

    /** Returns the same limits with another {@link #messageBytes()}. */
    public ParseLimits withMessageBytes(int bytes) {
        return new ParseLimits(bytes, headerLineBytes, headers, listElements);
    }
}
