package org.sipproxy.core.trace;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Texts for a message on a ladder. */
public final class MessageText {

    private static final int MOST_CHARS = 200;

    private static final HeaderName RSEQ = HeaderName.of("RSeq");

    private MessageText() {}

    /**
     * Returns the method of a request, or the status code and reason phrase of a response, in {@link #printable} form.
     */
    public static String label(SipMessage message) {
        return printable(
                message instanceof SipResponse response
                        ? response.statusCode() + " " + response.reasonPhrase()
                        : ((SipRequest) message).method().name());
    }

    /**
     * Returns the Request-URI of a request, or {@code to} and the method of a response, in {@link #printable} form.
     *
     * @throws SipParseException if it is malformed
     */
    public static String detail(SipMessage message) throws SipParseException {
        return printable(
                message instanceof SipResponse response
                        ? "to " + response.cseq().method()
                        : ((SipRequest) message).requestUri().toString());
    }

    /**
     * Returns a text from the wire as it may be printed on a terminal: at most {@value #MOST_CHARS} characters, with
     * {@code ?} instead of each character that could move the cursor, change the terminal or reorder the line
     * (controls, including U+0080 to U+009F; format characters, such as bidirectional overrides; line separators;
     * halves of surrogate pairs).
     */
    public static String printable(String text) {
        int end = Math.min(text.length(), MOST_CHARS);
        StringBuilder out = new StringBuilder(end + 1);
        int i = 0;
        while (i < end) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            out.appendCodePoint(isPrintable(c) ? c : '?');
        }
        return i < text.length() ? out.append('\u2026').toString() : out.toString();
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    /**
     * Returns what a message between two peers has in common only with its retransmissions. The responses of two phones
     * to one request differ in the tag of To, and two reliable provisional responses of one phone in RSeq.
     */
    public static String identity(SipMessage message) {
        return Stream.concat(
                        Stream.of(label(message)),
                        Stream.of(HeaderName.VIA, HeaderName.CALL_ID, HeaderName.CSEQ, HeaderName.TO, RSEQ)
                                .map(name -> message.header(name).orElse("")))
                .collect(Collectors.joining(" "));
    }
}
