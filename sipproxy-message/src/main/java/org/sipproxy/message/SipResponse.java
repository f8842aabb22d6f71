package org.sipproxy.message;

import java.nio.charset.StandardCharsets;
import org.sipproxy.message.wire.Splice;

/** A SIP response (RFC 3261 §7.2). */
public final class SipResponse extends SipMessage {

    private static final int STATUS_START = "SIP/2.0 ".length();

    private final int statusCode;
    private final int reasonStart;
    private final int startLineEnd;

    SipResponse(MessageIndexer indexer) {
        super(indexer);
        this.statusCode = indexer.statusCode;
        this.reasonStart = indexer.reasonStart;
        this.startLineEnd = indexer.startLineEnd;
    }

    private SipResponse(SipResponse whole, int removed, byte[] wire, ParseLimits limits) {
        super(whole, removed, wire, limits);
        this.statusCode = whole.statusCode;
        this.reasonStart = whole.reasonStart;
        this.startLineEnd = whole.startLineEnd;
    }

    /**
     * Returns this response without header line {@code i}. The bytes are not read again, so a response from which a
     * proxy has removed its Via can be passed to stages at a fraction of the cost of parsing it.
     *
     * @param bytes the response without that line; the array is kept, not copied, and must not change
     * @param limits of the edits of the new response
     * @throws IllegalArgumentException if {@code bytes} do not have the length that the response has without the line
     */
    public SipResponse withoutLine(int i, byte[] bytes, ParseLimits limits) {
        if (wire.length - bytes.length != index.lineEnd(i) - index.lineStart(i)) {
            throw new IllegalArgumentException("bytes: " + bytes.length + " are not the message without line " + i);
        }
        return new SipResponse(this, i, bytes, limits);
    }

    /** Returns the status code, 100 to 699. */
    public int statusCode() {
        return statusCode;
    }

    /** Returns the reason phrase as written; it may be empty. */
    public String reasonPhrase() {
        return Chars.text(wire, reasonStart, startLineEnd);
    }

    /** Returns true for status codes 100 to 199. */
    public boolean isProvisional() {
        return statusCode < 200;
    }

    /** Returns true for status codes 200 to 299. */
    public boolean isSuccess() {
        return statusCode >= 200 && statusCode < 300;
    }

    // ---- edited copies

    /**
     * Returns a copy with this status.
     *
     * @param code 100 to 699
     * @param phrase the reason phrase; may be empty
     * @throws IllegalArgumentException if {@code code} is outside the range, or {@code phrase} holds a line end
     */
    public SipResponse withStatus(int code, String phrase) {
        if (code < 100 || code > 699) {
            throw new IllegalArgumentException("status code: " + code + " (expected 100 to 699)");
        }
        if (phrase.indexOf('\r') >= 0 || phrase.indexOf('\n') >= 0) {
            throw new IllegalArgumentException(
                    "reason phrase: \"" + SipParseException.excerpt(phrase) + "\" holds a line end");
        }
        // a status line may end after its code, without the space
        byte[] text = (code + " " + phrase).getBytes(StandardCharsets.UTF_8);
        return with(new Splice().replace(STATUS_START, startLineEnd, text));
    }

    @Override
    public SipResponse withHeader(HeaderName name, String value) {
        return with(HeaderEdits.replacing(this, name, value));
    }

    @Override
    public SipResponse withHeaderAbove(HeaderName name, String value) {
        return with(HeaderEdits.above(this, name, value));
    }

    @Override
    public SipResponse withHeaderBelow(HeaderName name, String value) {
        return with(HeaderEdits.below(this, name, value));
    }

    @Override
    public SipResponse withBody(String contentType, byte[] body) {
        return with(HeaderEdits.body(this, contentType, body));
    }

    @Override
    public SipResponse withoutBody() {
        return with(HeaderEdits.noBody(this));
    }

    @Override
    public SipResponse withoutHeader(HeaderName name) {
        return hasHeader(name) ? with(HeaderEdits.removing(this, name)) : this;
    }

    @Override
    public SipResponse with(Splice splice) {
        return new SipResponse(spliced(splice));
    }
}
