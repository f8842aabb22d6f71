package org.sipproxy.api.message;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One {@code name-addr} or {@code addr-spec} with its header parameters, as in From, To, Contact, Route, Record-Route and
 * Path (RFC 3261 §20.10, §25.1). Immutable; it reads from the message's text without copying it.
 */
public final class NameAddress {

    private final byte[] a;
    private final int start;
    private final int uriStart;
    private final int uriEnd;
    private final int paramsStart;
    private final int end;
    private @Nullable SipUri uri;

    private NameAddress(byte[] a, int start, int uriStart, int uriEnd, int paramsStart, int end) {
        this.a = a;
        this.start = start;
        this.uriStart = uriStart;
        this.uriEnd = uriEnd;
        this.paramsStart = paramsStart;
        this.end = end;
    }

    /**
     * Reads the element that starts at {@code from}; it ends at a comma outside quotes and brackets, or at {@code to}.
     *
     * @throws SipParseException if the element is malformed
     */
    static NameAddress parse(byte[] a, int from, int to) throws SipParseException {
        int start = Chars.skipLws(a, from, to);
        int open = openBracket(a, start, to);
        if (open < 0) {
            int uriEnd = bareEnd(a, start, to);
            return new NameAddress(a, start, start, uriEnd, uriEnd, Params.check(a, uriEnd, to));
        }
        int close = closeBracket(a, start, open, to);
        return new NameAddress(a, start, open + 1, close, close + 1, Params.check(a, close + 1, to));
    }

    /** As {@link #parse(byte[], int, int)}, but only tells where the element ends. */
    static int check(byte[] a, int from, int to) throws SipParseException {
        int start = Chars.skipLws(a, from, to);
        int open = openBracket(a, start, to);
        return Params.check(a, open < 0 ? bareEnd(a, start, to) : closeBracket(a, start, open, to) + 1, to);
    }

    /** Where the bracket behind the display name is, or -1 if the address stands without one. */
    private static int openBracket(byte[] a, int start, int to) throws SipParseException {
        int i = start;
        if (i < to && a[i] == '"') {
            i = Chars.quotedEnd(a, i, to);
            if (i < 0) {
                throw SipParseException.at("display name has no closing quote", a, start, to);
            }
            i = Chars.skipLws(a, i, to);
            if (i >= to || a[i] != '<') {
                throw SipParseException.at("display name is not followed by <", a, start, to);
            }
            return i;
        }
        // an unquoted display name is tokens and white space, so the first character outside that set decides
        while (i < to && (Chars.isToken(a[i]) || Chars.isLws(a[i]))) {
            i++;
        }
        return i < to && a[i] == '<' ? i : -1;
    }

    private static int closeBracket(byte[] a, int start, int open, int to) throws SipParseException {
        int i = open + 1;
        while (i < to && a[i] != '>') {
            if (!Chars.isUri(a[i])) {
                throw SipParseException.at(
                        "address holds a character between its brackets that no URI may hold", a, start, to);
            }
            i++;
        }
        if (i == to) {
            throw SipParseException.at("address has no closing >", a, start, to);
        }
        if (i == open + 1) {
            throw SipParseException.at("address is empty", a, start, to);
        }
        return i;
    }

    /** Without brackets every ; belongs to the header, and the URI may hold no comma, ; or ? (§20.10). */
    private static int bareEnd(byte[] a, int start, int to) throws SipParseException {
        int i = start;
        while (i < to && a[i] != ';' && a[i] != ',' && !Chars.isLws(a[i])) {
            if (a[i] == '?' || !Chars.isUri(a[i])) {
                throw SipParseException.at("address must be enclosed in < and >", a, start, to);
            }
            i++;
        }
        if (i == start) {
            throw SipParseException.at("address is empty", a, start, to);
        }
        return i;
    }

    /** Reads one address that fills the whole text. */
    public static NameAddress parse(String text) throws SipParseException {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        NameAddress address = parse(bytes, 0, bytes.length);
        if (address.end != bytes.length) {
            throw SipParseException.at("one address was expected", bytes, 0, bytes.length);
        }
        return address;
    }

    /** The URI. */
    public SipUri uri() throws SipParseException {
        SipUri parsed = uri;
        if (parsed == null) {
            parsed = SipUri.parse(a, uriStart, uriEnd);
            uri = parsed;
        }
        return parsed;
    }

    /** The URI's text as it stands between the brackets. */
    public String uriText() {
        return Chars.text(a, uriStart, uriEnd);
    }

    /** The header parameter's value with quotes resolved, empty for one without a value; nothing if it is absent. */
    public Optional<String> parameter(String lowerCaseName) {
        return Optional.ofNullable(Params.value(a, paramsStart, end, lowerCaseName));
    }

    @Nullable
    String parameterOrNull(String lowerCaseName) {
        return Params.value(a, paramsStart, end, lowerCaseName);
    }

    /** True if the header parameter is there, with or without a value. */
    public boolean hasParameter(String lowerCaseName) {
        return Params.find(a, paramsStart, end, lowerCaseName) >= 0;
    }

    /** The parameters as written, from their first semicolon on; empty if there are none. */
    public String parametersText() {
        return Chars.text(a, paramsStart, Chars.trimEnd(a, paramsStart, end));
    }

    int parametersStart() {
        return paramsStart;
    }

    /** Where the element starts in its message, in bytes. */
    public int start() {
        return start;
    }

    /** Where the element ends: the end of the header's value, or the comma before the next element. */
    public int end() {
        return end;
    }

    /** The whole element as written. */
    @Override
    public String toString() {
        return Chars.text(a, start, Chars.trimEnd(a, start, end));
    }
}
