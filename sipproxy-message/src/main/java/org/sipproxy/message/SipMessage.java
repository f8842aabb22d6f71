package org.sipproxy.message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/**
 * A SIP request or response over its received bytes (RFC 3261 §7). Reading a message only builds an index of its header
 * lines. A header is parsed when it is first accessed, and only that header. Header lines are numbered from 0.
 *
 * <p>Does not validate what is not accessed: unknown headers, the body and the order of headers stay unchanged, byte
 * for byte.
 *
 * <p>Immutable and safe for use by several threads. The {@code with} methods return an edited copy in which every other
 * byte is unchanged. Equality is identity.
 */
public abstract sealed class SipMessage permits SipRequest, SipResponse {

    /** Shared with {@link #index}, never written. */
    final byte[] wire;

    final MessageIndex index;

    /** The {@link HeaderName} number of each header line; 0 for a name that is not a constant. */
    private final byte[] ids;

    private final @Nullable SipParseException defect;

    /** One bit for each {@link HeaderName} number that occurs, and one for each that occurs in several lines. */
    private final long present;

    private final long repeated;
    private final ParseLimits limits;

    // parsed on first use; all are immutable, so a race parses twice at worst
    private @Nullable Via topVia;
    private @Nullable Via secondVia;
    private @Nullable NameAddress from;
    private @Nullable NameAddress to;
    private @Nullable List<NameAddress> contacts;
    private @Nullable String callId;
    private @Nullable CSeq cseq;

    SipMessage(MessageIndexer indexer) {
        this.wire = indexer.wire;
        this.index = indexer.index();
        this.ids = indexer.ids;
        this.defect = indexer.defect;
        this.present = indexer.present;
        this.repeated = indexer.repeated;
        this.limits = indexer.limits;
    }

    /** Creates the message without header line {@code removed}, whose bytes are {@code wire}. */
    SipMessage(SipMessage whole, int removed, byte[] wire, ParseLimits limits) {
        MessageIndex before = whole.index;
        int length = before.lineEnd(removed) - before.lineStart(removed);
        int count = before.headerCount() - 1;
        int[] lines = new int[count * MessageIndexer.STRIDE];
        byte[] names = new byte[count];
        long once = 0;
        long again = 0;
        for (int i = 0; i < count; i++) {
            int from = i < removed ? i : i + 1;
            int shift = i < removed ? 0 : length;
            lines[i * MessageIndexer.STRIDE] = before.lineStart(from) - shift;
            lines[i * MessageIndexer.STRIDE + 1] = before.valueStart(from) - shift;
            lines[i * MessageIndexer.STRIDE + 2] = before.valueEnd(from) - shift;
            names[i] = whole.ids[from];
            long bit = 1L << names[i];
            again |= once & bit;
            once |= bit;
        }
        this.wire = wire;
        this.index = new MessageIndex(
                wire,
                lines,
                count,
                before.uriStart(),
                before.uriEnd(),
                before.headersEnd() - length,
                before.bodyStart() - length);
        this.ids = names;
        this.defect = whole.defect;
        this.present = once;
        this.repeated = again;
        this.limits = limits;
    }

    /**
     * Parses a message. A defect that still allows a response is reported by {@link #defect()} instead of an exception.
     *
     * @param wire the message; the array is kept, not copied, and must not change
     * @throws SipParseException if the bytes are not a SIP message, or longer than {@link ParseLimits#messageBytes()}
     */
    public static SipMessage parse(byte[] wire, ParseLimits limits) throws SipParseException {
        Objects.requireNonNull(limits, "limits");
        return of(new MessageIndexer(wire, limits));
    }

    private static SipMessage of(MessageIndexer indexer) {
        return indexer.request ? new SipRequest(indexer) : new SipResponse(indexer);
    }

    /** Returns a copy of the start line, headers and body. */
    public byte[] toBytes() {
        return wire.clone();
    }

    /** Returns the positions of the header lines, and read-only access to the bytes. */
    public MessageIndex index() {
        return index;
    }

    /**
     * Returns the first defect in the lines of the message; empty if there is none. The index covers what could be
     * read.
     */
    public Optional<SipParseException> defect() {
        return Optional.ofNullable(defect);
    }

    /** Returns the limits that the message was parsed with. */
    public ParseLimits limits() {
        return limits;
    }

    // ---- header lines by number

    /** Returns the number of header lines. */
    public int headerCount() {
        return index.headerCount();
    }

    /** Returns true if there is a header line with this name. */
    public boolean hasHeader(HeaderName name) {
        return name.id() == 0 ? nextHeader(name, -1) >= 0 : (present & 1L << name.id()) != 0;
    }

    /** Returns true if there are several header lines with this name. */
    public boolean isRepeated(HeaderName name) {
        return name.id() == 0
                ? nextHeader(name, firstHeader(name)) > firstHeader(name)
                : (repeated & 1L << name.id()) != 0;
    }

    /** Returns the number of the first header line with this name, or -1. */
    public int firstHeader(HeaderName name) {
        return (present & 1L << name.id()) == 0 ? -1 : nextHeader(name, -1);
    }

    /** Returns the number of the next header line with this name after line {@code after}, or -1. */
    public int nextHeader(HeaderName name, int after) {
        int id = name.id();
        for (int i = after + 1, count = index.headerCount(); i < count; i++) {
            if (ids[i] == id && (id != 0 || nameIs(i, name.lowerCase()))) {
                return i;
            }
        }
        return -1;
    }

    /** Returns true if header line {@code i} has this name. */
    public boolean isHeader(int i, HeaderName name) {
        int id = name.id();
        return ids[i] == id && (id != 0 || nameIs(i, name.lowerCase()));
    }

    private boolean nameIs(int i, String lowerCase) {
        int start = index.lineStart(i);
        return Chars.equalsIgnoreCase(wire, start, Chars.tokenEnd(wire, start, wire.length), lowerCase);
    }

    /** Returns the name of header line {@code i}. */
    public HeaderName headerName(int i) {
        if (ids[i] != 0) {
            return HeaderName.byId(ids[i]);
        }
        int start = index.lineStart(i);
        return HeaderName.of(Chars.text(wire, start, Chars.tokenEnd(wire, start, wire.length)));
    }

    // ---- values as text

    /** Returns the value of header line {@code i}; each fold is replaced by one space. */
    public String value(int i) {
        return index.unfolded(index.valueStart(i), index.valueEnd(i));
    }

    /** Returns the value of the first header line with this name; empty if there is none. */
    public Optional<String> header(HeaderName name) {
        int i = firstHeader(name);
        return i < 0 ? Optional.empty() : Optional.of(value(i));
    }

    /** Returns the values of all header lines with this name, in their order. */
    public List<String> headers(HeaderName name) {
        List<String> values = new ArrayList<>(2);
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            values.add(value(i));
        }
        return values;
    }

    /** Returns true if a comma-separated list header holds this token. Case is ignored. */
    public boolean listContains(HeaderName name, String lowerCaseToken) {
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int at = index.valueStart(i);
            int to = index.valueEnd(i);
            while (at < to) {
                int comma = Chars.indexOf(wire, at, to, ',');
                int end = comma < 0 ? to : comma;
                int start = Chars.skipLws(wire, at, end);
                if (Chars.equalsIgnoreCase(wire, start, Chars.trimEnd(wire, start, end), lowerCaseToken)) {
                    return true;
                }
                at = end + 1;
            }
        }
        return false;
    }

    // ---- parsed values

    /**
     * Returns the topmost Via.
     *
     * @throws SipParseException if there is none or it is malformed
     */
    public Via topVia() throws SipParseException {
        Via via = topVia;
        if (via == null) {
            int i = required(HeaderName.VIA);
            via = Via.parse(wire, index.valueStart(i), index.valueEnd(i));
            topVia = via;
        }
        return via;
    }

    /**
     * Returns the Via below the topmost one: the next hop of a response that a proxy forwards.
     *
     * @throws SipParseException if the topmost or this one is malformed
     */
    public Optional<Via> secondVia() throws SipParseException {
        Via via = secondVia;
        if (via == null) {
            int i = required(HeaderName.VIA);
            int at = topVia().end() + 1;
            if (at > index.valueEnd(i)) {
                i = nextHeader(HeaderName.VIA, i);
                if (i < 0) {
                    return Optional.empty();
                }
                at = index.valueStart(i);
            }
            via = Via.parse(wire, at, index.valueEnd(i));
            secondVia = via;
        }
        return Optional.of(via);
    }

    /**
     * Returns the Via elements of all lines, topmost first.
     *
     * @throws SipParseException if one is malformed
     */
    public List<Via> vias() throws SipParseException {
        List<Via> all = new ArrayList<>(4);
        for (int i = firstHeader(HeaderName.VIA); i >= 0; i = nextHeader(HeaderName.VIA, i)) {
            int at = index.valueStart(i);
            int to = index.valueEnd(i);
            do {
                Via via = Via.parse(wire, at, to);
                all.add(via);
                at = via.end() + 1;
            } while (at <= to);
        }
        return all;
    }

    /**
     * Returns the elements of all lines of an address list header, such as Contact, Route or Path, in their order.
     * Skips empty lines and empty elements. A star Contact is not an address; see {@link #hasStarContact()}.
     *
     * @return an unmodifiable list
     * @throws SipParseException if one is malformed or there are more than {@link ParseLimits#listElements()}
     */
    public List<NameAddress> addresses(HeaderName name) throws SipParseException {
        if (!name.equals(HeaderName.CONTACT)) {
            return parseAddresses(name);
        }
        List<NameAddress> parsed = contacts;
        if (parsed == null) {
            parsed = parseAddresses(name);
            contacts = parsed;
        }
        return parsed;
    }

    private List<NameAddress> parseAddresses(HeaderName name) throws SipParseException {
        List<NameAddress> all = List.of();
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int to = index.valueEnd(i);
            for (int at = element(index.valueStart(i), to); at < to; at = element(at, to)) {
                checkListSize(name, all.size());
                NameAddress address = NameAddress.parse(wire, at, to);
                all = plus(all, address);
                at = address.end();
            }
        }
        return all.size() < 2 ? all : Collections.unmodifiableList(all);
    }

    /** Adds to a list that belongs to the caller. Most lists have one element. */
    private static List<NameAddress> plus(List<NameAddress> all, NameAddress next) {
        if (all.isEmpty()) {
            return List.of(next);
        }
        List<NameAddress> more = all.size() == 1 ? new ArrayList<>(all) : all;
        more.add(next);
        return more;
    }

    /**
     * Returns the first element of an address list header. Does not parse the others.
     *
     * @throws SipParseException if it is malformed
     */
    public Optional<NameAddress> firstAddress(HeaderName name) throws SipParseException {
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int at = element(index.valueStart(i), index.valueEnd(i));
            if (at < index.valueEnd(i)) {
                return Optional.of(NameAddress.parse(wire, at, index.valueEnd(i)));
            }
        }
        return Optional.empty();
    }

    /** Returns where the next element of a list that is not empty starts, or {@code to}. */
    private int element(int from, int to) {
        int at = from;
        while (at < to && (wire[at] == ',' || Chars.isLws(wire[at]))) {
            at++;
        }
        return at;
    }

    private void checkListSize(HeaderName name, int size) throws SipParseException {
        if (size >= limits.listElements()) {
            throw new SipParseException(
                    StatusCode.BAD_REQUEST, name + " holds more than " + limits.listElements() + " elements");
        }
    }

    /**
     * Returns the end of the element of a list header (RFC 3261 §7.3.1) that starts at position {@code from} of
     * {@link #index()}: the separator before the next element, or {@code to}. A header that is not a list has one
     * element.
     */
    public int elementEnd(HeaderName name, int from, int to) {
        return HeaderElements.end(name, wire, from, to);
    }

    /** Returns true if a Contact header's whole value is {@code *}. */
    public boolean hasStarContact() {
        for (int i = firstHeader(HeaderName.CONTACT); i >= 0; i = nextHeader(HeaderName.CONTACT, i)) {
            if (index.valueEnd(i) - index.valueStart(i) == 1 && wire[index.valueStart(i)] == '*') {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns From.
     *
     * @throws SipParseException if it is missing or malformed
     */
    public NameAddress from() throws SipParseException {
        NameAddress address = from;
        if (address == null) {
            address = single(HeaderName.FROM);
            from = address;
        }
        return address;
    }

    /**
     * Returns To.
     *
     * @throws SipParseException if it is missing or malformed
     */
    public NameAddress to() throws SipParseException {
        NameAddress address = to;
        if (address == null) {
            address = single(HeaderName.TO);
            to = address;
        }
        return address;
    }

    private NameAddress single(HeaderName name) throws SipParseException {
        int i = required(name);
        NameAddress address = NameAddress.parse(wire, index.valueStart(i), index.valueEnd(i));
        if (address.end() != index.valueEnd(i)) {
            throw SipParseException.at(
                    name + " holds more than one address", wire, index.valueStart(i), index.valueEnd(i));
        }
        return address;
    }

    /**
     * Returns the From tag; empty if it is missing or has no value.
     *
     * @throws SipParseException if From is missing or malformed
     */
    public String fromTag() throws SipParseException {
        String tag = from().parameterOrNull("tag");
        return tag == null ? "" : tag;
    }

    /**
     * Returns the To tag; empty if it is missing or has no value.
     *
     * @throws SipParseException if To is missing or malformed
     */
    public String toTag() throws SipParseException {
        String tag = to().parameterOrNull("tag");
        return tag == null ? "" : tag;
    }

    /**
     * Returns true if To has a tag that is not empty, as in an in-dialog request (RFC 3261 §12.2). A tag alone does not
     * prove the dialog.
     *
     * @throws SipParseException if To is missing or malformed
     */
    public boolean hasToTag() throws SipParseException {
        return to().hasValue("tag");
    }

    /**
     * Returns the Call-ID, to be compared byte for byte. Bytes that are not UTF-8 are read as ISO 8859-1.
     *
     * @throws SipParseException if it is missing, empty, or holds white space or a control character
     */
    public String callId() throws SipParseException {
        String id = callId;
        if (id == null) {
            int i = checkCallId();
            id = Chars.text(wire, index.valueStart(i), index.valueEnd(i));
            if (id.indexOf('\ufffd') >= 0) {
                id = new String(
                        wire,
                        index.valueStart(i),
                        index.valueEnd(i) - index.valueStart(i),
                        StandardCharsets.ISO_8859_1);
            }
            callId = id;
        }
        return id;
    }

    /**
     * Checks the Call-ID without creating a text, which most requests do not need.
     *
     * @return the number of its header line
     * @throws SipParseException as {@link #callId()}
     */
    public int checkCallId() throws SipParseException {
        int i = required(HeaderName.CALL_ID);
        if (!Chars.isVisible(wire, index.valueStart(i), index.valueEnd(i))) {
            throw SipParseException.at(
                    "Call-ID is not a word (RFC 3261 §25.1)", wire, index.valueStart(i), index.valueEnd(i));
        }
        return i;
    }

    /**
     * Returns CSeq.
     *
     * @throws SipParseException if it is missing, its number is not below 2**31, or its method is not a token
     */
    public CSeq cseq() throws SipParseException {
        CSeq parsed = cseq;
        if (parsed == null) {
            int i = required(HeaderName.CSEQ);
            parsed = CSeq.parse(wire, index.valueStart(i), index.valueEnd(i));
            cseq = parsed;
        }
        return parsed;
    }

    /**
     * Returns the value of a numeric header, such as Max-Forwards or Expires.
     *
     * @return the number, -1 if the header is missing, {@code max} if the number is larger than that
     * @throws SipParseException if the value is not a number
     */
    public long number(HeaderName name, long max) throws SipParseException {
        int i = firstHeader(name);
        if (i < 0) {
            return -1;
        }
        long value = Chars.number(wire, index.valueStart(i), index.valueEnd(i), max);
        if (value == -3) {
            return max;
        }
        if (value < 0) {
            throw SipParseException.at(name + " is not a number", wire, index.valueStart(i), index.valueEnd(i));
        }
        return value;
    }

    private int required(HeaderName name) throws SipParseException {
        int i = firstHeader(name);
        if (i < 0) {
            throw new SipParseException(StatusCode.BAD_REQUEST, "mandatory header " + name + " is missing");
        }
        return i;
    }

    /** Returns the length of the body, in bytes. */
    public int bodyLength() {
        return wire.length - index.bodyStart();
    }

    /** Returns a copy of the body; an empty array if there is none. */
    public byte[] body() {
        return index.copy(index.bodyStart(), wire.length);
    }

    // ---- edited copies

    /**
     * Returns a copy with exactly one header line of this name. It replaces the first such line, and the others are
     * removed. Without such a line the header is added below all others.
     *
     * @param value without line ends, as it goes to the wire
     * @throws IllegalArgumentException if the result is not a valid message, for example because {@code value} holds a
     *     line end
     */
    public abstract SipMessage withHeader(HeaderName name, String value);

    /**
     * Returns a copy with a header line added above those of this name, or above all headers if there are none.
     *
     * @param value without line ends, as it goes to the wire
     * @throws IllegalArgumentException if the result is not a valid message, for example because {@code value} holds a
     *     line end
     */
    public abstract SipMessage withHeaderAbove(HeaderName name, String value);

    /**
     * Returns a copy with a header line added below those of this name, or below all headers if there are none.
     *
     * @param value without line ends, as it goes to the wire
     * @throws IllegalArgumentException if the result is not a valid message, for example because {@code value} holds a
     *     line end
     */
    public abstract SipMessage withHeaderBelow(HeaderName name, String value);

    /** Returns a copy without the header lines of this name; this message if there are none. */
    public abstract SipMessage withoutHeader(HeaderName name);

    /**
     * Returns a copy with this body, and with the matching Content-Type and Content-Length.
     *
     * @throws IllegalArgumentException if {@code contentType} holds a line end, or the message becomes longer than
     *     {@link ParseLimits#messageBytes()}
     */
    public abstract SipMessage withBody(String contentType, byte[] body);

    /** Returns a copy without a body and without Content-Type; Content-Length becomes 0. */
    public abstract SipMessage withoutBody();

    /**
     * Returns a copy with the given replacements.
     *
     * @param splice positions of {@link #index()}
     * @throws IllegalArgumentException if the result is not a valid message, has a defect that this message does not
     *     have, or its Content-Length is not the length of its body
     */
    public abstract SipMessage with(Splice splice);

    final MessageIndexer spliced(Splice splice) {
        byte[] bytes = index.apply(splice);
        MessageIndexer edited;
        try {
            edited = new MessageIndexer(bytes, limits);
        } catch (SipParseException e) {
            throw new IllegalArgumentException("edit refused: " + e.getMessage(), e);
        }
        SipParseException broken = edited.defect;
        if (broken != null && defect == null) {
            throw new IllegalArgumentException("edit refused: " + broken.getMessage(), broken);
        }
        if (edited.request != this instanceof SipRequest) {
            throw new IllegalArgumentException(
                    "edit refused: a request cannot become a response, or a response a request");
        }
        if (edited.contentLengthDiffers() && !contentLengthDiffers()) {
            throw new IllegalArgumentException("edit refused: Content-Length is not the length of the body, "
                    + (bytes.length - edited.bodyStart) + " bytes; set the body with withBody");
        }
        return edited;
    }

    private boolean contentLengthDiffers() {
        int i = firstHeader(HeaderName.CONTENT_LENGTH);
        return i >= 0 && Chars.number(wire, index.valueStart(i), index.valueEnd(i), Integer.MAX_VALUE) != bodyLength();
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

    /** Returns the message as text. */
    @Override
    public final String toString() {
        return Chars.text(wire, 0, wire.length);
    }
}
