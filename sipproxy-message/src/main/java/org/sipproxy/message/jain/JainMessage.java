package org.sipproxy.message.jain;

import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Objects;
import javax.sip.header.ContentDispositionHeader;
import javax.sip.header.ContentEncodingHeader;
import javax.sip.header.ContentLanguageHeader;
import javax.sip.header.ContentLengthHeader;
import javax.sip.header.ContentTypeHeader;
import javax.sip.header.ExpiresHeader;
import javax.sip.header.Header;
import javax.sip.message.Message;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Base class of the views of requests and responses. Holds the current message; an edit replaces it with an edited
 * copy.
 *
 * <p>A typed header that was handed out may be changed in place; {@link #commit} writes such changes into the message.
 */
abstract sealed class JainMessage implements Message permits JainRequest, JainResponse {

    static {
        SilentStackLogger.install();
    }

    private SipMessage message;
    private @Nullable TypedHeaders typed;

    JainMessage(SipMessage message) {
        this.message = Objects.requireNonNull(message, "message");
    }

    /** Returns the current message, without changes of typed headers that {@link #commit} has not written. */
    final SipMessage current() {
        return message;
    }

    /**
     * Writes changes of typed headers and URIs that were handed out or passed in into the message. Costs a null check
     * if there are none.
     */
    final void commit() {
        TypedHeaders held = typed;
        if (held != null) {
            held.commit();
        }
    }

    final TypedHeaders typed() {
        TypedHeaders held = typed;
        if (held == null) {
            held = new TypedHeaders(this);
            typed = held;
        }
        return held;
    }

    /** Applies the edit, or throws and leaves the message unchanged. */
    final void apply(MessageEdit edit) {
        SipMessage edited = message.with(edit.splice());
        typed().moved(edit);
        message = edited;
    }

    // ---- javax.sip.message.Message: headers

    /** Returns the first header with this name, null if there is none. */
    @Override
    public @Nullable Header getHeader(String name) {
        HeaderName header = HeaderName.of(name);
        return message.firstHeader(header) < 0 ? null : typed().first(header);
    }

    /** Returns all headers with this name, one for each element of a list. The iterator is a read-only snapshot. */
    @Override
    public ListIterator<Header> getHeaders(String name) {
        return List.copyOf(typed().all(HeaderName.of(name))).listIterator();
    }

    /** Returns the names of the headers in their long form, in the order in which they first occur. */
    @Override
    public ListIterator<String> getHeaderNames() {
        Map<HeaderName, String> names = new LinkedHashMap<>();
        for (int i = 0; i < message.headerCount(); i++) {
            HeaderName name = message.headerName(i);
            names.putIfAbsent(name, name.name());
        }
        return List.copyOf(names.values()).listIterator();
    }

    /** Returns the lines that {@link #getHeaders} would reject, without their line ends. */
    @Override
    public ListIterator<String> getUnrecognizedHeaders() {
        commit();
        Map<HeaderName, Boolean> readable = new LinkedHashMap<>();
        List<String> refused = new ArrayList<>();
        for (int i = 0; i < message.headerCount(); i++) {
            HeaderName name = message.headerName(i);
            if (!readable.computeIfAbsent(name, this::isReadable)) {
                refused.add(message.index()
                        .unfolded(message.index().lineStart(i), message.index().valueEnd(i)));
            }
        }
        return refused.listIterator();
    }

    private boolean isReadable(HeaderName name) {
        try {
            typed().all(name);
            return true;
        } catch (MalformedHeaderException e) {
            return false;
        }
    }

    /**
     * Replaces the first header of this name and removes the others; adds it below all headers if there is none.
     *
     * @throws IllegalArgumentException if the header's text is not valid in a message
     */
    @Override
    public void setHeader(Header header) {
        commit();
        HeaderEditor.set(this, header);
    }

    /**
     * Adds a header below those of its name; Via and Record-Route are added on top, as in the RI.
     *
     * @throws IllegalArgumentException if it must occur only once and is present, or its text is not valid in a message
     */
    @Override
    public void addHeader(Header header) {
        HeaderName name = HeaderName.of(Objects.requireNonNull(header, "header").getName());
        if (name.equals(HeaderName.VIA) || name.equals(HeaderName.RECORD_ROUTE)) {
            addFirst(header);
        } else {
            addLast(header);
        }
    }

    /** Adds a header above those of its name, as a line of its own; above all headers if there is none. */
    @Override
    public void addFirst(Header header) {
        commit();
        HeaderEditor.addFirst(this, header);
    }

    /** Adds a header below those of its name, as a line of its own; below all headers if there is none. */
    @Override
    public void addLast(Header header) {
        commit();
        HeaderEditor.addLast(this, header);
    }

    /** Removes all headers with this name. */
    @Override
    public void removeHeader(String name) {
        commit();
        HeaderEditor.remove(this, HeaderName.of(name));
    }

    /** Removes the first header with this name; of a list, its first element. */
    @Override
    public void removeFirst(String name) {
        commit();
        HeaderEditor.removeFirst(this, HeaderName.of(name));
    }

    /** Removes the last header with this name; of a list, its last element. */
    @Override
    public void removeLast(String name) {
        commit();
        HeaderEditor.removeLast(this, HeaderName.of(name));
    }

    // ---- javax.sip.message.Message: single headers

    @Override
    public @Nullable ContentLengthHeader getContentLength() {
        return (ContentLengthHeader) getHeader(ContentLengthHeader.NAME);
    }

    /**
     * Sets Content-Length.
     *
     * @throws IllegalArgumentException if it is not the length of the body; use {@link #setContent} to set both
     */
    @Override
    public void setContentLength(ContentLengthHeader contentLength) {
        setHeader(contentLength);
    }

    @Override
    public @Nullable ContentLanguageHeader getContentLanguage() {
        return (ContentLanguageHeader) getHeader(ContentLanguageHeader.NAME);
    }

    @Override
    public void setContentLanguage(ContentLanguageHeader contentLanguage) {
        setHeader(contentLanguage);
    }

    @Override
    public @Nullable ContentEncodingHeader getContentEncoding() {
        return (ContentEncodingHeader) getHeader(ContentEncodingHeader.NAME);
    }

    @Override
    public void setContentEncoding(ContentEncodingHeader contentEncoding) {
        setHeader(contentEncoding);
    }

    @Override
    public @Nullable ContentDispositionHeader getContentDisposition() {
        return (ContentDispositionHeader) getHeader(ContentDispositionHeader.NAME);
    }

    @Override
    public void setContentDisposition(ContentDispositionHeader contentDisposition) {
        setHeader(contentDisposition);
    }

    @Override
    public @Nullable ExpiresHeader getExpires() {
        return (ExpiresHeader) getHeader(ExpiresHeader.NAME);
    }

    @Override
    public void setExpires(ExpiresHeader expires) {
        setHeader(expires);
    }

    // ---- javax.sip.message.Message: body and version

    /** Returns a copy of the body, null if there is none. */
    @Override
    public byte @Nullable [] getRawContent() {
        return message.bodyLength() == 0 ? null : message.body();
    }

    /** Returns what {@link #getRawContent()} returns. Does not interpret Content-Type. */
    @Override
    public @Nullable Object getContent() {
        return getRawContent();
    }

    /**
     * Sets the body with its Content-Type and Content-Length.
     *
     * @param content a {@code byte[]}, or an object whose {@code toString()} is encoded in the charset of the content
     *     type. Default charset UTF-8
     * @throws ParseException if this JVM does not support the content type's charset
     */
    @Override
    public void setContent(Object content, ContentTypeHeader contentType) throws ParseException {
        Objects.requireNonNull(contentType, "contentType");
        byte[] body = Objects.requireNonNull(content, "content") instanceof byte[] bytes
                ? bytes.clone()
                : content.toString().getBytes(charset(contentType));
        commit();
        MessageEdit edit = new MessageEdit();
        HeaderEditor.set(this, edit, contentType);
        setBody(edit, body);
    }

    private static Charset charset(ContentTypeHeader contentType) throws ParseException {
        String charset = contentType.getParameter("charset");
        try {
            return charset == null ? StandardCharsets.UTF_8 : Charset.forName(charset);
        } catch (IllegalArgumentException e) {
            throw new ParseException("unsupported charset of Content-Type: " + SipParseException.excerpt(charset), 0);
        }
    }

    /** Removes the body and Content-Type; Content-Length becomes 0. */
    @Override
    public void removeContent() {
        commit();
        MessageEdit edit = new MessageEdit();
        HeaderEditor.remove(this, edit, HeaderName.CONTENT_TYPE);
        setBody(edit, new byte[0]);
    }

    private void setBody(MessageEdit edit, byte[] body) {
        HeaderEditor.set(this, edit, HeaderText.contentLength(body.length));
        edit.replace(message.index().bodyStart(), message.index().length(), body);
        apply(edit);
    }

    /** Returns {@code SIP/2.0}. */
    @Override
    public String getSIPVersion() {
        return "SIP/2.0";
    }

    /**
     * Accepts only {@code SIP/2.0}, which every message has.
     *
     * @throws ParseException for any other version
     */
    @Override
    public void setSIPVersion(String version) throws ParseException {
        if (!"SIP/2.0".equalsIgnoreCase(version)) {
            throw new ParseException("version: " + version + " (only SIP/2.0 is supported)", 0);
        }
    }

    // ---- java.lang.Object

    @Override
    public final boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public final int hashCode() {
        return System.identityHashCode(this);
    }

    /** Returns an independent view of the same message, changes of typed headers included. */
    @Override
    public abstract JainMessage clone();

    /** Returns the message as it goes to the wire, changes of typed headers included. */
    @Override
    public final String toString() {
        commit();
        return message.toString();
    }

    // ---- java.io.Serializable, which javax.sip.message.Message extends: the bytes are the whole state

    Object writeReplace() {
        commit();
        ParseLimits l = message.limits();
        return new Serialized(message.toBytes(), l.messageBytes(), l.headerLineBytes(), l.headers(), l.listElements());
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a message is deserialized only from its serialized form");
    }

    private record Serialized(byte[] wire, int messageBytes, int headerLineBytes, int headers, int listElements)
            implements Serializable {

        Object readResolve() throws InvalidObjectException {
            try {
                SipMessage read = SipMessage.parse(
                        wire,
                        ParseLimits.builder()
                                .messageBytes(messageBytes)
                                .headerLineBytes(headerLineBytes)
                                .headers(headers)
                                .listElements(listElements)
                                .build());
                return read instanceof SipRequest request
                        ? JainRequest.of(request)
                        : JainResponse.of((org.sipproxy.message.SipResponse) read);
            } catch (SipParseException e) {
                throw new InvalidObjectException(e.getMessage());
            }
        }
    }
}
