package org.sipproxy.message;

/**
 * How much of a message is looked at before it is refused. Limits are checked before anything is copied or parsed further.
 *
 * @param messageBytes longest message, headers and body together, in bytes; 1,024 to 16,777,216; default 65,536
 * @param headerLineBytes longest header with its folded lines, in bytes; 256 to 1,048,576; default 65,536, as long as a message
 * @param headers most header lines of a message; 16 to 10,000; default 1,024: 255 Via lines, which Max-Forwards allows, with two
 *     Record-Route lines each, and as many others
 * @param listElements most elements of a list header that is read as a list (Route, Path, Contact of a REGISTER); 1 to 10,000;
 *     default 64
 */
public record ParseLimits(int messageBytes, int headerLineBytes, int headers, int listElements) {

    /** 64 KiB, 64 KiB, 1,024, 64. */
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

    /** The same limits with another {@link #messageBytes()}. */
    public ParseLimits withMessageBytes(int bytes) {
        return new ParseLimits(bytes, headerLineBytes, headers, listElements);
    }
}
