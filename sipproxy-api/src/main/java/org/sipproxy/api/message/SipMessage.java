package org.sipproxy.api.message;

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

/**
 * A SIP request or response. The accessors without {@code get} read the index over the received bytes; the
 * {@code javax.sip.message} methods are a view of the same bytes.
 *
 * <p>The view parses a header when it is first asked for, and that header only; text that the grammar refuses is a
 * {@link MalformedHeaderException}. An edit through the view is written into the bytes at once, and leaves every other header
 * and the body as they came. A typed header that was handed out may be changed in place; such a change reaches the bytes, and
 * with them the accessors without {@code get}, at the next {@link #commitEdits()}.
 *
 * <p>Equality is identity.
 */
public abstract sealed class SipMessage extends IndexedMessage implements Message permits SipRequest, SipResponse {

    static {
        SilentStackLogger.install();
    }

    private @Nullable TypedHeaders typed;

    SipMessage(MessageIndexer index) {
        super(index);
    }

    SipMessage(IndexedMessage other) {
        super(other);
    }

    /**
     * Indexes a message; the array is kept, not copied, and must not change. A defect that leaves the message answerable is
     * reported by {@link #defect()} instead of an exception.
     *
     * @throws SipParseException if the bytes are not a SIP message, or longer than {@link ParseLimits#messageBytes()}
     */
    public static SipMessage parse(byte[] wire, ParseLimits limits) throws SipParseException {
        Objects.requireNonNull(limits, "limits");
        MessageIndexer index = new MessageIndexer(wire, limits);
        return index.request ? new SipRequest(index) : new SipResponse(index);
    }

    /** The start line, headers and body as they go to the wire; changes of typed headers are committed first. */
    public byte[] toBytes() {
        commitEdits();
        return wire.clone();
    }

    /**
     * Writes changes that were made in typed headers and URIs, after they were handed out or handed in, into the bytes. Costs
     * a null check if there are none out.
     *
     * @throws IllegalArgumentException if such a header now encodes to something that cannot stand in a message
     */
    public void commitEdits() {
        TypedHeaders held = typed;
        if (held != null) {
            held.commit();
        }
    }

    /**
     * Edits the bytes, for a step on the message path that a typed header costs too much. Changes of typed headers are
     * committed first; headers that were handed out before are no part of the message any more.
     *
     * @param splice positions in {@link #wire()} as it is after {@link #commitEdits()}
     * @throws IllegalArgumentException if the result is no message; nothing has changed then
     */
    public void edit(Splice splice) {
        commitEdits();
        MessageIndexer index = reindex(splice.apply(wire));
        typed = null;
        replaceWire(index);
    }

    TypedHeaders typed() {
        TypedHeaders held = typed;
        if (held == null) {
            held = new TypedHeaders(this);
            typed = held;
        }
        return held;
    }

    /** Makes the edit, or leaves the message as it was and says why not. */
    void apply(MessageEdit edit) {
        MessageIndexer index = reindex(edit.apply(wire));
        typed().moved(edit);
        replaceWire(index);
    }

    private MessageIndexer reindex(byte[] bytes) {
        MessageIndexer index;
        try {
            index = new MessageIndexer(bytes, limits());
        } catch (SipParseException e) {
            throw new IllegalArgumentException("edit refused: " + e.getMessage(), e);
        }
        SipParseException broken = index.defect;
        if (broken != null && defect == null) {
            throw new IllegalArgumentException("edit refused: " + broken.getMessage(), broken);
        }
        if (index.contentLengthDiffers() && !contentLengthDiffers()) {
            throw new IllegalArgumentException("edit refused: Content-Length is not the body's "
                    + (bytes.length - index.bodyStart)
                    + " bytes; use setContent, which keeps both in step");
        }
        return index;
    }

    // ---- javax.sip.message.Message: headers

    /** The first header with this name, null if there is none. */
    @Override
    public @Nullable Header getHeader(String name) {
        HeaderName header = HeaderName.of(name);
        return firstHeader(header) < 0 ? null : typed().first(header);
    }

    /** All headers with this name, an element of a list each. The iterator is a snapshot and does not edit. */
    @Override
    public ListIterator<Header> getHeaders(String name) {
        return List.copyOf(typed().all(HeaderName.of(name))).listIterator();
    }

    /** The names of the headers in the order in which they first occur, in their long form. */
    @Override
    public ListIterator<String> getHeaderNames() {
        Map<HeaderName, String> names = new LinkedHashMap<>();
        for (int i = 0; i < headerCount(); i++) {
            HeaderName name = headerName(i);
            names.putIfAbsent(name, name.name());
        }
        return List.copyOf(names.values()).listIterator();
    }

    /** The lines, without their line ends, that {@link #getHeaders} would refuse. */
    @Override
    public ListIterator<String> getUnrecognizedHeaders() {
        commitEdits();
        Map<HeaderName, Boolean> readable = new LinkedHashMap<>();
        List<String> refused = new ArrayList<>();
        for (int i = 0; i < headerCount(); i++) {
            HeaderName name = headerName(i);
            if (!readable.computeIfAbsent(name, this::isReadable)) {
                refused.add(unfold(Chars.text(wire, lineStart(i), valueEnd(i))));
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
     * Replaces the first header of this name and removes its others; adds it below all headers if there is none.
     *
     * @throws IllegalArgumentException if the header's text cannot stand in a message
     */
    @Override
    public void setHeader(Header header) {
        commitEdits();
        HeaderEditor.set(this, header);
    }

    /**
     * Adds a header below those of its name; Via and Record-Route go on top, as in the RI.
     *
     * @throws IllegalArgumentException if it may stand only once and is there, or its text cannot stand in a message
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
        commitEdits();
        HeaderEditor.addFirst(this, header);
    }

    /** Adds a header below those of its name, as a line of its own; below all headers if there is none. */
    @Override
    public void addLast(Header header) {
        commitEdits();
        HeaderEditor.addLast(this, header);
    }

    /** Removes all headers with this name. */
    @Override
    public void removeHeader(String name) {
        commitEdits();
        HeaderEditor.remove(this, HeaderName.of(name));
    }

    /** Removes the first header with this name, of a list its first element. */
    @Override
    public void removeFirst(String name) {
        commitEdits();
        HeaderEditor.removeFirst(this, HeaderName.of(name));
    }

    /** Removes the last header with this name, of a list its last element. */
    @Override
    public void removeLast(String name) {
        commitEdits();
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
     * @throws IllegalArgumentException if it is not the body's length; {@link #setContent} sets both
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

    /** A copy of the body's bytes, null if there is no body. */
    @Override
    public byte @Nullable [] getRawContent() {
        return bodyLength() == 0 ? null : java.util.Arrays.copyOfRange(wire, bodyStart, wire.length);
    }

    /** {@link #getRawContent()}: what the body means is for Content-Type to say. */
    @Override
    public @Nullable Object getContent() {
        return getRawContent();
    }

    /**
     * Sets the body with its Content-Type and Content-Length.
     *
     * @param content a {@code byte[]}, or anything else for its {@code toString()} in the charset of the content type, UTF-8 if
     *     it names none
     * @throws ParseException if the content type's charset is not known to this JVM
     */
    @Override
    public void setContent(Object content, ContentTypeHeader contentType) throws ParseException {
        Objects.requireNonNull(contentType, "contentType");
        byte[] body = Objects.requireNonNull(content, "content") instanceof byte[] bytes
                ? bytes.clone()
                : content.toString().getBytes(charset(contentType));
        commitEdits();
        MessageEdit edit = new MessageEdit();
        HeaderEditor.set(this, edit, contentType);
        setBody(edit, body);
    }

    private static Charset charset(ContentTypeHeader contentType) throws ParseException {
        String charset = contentType.getParameter("charset");
        try {
            return charset == null ? StandardCharsets.UTF_8 : Charset.forName(charset);
        } catch (IllegalArgumentException e) {
            throw new ParseException("charset of Content-Type is not known: " + SipParseException.excerpt(charset), 0);
        }
    }

    /** Removes the body and Content-Type; Content-Length becomes 0. */
    @Override
    public void removeContent() {
        commitEdits();
        MessageEdit edit = new MessageEdit();
        HeaderEditor.remove(this, edit, HeaderName.CONTENT_TYPE);
        setBody(edit, new byte[0]);
    }

    private void setBody(MessageEdit edit, byte[] body) {
        HeaderEditor.set(this, edit, HeaderText.contentLength(body.length));
        edit.replace(bodyStart, wire.length, body);
        apply(edit);
    }

    /** Always {@code SIP/2.0}. */
    @Override
    public String getSIPVersion() {
        return "SIP/2.0";
    }

    /**
     * Accepts {@code SIP/2.0}, which every message has.
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

    /** A message of its own with the same bytes, changes of typed headers included. */
    @Override
    public abstract SipMessage clone();

    @Override
    public final boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public final int hashCode() {
        return System.identityHashCode(this);
    }

    /** The message as it goes to the wire, changes of typed headers included. */
    @Override
    public String toString() {
        commitEdits();
        return wireText();
    }

    // ---- java.io.Serializable, which javax.sip.message.Message asks for: the bytes are all there is

    Object writeReplace() {
        ParseLimits l = limits();
        return new Serialized(toBytes(), l.messageBytes(), l.headerLineBytes(), l.headers(), l.listElements());
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a message is read through its serialized form");
    }

    private record Serialized(byte[] wire, int messageBytes, int headerLineBytes, int headers, int listElements)
            implements Serializable {

        Object readResolve() throws InvalidObjectException {
            try {
                return parse(wire, new ParseLimits(messageBytes, headerLineBytes, headers, listElements));
            } catch (SipParseException e) {
                throw new InvalidObjectException(e.getMessage());
            }
        }
    }
}
