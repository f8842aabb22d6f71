package org.sipproxy.message.jain;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Objects;
import javax.sip.message.Response;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.wire.MessageIndex;

/**
 * {@code javax.sip.message.Response} view of a {@link SipResponse}. Access to text that the grammar rejects throws a
 * {@link MalformedHeaderException}.
 *
 * <p>Typed headers may be changed in place; {@link #message()} returns the response with all changes. Equality is
 * identity. Not safe for use by several threads.
 */
public final class JainResponse extends JainMessage implements Response {

    private static final int STATUS_START = "SIP/2.0 ".length();

    private JainResponse(SipResponse response) {
        super(response);
    }

    /** Returns a view of a response. Edits do not change {@code response}. */
    public static JainResponse of(SipResponse response) {
        return new JainResponse(response);
    }

    /**
     * Returns the response with all edits, including those of typed headers. Returns the original response if there
     * were none.
     *
     * @throws IllegalArgumentException if a typed header now encodes to text that is not valid in a message
     */
    public SipResponse message() {
        commit();
        return response();
    }

    private SipResponse response() {
        return (SipResponse) current();
    }

    /** Returns where the status line ends, without its line end. */
    private int startLineEnd() {
        MessageIndex index = current().index();
        int end = index.indexOf((byte) '\n', 0, index.length());
        return index.byteAt(end - 1) == '\r' ? end - 1 : end;
    }

    @Override
    public JainResponse clone() {
        return of(message());
    }

    @Override
    public int getStatusCode() {
        return response().statusCode();
    }

    /**
     * Sets the status code and keeps the reason phrase.
     *
     * @throws ParseException if it is not 100 to 699
     */
    @Override
    public void setStatusCode(int code) throws ParseException {
        if (code < 100 || code > 699) {
            throw new ParseException("status code: " + code + " (expected 100 to 699)", 0);
        }
        commit();
        byte[] digits = Integer.toString(code).getBytes(StandardCharsets.US_ASCII);
        apply(new MessageEdit().replace(STATUS_START, STATUS_START + 3, digits));
    }

    @Override
    public String getReasonPhrase() {
        return response().reasonPhrase();
    }

    /**
     * Sets the reason phrase.
     *
     * @throws ParseException if it holds a line end
     */
    @Override
    public void setReasonPhrase(String phrase) throws ParseException {
        Objects.requireNonNull(phrase, "phrase");
        if (phrase.indexOf('\r') >= 0 || phrase.indexOf('\n') >= 0) {
            throw new ParseException(
                    "reason phrase: \"" + SipParseException.excerpt(phrase) + "\" holds a line end", 0);
        }
        commit();
        // a status line may end after its code, without the space
        byte[] text = (" " + phrase).getBytes(StandardCharsets.UTF_8);
        apply(new MessageEdit().replace(STATUS_START + 3, startLineEnd(), text));
    }
}
