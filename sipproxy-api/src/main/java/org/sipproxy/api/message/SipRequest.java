package org.sipproxy.api.message;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Objects;
import javax.sip.address.URI;
import javax.sip.message.Request;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.TypedHeaders.Entry;

/** A request. */
public final class SipRequest extends SipMessage implements Request {

    private Method method;
    private int uriStart;
    private int uriEnd;
    private @Nullable SipUri uri;

    SipRequest(MessageIndexer index) {
        super(index);
        this.method = Method.of(index.wire, 0, index.methodEnd);
        this.uriStart = index.uriStart;
        this.uriEnd = index.uriEnd;
    }

    private SipRequest(SipRequest other) {
        super(other);
        this.method = other.method;
        this.uriStart = other.uriStart;
        this.uriEnd = other.uriEnd;
        this.uri = other.uri;
    }

    @Override
    void replaceWire(MessageIndexer index) {
        super.replaceWire(index);
        this.method = Method.of(index.wire, 0, index.methodEnd);
        this.uriStart = index.uriStart;
        this.uriEnd = index.uriEnd;
        this.uri = null;
    }

    /** The method. */
    public Method method() {
        return method;
    }

    /**
     * The Request-URI.
     *
     * @throws SipParseException if it is malformed
     */
    public SipUri requestUri() throws SipParseException {
        SipUri parsed = uri;
        if (parsed == null) {
            parsed = SipUri.parse(wire, uriStart, uriEnd);
            uri = parsed;
        }
        return parsed;
    }

    /** Where the Request-URI starts in {@link #wire()}. */
    public int requestUriStart() {
        return uriStart;
    }

    /** Where the Request-URI ends in {@link #wire()}. */
    public int requestUriEnd() {
        return uriEnd;
    }

    /** A request of its own with the same bytes; they are shared until either is edited, so this is cheap. */
    public SipRequest copy() {
        commitEdits();
        return new SipRequest(this);
    }

    @Override
    public SipRequest clone() {
        return copy();
    }

    // ---- javax.sip.message.Request

    @Override
    public String getMethod() {
        return method.name();
    }

    /**
     * Sets the method, and that of CSeq with it.
     *
     * @throws ParseException if it is not a token
     */
    @Override
    public void setMethod(String name) throws ParseException {
        Method changed;
        try {
            changed = Method.of(name);
        } catch (IllegalArgumentException e) {
            throw new ParseException(e.getMessage(), 0);
        }
        commitEdits();
        byte[] token = changed.name().getBytes(StandardCharsets.US_ASCII);
        MessageEdit edit = new MessageEdit().replace(0, method.name().length(), token);
        int i = firstHeader(HeaderName.CSEQ);
        if (i >= 0) {
            int from = valueEnd(i);
            while (from > valueStart(i) && Chars.isToken(wire[from - 1])) {
                from--;
            }
            edit.replace(from, valueEnd(i), token);
        }
        apply(edit);
    }

    @Override
    public URI getRequestURI() {
        try {
            // changes of a typed URI are not in the bytes yet, but its entry still covers the old text
            return typed().uri(requestUri(), uriStart, uriEnd);
        } catch (SipParseException e) {
            throw new MalformedHeaderException(e);
        }
    }

    /**
     * Sets the Request-URI.
     *
     * @throws IllegalArgumentException if its text is not a URI
     */
    @Override
    public void setRequestURI(URI requestUri) {
        String text = Objects.requireNonNull(requestUri, "requestUri").toString();
        SipUri checked = SipUri.of(text);
        commitEdits();
        byte[] bytes = checked.toBytes();
        apply(new MessageEdit().replace(uriStart, uriEnd, bytes, new Entry(requestUri, text, 0, 0), 0, bytes.length));
    }
}
