package org.sipproxy.api.message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a message and the index over them: where each header line and its value lie. It is what the engine reads.
 *
 * <p>The bytes never change in place. An edit makes new bytes by splicing and indexes them again ({@link #replaceWire}), so
 * what nobody touched stays byte for byte as it came, in its order.
 */
abstract class IndexedMessage {

    /** Ints of {@link #lines} for each header: where the line, the value and the value's end lie. */
    static final int STRIDE = 3;

    byte[] wire;
    /** {@link HeaderName} number of each header line, 0 for a name that is not known. */
    byte[] ids;

    int[] lines;
    int count;
    /** Where the header lines end: the empty line starts here. */
    int headersEnd;
    /** Where the body starts; the wire's length if there is none. */
    int bodyStart;

    @Nullable
    SipParseException defect;
    /** A bit for each {@link HeaderName} number that occurs, and for each that occurs in several lines. */
    private long present;

    private long repeated;

    private @Nullable Via topVia;
    private @Nullable Via secondVia;
    private @Nullable NameAddress from;
    private @Nullable NameAddress to;
    private @Nullable String callId;
    private @Nullable CSeq cseq;
    private final ParseLimits limits;

    IndexedMessage(MessageIndexer index) {
        this.limits = index.limits;
        this.wire = index.wire;
        this.ids = index.ids;
        this.lines = index.lines;
        this.count = index.count;
        this.headersEnd = index.headersEnd;
        this.bodyStart = index.bodyStart;
        this.defect = index.defect;
        this.present = index.present;
        this.repeated = index.repeated;
    }

    /** Shares the bytes, the index and the values read so far: none of them ever changes in place. */
    IndexedMessage(IndexedMessage other) {
        this.limits = other.limits;
        this.wire = other.wire;
        this.ids = other.ids;
        this.lines = other.lines;
        this.count = other.count;
        this.headersEnd = other.headersEnd;
        this.bodyStart = other.bodyStart;
        this.defect = other.defect;
        this.present = other.present;
        this.repeated = other.repeated;
        this.topVia = other.topVia;
        this.secondVia = other.secondVia;
        this.from = other.from;
        this.to = other.to;
        this.callId = other.callId;
        this.cseq = other.cseq;
    }

    /** Takes over the bytes of an edited message. */
    void replaceWire(MessageIndexer index) {
        this.wire = index.wire;
        this.ids = index.ids;
        this.lines = index.lines;
        this.count = index.count;
        this.headersEnd = index.headersEnd;
        this.bodyStart = index.bodyStart;
        this.defect = index.defect;
        this.present = index.present;
        this.repeated = index.repeated;
        topVia = null;
        secondVia = null;
        from = null;
        to = null;
        callId = null;
        cseq = null;
    }

    // ---- the index

    /** The message's bytes. They are shared, not copied: do not write to them. */
    public byte[] wire() {
        return wire;
    }

    /** What is wrong with the message's lines, if anything is; the index then covers what could be read. */
    public Optional<SipParseException> defect() {
        return Optional.ofNullable(defect);
    }

    /** The limits that the message was read with. */
    public ParseLimits limits() {
        return limits;
    }

    /** How many header lines there are. */
    public int headerCount() {
        return count;
    }

    /** Where header line {@code i} starts. */
    public int lineStart(int i) {
        return lines[i * STRIDE];
    }

    /** Where the line behind header line {@code i} starts. */
    public int lineEnd(int i) {
        return i + 1 < count ? lines[(i + 1) * STRIDE] : headersEnd;
    }

    /** Where the value of header line {@code i} starts, white space passed over. */
    public int valueStart(int i) {
        return lines[i * STRIDE + 1];
    }

    /** Where the value of header line {@code i} ends, white space passed over. */
    public int valueEnd(int i) {
        return lines[i * STRIDE + 2];
    }

    /** Where the empty line that ends the headers starts. */
    public int headersEnd() {
        return headersEnd;
    }

    /** Where the body starts. */
    public int bodyStart() {
        return bodyStart;
    }

    /** True if there is a header line with this name. */
    public boolean hasHeader(HeaderName name) {
        return name.id() == 0 ? nextHeader(name, -1) >= 0 : (present & 1L << name.id()) != 0;
    }

    /** True if there are several header lines with this name. */
    public boolean isRepeated(HeaderName name) {
        return name.id() == 0
                ? nextHeader(name, firstHeader(name)) > firstHeader(name)
                : (repeated & 1L << name.id()) != 0;
    }

    /** The first header line with this name, or -1. */
    public int firstHeader(HeaderName name) {
        return (present & 1L << name.id()) == 0 ? -1 : nextHeader(name, -1);
    }

    /** The first header line with this name behind line {@code after}, or -1. */
    public int nextHeader(HeaderName name, int after) {
        int id = name.id();
        for (int i = after + 1; i < count; i++) {
            if (ids[i] == id && (id != 0 || nameIs(i, name.lowerCase()))) {
                return i;
            }
        }
        return -1;
    }

    /** True if header line {@code i} has this name. */
    public boolean isHeader(int i, HeaderName name) {
        int id = name.id();
        return ids[i] == id && (id != 0 || nameIs(i, name.lowerCase()));
    }

    private boolean nameIs(int i, String lowerCase) {
        int start = lines[i * STRIDE];
        return Chars.equalsIgnoreCase(wire, start, Chars.tokenEnd(wire, start, wire.length), lowerCase);
    }

    /** The name of header line {@code i}. */
    public HeaderName headerName(int i) {
        if (ids[i] != 0) {
            return HeaderName.byId(ids[i]);
        }
        int start = lines[i * STRIDE];
        return HeaderName.of(Chars.text(wire, start, Chars.tokenEnd(wire, start, wire.length)));
    }

    // ---- values as text

    /** The value of header line {@code i}, folds replaced by one space. */
    public String value(int i) {
        int start = valueStart(i);
        int end = valueEnd(i);
        String text = Chars.text(wire, start, end);
        return text.indexOf('\n') < 0 ? text : unfold(text);
    }

    static String unfold(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\r' && c != '\n') {
                out.append(c);
                continue;
            }
            while (i + 1 < text.length() && text.charAt(i + 1) <= ' ') {
                i++;
            }
            out.append(' ');
        }
        return out.toString();
    }

    /** The value of the first header with this name. */
    public Optional<String> header(HeaderName name) {
        int i = firstHeader(name);
        return i < 0 ? Optional.empty() : Optional.of(value(i));
    }

    /** The values of all headers with this name, a line each, in their order. */
    public List<String> headers(HeaderName name) {
        List<String> values = new ArrayList<>(2);
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            values.add(value(i));
        }
        return values;
    }

    /** True if a comma-separated list header holds this token, without case. */
    public boolean listContains(HeaderName name, String lowerCaseToken) {
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int at = valueStart(i);
            int to = valueEnd(i);
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

    // ---- the values that the engine reads of every message

    /**
     * The topmost Via.
     *
     * @throws SipParseException if there is none or it is malformed
     */
    public Via topVia() throws SipParseException {
        Via via = topVia;
        if (via == null) {
            int i = required(HeaderName.VIA);
            via = Via.parse(wire, valueStart(i), valueEnd(i));
            topVia = via;
        }
        return via;
    }

    /**
     * The Via below the topmost one: where a response goes that this proxy forwards.
     *
     * @throws SipParseException if the topmost or this one is malformed
     */
    public Optional<Via> secondVia() throws SipParseException {
        Via via = secondVia;
        if (via == null) {
            int i = required(HeaderName.VIA);
            int at = topVia().end() + 1;
            if (at > valueEnd(i)) {
                i = nextHeader(HeaderName.VIA, i);
                if (i < 0) {
                    return Optional.empty();
                }
                at = valueStart(i);
            }
            via = Via.parse(wire, at, valueEnd(i));
            secondVia = via;
        }
        return Optional.of(via);
    }

    /**
     * The Via elements of all lines, topmost first. A proxy needs the topmost only; the others are the business of the hops that
     * wrote them.
     *
     * @throws SipParseException if one is malformed
     */
    public List<Via> vias() throws SipParseException {
        List<Via> all = new ArrayList<>(4);
        for (int i = firstHeader(HeaderName.VIA); i >= 0; i = nextHeader(HeaderName.VIA, i)) {
            int at = valueStart(i);
            int to = valueEnd(i);
            do {
                Via via = Via.parse(wire, at, to);
                all.add(via);
                at = via.end() + 1;
            } while (at <= to);
        }
        return all;
    }

    /**
     * The elements of all lines of an address list header such as Contact, Route or Path, in their order. Empty lines and empty
     * elements of a list are passed over. A star Contact is not an address; see {@link #hasStarContact()}.
     *
     * @throws SipParseException if one is malformed or there are more than {@link ParseLimits#listElements()}
     */
    public List<NameAddress> addresses(HeaderName name) throws SipParseException {
        List<NameAddress> all = new ArrayList<>(2);
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int to = valueEnd(i);
            for (int at = element(valueStart(i), to); at < to; at = element(at, to)) {
                checkListSize(name, all.size());
                NameAddress address = NameAddress.parse(wire, at, to);
                all.add(address);
                at = address.end();
            }
        }
        return all;
    }

    /**
     * The first element of an address list header. The others are not looked at.
     *
     * @throws SipParseException if it is malformed
     */
    public Optional<NameAddress> firstAddress(HeaderName name) throws SipParseException {
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int at = element(valueStart(i), valueEnd(i));
            if (at < valueEnd(i)) {
                return Optional.of(NameAddress.parse(wire, at, valueEnd(i)));
            }
        }
        return Optional.empty();
    }

    /** Where the next element of a list that is not empty starts, or {@code to}. */
    private int element(int from, int to) {
        int at = from;
        while (at < to && (wire[at] == ',' || Chars.isLws(wire[at]))) {
            at++;
        }
        return at;
    }

    /**
     * Reads all lines of an address list header and keeps nothing; the URIs are not looked into.
     *
     * @throws SipParseException if an element is malformed or there are more than {@link ParseLimits#listElements()}
     */
    public void checkAddresses(HeaderName name) throws SipParseException {
        int size = 0;
        for (int i = firstHeader(name); i >= 0; i = nextHeader(name, i)) {
            int to = valueEnd(i);
            for (int at = element(valueStart(i), to); at < to; at = element(at, to)) {
                checkListSize(name, size++);
                at = NameAddress.check(wire, at, to);
            }
        }
    }

    private void checkListSize(HeaderName name, int size) throws SipParseException {
        if (size >= limits.listElements()) {
            throw new SipParseException(
                    StatusCode.BAD_REQUEST, name + " holds more than " + limits.listElements() + " elements");
        }
    }

    /** True if a Contact header's whole value is {@code *}. */
    public boolean hasStarContact() {
        for (int i = firstHeader(HeaderName.CONTACT); i >= 0; i = nextHeader(HeaderName.CONTACT, i)) {
            if (valueEnd(i) - valueStart(i) == 1 && wire[valueStart(i)] == '*') {
                return true;
            }
        }
        return false;
    }

    /**
     * From.
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
     * To.
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
        NameAddress address = NameAddress.parse(wire, valueStart(i), valueEnd(i));
        if (address.end() != valueEnd(i)) {
            throw SipParseException.at(name + " holds more than one address", wire, valueStart(i), valueEnd(i));
        }
        return address;
    }

    /** The From tag; empty if there is none, or one without a value. */
    public String fromTag() throws SipParseException {
        String tag = from().parameterOrNull("tag");
        return tag == null ? "" : tag;
    }

    /** The To tag; empty if there is none, or one without a value. */
    public String toTag() throws SipParseException {
        String tag = to().parameterOrNull("tag");
        return tag == null ? "" : tag;
    }

    /** True if To has a tag that is not empty: the request is inside a dialog (RFC 3261 §12.2). */
    public boolean hasToTag() throws SipParseException {
        return to().hasValue("tag");
    }

    /**
     * Call-ID. It is compared byte for byte. Bytes that are not UTF-8 are read as ISO 8859-1.
     *
     * @throws SipParseException if it is missing, empty, or holds white space or a control character
     */
    public String callId() throws SipParseException {
        String id = callId;
        if (id == null) {
            int i = required(HeaderName.CALL_ID);
            if (!Chars.isVisible(wire, valueStart(i), valueEnd(i))) {
                throw SipParseException.at("Call-ID is not a word (RFC 3261 §25.1)", wire, valueStart(i), valueEnd(i));
            }
            id = Chars.text(wire, valueStart(i), valueEnd(i));
            if (id.indexOf('\ufffd') >= 0) {
                id = new String(wire, valueStart(i), valueEnd(i) - valueStart(i), StandardCharsets.ISO_8859_1);
            }
            callId = id;
        }
        return id;
    }

    /**
     * CSeq.
     *
     * @throws SipParseException if it is missing, its number is not below 2**31, or its method is not a token
     */
    public CSeq cseq() throws SipParseException {
        CSeq parsed = cseq;
        if (parsed == null) {
            int i = required(HeaderName.CSEQ);
            parsed = CSeq.parse(wire, valueStart(i), valueEnd(i));
            cseq = parsed;
        }
        return parsed;
    }

    /**
     * The number of a header that holds nothing else, such as Max-Forwards or Expires.
     *
     * @return the number, -1 if the header is missing, {@code max} if the number is larger than that
     * @throws SipParseException if the value is not a number
     */
    public long number(HeaderName name, long max) throws SipParseException {
        int i = firstHeader(name);
        if (i < 0) {
            return -1;
        }
        long value = Chars.number(wire, valueStart(i), valueEnd(i), max);
        if (value == -3) {
            return max;
        }
        if (value < 0) {
            throw SipParseException.at(name + " is not a number", wire, valueStart(i), valueEnd(i));
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

    boolean contentLengthDiffers() {
        int i = firstHeader(HeaderName.CONTENT_LENGTH);
        return i >= 0 && Chars.number(wire, valueStart(i), valueEnd(i), Integer.MAX_VALUE) != bodyLength();
    }

    /** The body's length in bytes. */
    public int bodyLength() {
        return wire.length - bodyStart;
    }

    /** The message as text, for logs of a host and for tests. */
    String wireText() {
        return Chars.text(wire, 0, wire.length);
    }
}
