package org.sipproxy.api.message;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Objects;
import javax.sip.message.Response;

/** A response. */
public final class SipResponse extends SipMessage implements Response {

    private static final int STATUS_START = "SIP/2.0 ".length();

    private int statusCode;
    private int reasonStart;
    private int startLineEnd;

    SipResponse(MessageIndexer index) {
        super(index);
        this.statusCode = index.statusCode;
        this.reasonStart = index.reasonStart;
        this.startLineEnd = index.startLineEnd;
    }

    private SipResponse(SipResponse other) {
        super(other);
        this.statusCode = other.statusCode;
        this.reasonStart = other.reasonStart;
        this.startLineEnd = other.startLineEnd;
    }

    @Override
    void replaceWire(MessageIndexer index) {
        super.replaceWire(index);
        this.statusCode = index.statusCode;
        this.reasonStart = index.reasonStart;
        this.startLineEnd = index.startLineEnd;
    }

    /** The status code, 100 to 699. */
    public int statusCode() {
        return statusCode;
    }

    /** The reason phrase as written; may be empty. */
    public String reasonPhrase() {
        return Chars.text(wire, reasonStart, startLineEnd);
    }

    /** True for 1xx. */
    public boolean isProvisional() {
        return statusCode < 200;
    }

    /** True for 2xx. */
    public boolean isSuccess() {
        return statusCode >= 200 && statusCode < 300;
    }

    /** A response of its own with the same bytes; they are shared until either is edited, so this is cheap. */
    public SipResponse copy() {
        commitEdits();
        return new SipResponse(this);
    }

    @Override
    public SipResponse clone() {
        return copy();
    }

    // ---- javax.sip.message.Response

    @Override
    public int getStatusCode() {
        return statusCode;
    }

    /**
     * Sets the status code and leaves the reason phrase.
     *
     * @throws ParseException if it is not 100 to 699
     */
    @Override
    public void setStatusCode(int code) throws ParseException {
        if (code < 100 || code > 699) {
            throw new ParseException("status code: " + code + " (expected 100 to 699)", 0);
        }
        commitEdits();
        byte[] digits = Integer.toString(code).getBytes(StandardCharsets.US_ASCII);
        apply(new MessageEdit().replace(STATUS_START, STATUS_START + 3, digits));
    }

    @Override
    public String getReasonPhrase() {
        return reasonPhrase();
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
        commitEdits();
        // a status line may end right behind its code, without the space
        byte[] text = (" " + phrase).getBytes(StandardCharsets.UTF_8);
        apply(new MessageEdit().replace(STATUS_START + 3, startLineEnd, text));
    }
}
