package org.sipproxy.message.jain;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Objects;
import javax.sip.address.URI;
import javax.sip.message.Request;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.jain.TypedHeaders.Entry;
import org.sipproxy.message.wire.MessageIndex;

/**
 * {@code javax.sip.message.Request} view of a {@link SipRequest}. Access to text that the grammar rejects throws a
 * {@link MalformedHeaderException}.
 *
 * <p>Typed headers and URIs may be changed in place; {@link #message()} returns the request with all changes. Equality
 * is identity. Not safe for use by several threads.
 */
public final class JainRequest extends JainMessage implements Request {

    private JainRequest(SipRequest request) {
        super(request);
    }

    /** Returns a view of a request. Edits do not change {@code request}. */
    public static JainRequest of(SipRequest request) {
        return new JainRequest(request);
    }

    /**
     * Returns the request with all edits, including those of typed headers. Returns the original request if there were
     * none.
     *
     * @throws IllegalArgumentException if a typed header now encodes to text that is not valid in a message
     */
    public SipRequest message() {
        commit();
        return request();
    }

    private SipRequest request() {
        return (SipRequest) current();
    }

    @Override
    public JainRequest clone() {
        return of(message());
    }

    @Override
    public String getMethod() {
        return request().method().name();
    }

    /**
     * Sets the method, in CSeq as well.
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
        commit();
        SipRequest request = request();
        MessageIndex index = request.index();
        byte[] token = changed.name().getBytes(StandardCharsets.US_ASCII);
        MessageEdit edit = new MessageEdit().replace(0, request.method().name().length(), token);
        int i = request.firstHeader(HeaderName.CSEQ);
        if (i >= 0) {
            int from = index.valueEnd(i);
            while (from > index.valueStart(i) && index.byteAt(from - 1) > ' ') {
                from--;
            }
            edit.replace(from, index.valueEnd(i), token);
        }
        apply(edit);
    }

    @Override
    public URI getRequestURI() {
        try {
            // changes of a typed URI are not in the bytes yet, but its entry still covers the old text
            MessageIndex index = request().index();
            return typed().uri(request().requestUri(), index.uriStart(), index.uriEnd());
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
        commit();
        byte[] bytes = checked.toBytes();
        MessageIndex index = request().index();
        apply(new MessageEdit()
                .replace(index.uriStart(), index.uriEnd(), bytes, new Entry(requestUri, text, 0, 0), 0, bytes.length));
    }
}
