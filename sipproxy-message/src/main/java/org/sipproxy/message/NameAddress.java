package org.sipproxy.message;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.wire.AddressIndex;

/**
 * A {@code name-addr} or {@code addr-spec} with its header parameters, as in From, To, Contact, Route, Record-Route and
 * Path (RFC 3261 §20.10, §25.1). Immutable. Reads from the message's bytes without copying them.
 *
 * <p>An unquoted display name may hold any character that leaves no doubt where the address starts: commas,
 * parentheses, bytes above 127. It is rejected if it holds a quote, a backslash, a semicolon or a bracket, or if it
 * starts like an address ({@code sip:a <sip:b@c>}).
 */
public final class NameAddress {

    private static final Pattern LINE_FOLD = Pattern.compile("[ \t]*\r\n[ \t]+");

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
     * Parses the element that starts at {@code from}. It ends at a comma outside quotes and brackets, or at {@code to}.
     *
     * @throws SipParseException if the element is malformed
     */
    static NameAddress parse(byte[] a, int from, int to) throws SipParseException {
        int start = Chars.skipLws(a, from, to);
        int open = openBracket(a, start, to);
        if (open < 0) {
            int uriEnd = bareEnd(a, start, to);
            return new NameAddress(a, start, start, uriEnd, uriEnd, checkBare(a, uriEnd, to));
        }
        int close = closeBracket(a, start, open, to);
        return new NameAddress(a, start, open + 1, close, close + 1, Params.check(a, close + 1, to));
    }

    /** Checks an element as {@link #parse(byte[], int, int)} does, and returns where it ends. */
    static int check(byte[] a, int from, int to) throws SipParseException {
        int start = Chars.skipLws(a, from, to);
        int open = openBracket(a, start, to);
        return open < 0
                ? checkBare(a, bareEnd(a, start, to), to)
                : Params.check(a, closeBracket(a, start, open, to) + 1, to);
    }

    /**
     * Checks the parameters of a URI without brackets. An {@code @} among them, as in {@code sip:a;b=c@d}, may make
     * them part of the user.
     */
    private static int checkBare(byte[] a, int uriEnd, int to) throws SipParseException {
        int end = Params.check(a, uriEnd, to);
        if (Chars.indexOf(a, uriEnd, end, '@') >= 0) {
            throw SipParseException.at("address must be enclosed in < and >", a, uriEnd, to);
        }
        return end;
    }

    /** Returns the position of the bracket after the display name, or -1 if the address has no brackets. */
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
        while (i < to && isDisplayName(a, start, i, to)) {
            i++;
        }
        return i < to && a[i] == '<' ? i : -1;
    }

    /**
     * Returns true if the character at {@code i} may continue an unquoted display name that started at {@code start}.
     */
    private static boolean isDisplayName(byte[] a, int start, int i, int to) {
        byte b = a[i];
        return switch (b) {
            // the scheme of an addr-spec, unless white space follows, which no URI may hold
            case ':' -> !Chars.isScheme(a, start, i) || (i + 1 < to && Chars.isLws(a[i + 1]));
            case ';', '<', '>', '"', '\\', 0x7f -> false;
            case ',' -> !isStar(a, start, i);
            default -> (b & 0xff) >= ' ' || Chars.isLws(b);
        };
    }

    /** Returns true for the star of a Contact, which is an element and not a name. */
    private static boolean isStar(byte[] a, int start, int to) {
        return Chars.trimEnd(a, start, to) == start + 1 && a[start] == '*';
    }

    private static int closeBracket(byte[] a, int start, int open, int to) throws SipParseException {
        int i = open + 1;
        while (i < to && a[i] != '>') {
            i = Chars.isUri(a[i]) ? i + 1 : a[i] == '"' ? Chars.uriQuoteEnd(a, i, to) : -1;
            if (i < 0) {
                throw SipParseException.at(
                        "address holds a character between its brackets that no URI may hold", a, start, to);
            }
        }
        if (i == to) {
            throw SipParseException.at("address has no closing >", a, start, to);
        }
        if (i == open + 1) {
            throw SipParseException.at("address is empty", a, start, to);
        }
        return i;
    }

    /**
     * Returns the end of a URI without brackets. Every {@code ;} then belongs to the header, and the URI must not hold
     * a comma, {@code ;} or {@code ?} (§20.10).
     */
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

    /**
     * Parses one address that fills the whole text.
     *
     * @throws SipParseException if the address is malformed, or the text holds more than one
     */
    public static NameAddress parse(String text) throws SipParseException {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        NameAddress address = parse(bytes, 0, bytes.length);
        if (address.end != bytes.length) {
            throw SipParseException.at("one address was expected", bytes, 0, bytes.length);
        }
        return address;
    }

    /**
     * Returns the display name without quotes and escapes (RFC 3261 §25.1); empty if there is none or it is empty.
     * White space around the name or its quotes does not belong to it; a line fold counts as one space.
     */
    public Optional<String> displayName() {
        int nameEnd = isBracketed() ? Chars.trimEnd(a, start, uriStart - 1) : start;
        if (nameEnd == start) {
            return Optional.empty();
        }
        String name = a[start] == '"' ? Params.unquote(a, start, nameEnd) : Chars.text(a, start, nameEnd);
        return name.isEmpty()
                ? Optional.empty()
                : Optional.of(LINE_FOLD.matcher(name).replaceAll(" "));
    }

    /**
     * Returns the URI.
     *
     * @throws SipParseException if it is malformed
     */
    public SipUri uri() throws SipParseException {
        SipUri parsed = uri;
        if (parsed == null) {
            parsed = SipUri.parse(a, uriStart, uriEnd);
            uri = parsed;
        }
        return parsed;
    }

    /** Returns the text of the URI, without brackets. */
    public String uriText() {
        return Chars.text(a, uriStart, uriEnd);
    }

    /**
     * Returns the header parameter's value without quotes and escapes; empty text if it has no value, nothing if it is
     * absent.
     */
    public Optional<String> parameter(String lowerCaseName) {
        return Optional.ofNullable(Params.value(a, paramsStart, end, lowerCaseName));
    }

    @Nullable
    String parameterOrNull(String lowerCaseName) {
        return Params.value(a, paramsStart, end, lowerCaseName);
    }

    /** Returns true if the header parameter is present, with or without a value. */
    public boolean hasParameter(String lowerCaseName) {
        return Params.find(a, paramsStart, end, lowerCaseName) >= 0;
    }

    /** Returns the parameters as written, from their first semicolon on; empty if there are none. */
    public String parametersText() {
        return Chars.text(a, paramsStart, Chars.trimEnd(a, paramsStart, end));
    }

    /** Returns true if the header parameter is present with a value that is not empty. */
    boolean hasValue(String lowerCaseName) {
        return Params.hasValue(a, paramsStart, end, lowerCaseName);
    }

    int parametersStart() {
        return paramsStart;
    }

    /** Returns a copy of the whole element as written. */
    public byte[] toBytes() {
        return java.util.Arrays.copyOfRange(a, start, Chars.trimEnd(a, start, end));
    }

    /** Returns true if the URI is in angle brackets. */
    public boolean isBracketed() {
        return paramsStart > uriEnd;
    }

    /** Returns the positions of the parts in the message. */
    public AddressIndex index() {
        return new AddressIndex(start, uriStart, uriEnd, end);
    }

    int end() {
        return end;
    }

    /** Returns the whole element as written. */
    @Override
    public String toString() {
        return Chars.text(a, start, Chars.trimEnd(a, start, end));
    }
}
