package org.sipproxy.message;

import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Thrown for text that is not valid SIP. Holds what is wrong, the offset, a bounded and escaped excerpt, and the status
 * code that RFC 3261 requires for the response.
 *
 * <p>Has no stack trace: invalid input is normal traffic, and a stack trace costs more than the parse.
 */
public final class SipParseException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int EXCERPT_CHARS = 60;

    private final int statusCode;
    private final int offset;

    /**
     * Creates an exception for a defect without a position.
     *
     * @param statusCode status of the response, 400 to 699
     * @param what what is wrong; may go into logs and responses
     */
    public SipParseException(int statusCode, String what) {
        this(statusCode, what, -1);
    }

    /**
     * Creates an exception for a defect at a position, which the message of the exception names.
     *
     * @param statusCode status of the response, 400 to 699
     * @param what what is wrong; may go into logs and responses
     * @param offset bytes from the start of the message; negative if the position is not known
     */
    public SipParseException(int statusCode, String what, int offset) {
        super(offset < 0 ? what : what + " at offset " + offset, null, false, false);
        this.statusCode = statusCode;
        this.offset = offset;
    }

    /** Returns what is wrong, and at which offset if that is known. */
    @Override
    public String getMessage() {
        return Objects.requireNonNullElse(super.getMessage(), "");
    }

    static SipParseException at(String what, byte[] a, int from, int to) {
        return new SipParseException(StatusCode.BAD_REQUEST, what + ": \"" + excerpt(a, from, to) + "\"", from);
    }

    /** Returns the status code to respond with, 400 to 699. */
    public int statusCode() {
        return statusCode;
    }

    /** Returns the position of the defect, in bytes from the start of the message, or -1 if it has none. */
    public int offset() {
        return offset;
    }

    /**
     * Returns at most 60 characters of the bytes with everything but printable ASCII escaped: safe for a log line or a
     * reason phrase.
     */
    static String excerpt(byte[] a, int from, int to) {
        return excerpt(a, from, to, EXCERPT_CHARS);
    }

    private static String excerpt(byte[] a, int from, int to, int chars) {
        StringBuilder out = new StringBuilder(EXCERPT_CHARS + 8);
        for (int i = from; i < to; i++) {
            if (out.length() >= chars) {
                return out.append("...").toString();
            }
            byte b = a[i];
            if (b >= 0x20 && b < 0x7f && b != '"' && b != '\\') {
                out.append((char) b);
            } else {
                out.append("\\x").append(hex(b >> 4)).append(hex(b));
            }
        }
        return out.toString();
    }

    /** Returns the {@linkplain #excerpt(byte[], int, int) excerpt} of a text. */
    public static String excerpt(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return excerpt(bytes, 0, bytes.length);
    }

    /** Returns an excerpt of at most {@code chars} characters, for example of a text that holds excerpts itself. */
    public static String excerpt(String text, int chars) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return excerpt(bytes, 0, bytes.length, chars);
    }

    private static char hex(int nibble) {
        return "0123456789abcdef".charAt(nibble & 15);
    }
}
