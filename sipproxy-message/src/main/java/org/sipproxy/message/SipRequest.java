package org.sipproxy.message;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.wire.Splice;

/** A SIP request (RFC 3261 §7.1). */
public final class SipRequest extends SipMessage {

    private final Method method;
    private @Nullable SipUri uri;

    SipRequest(MessageIndexer indexer) {
        super(indexer);
        this.method = Method.of(indexer.wire, 0, indexer.methodEnd);
    }

    /** Returns the method. */
    public Method method() {
        return method;
    }

    /**
     * Returns the Request-URI.
     *
     * @throws SipParseException if it is malformed
     */
    public SipUri requestUri() throws SipParseException {
        SipUri parsed = uri;
        if (parsed == null) {
            parsed = SipUri.parse(wire, index.uriStart(), index.uriEnd());
            uri = parsed;
        }
        return parsed;
    }

    // ---- edited copies

    /**
     * Returns a copy with this method, in CSeq as well.
     *
     * @throws IllegalArgumentException if the message becomes longer than {@link ParseLimits#messageBytes()}
     */
    public SipRequest withMethod(Method changed) {
        byte[] token = changed.name().getBytes(StandardCharsets.US_ASCII);
        Splice splice = new Splice().replace(0, method.name().length(), token);
        int i = firstHeader(HeaderName.CSEQ);
        if (i >= 0) {
            int from = index.valueEnd(i);
            while (from > index.valueStart(i) && Chars.isToken(wire[from - 1])) {
                from--;
            }
            splice.replace(from, index.valueEnd(i), token);
        }
        return with(splice);
    }

    /**
     * Returns a copy with this Request-URI.
     *
     * @throws IllegalArgumentException if the message becomes longer than {@link ParseLimits#messageBytes()}
     */
    public SipRequest withRequestUri(SipUri changed) {
        return with(new Splice().replace(index.uriStart(), index.uriEnd(), changed.toBytes()));
    }

    @Override
    public SipRequest withHeader(HeaderName name, String value) {
        return with(HeaderEdits.replacing(this, name, value));
    }

    @Override
    public SipRequest withHeaderAbove(HeaderName name, String value) {
        return with(HeaderEdits.above(this, name, value));
    }

    @Override
    public SipRequest withHeaderBelow(HeaderName name, String value) {
        return with(HeaderEdits.below(this, name, value));
    }

    @Override
    public SipRequest withBody(String contentType, byte[] body) {
        return with(HeaderEdits.body(this, contentType, body));
    }

    @Override
    public SipRequest withoutBody() {
        return with(HeaderEdits.noBody(this));
    }

    @Override
    public SipRequest withoutHeader(HeaderName name) {
        return hasHeader(name) ? with(HeaderEdits.removing(this, name)) : this;
    }

    @Override
    public SipRequest with(Splice splice) {
        return new SipRequest(spliced(splice));
    }
}
