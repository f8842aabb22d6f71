package org.sipproxy.message;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.message.wire.UriIndex;

/**
 * A URI of any scheme. The parts of {@code sip:} and {@code sips:} URIs (RFC 3261 §19.1) are read from the text without
 * copying it. Immutable.
 *
 * <p>The parser accepts what clients send, as long as it is clear where each part starts and ends. A user part, a
 * parameter or a header may hold any character that is not a delimiter: {@code #}, {@code =} in a parameter's value,
 * bytes above 127, a {@code %} that is not an escape, and in parameters a quoted text without delimiters. A port may be
 * empty. A parameter may be empty too; for {@code transport}, {@code maddr}, {@code ttl}, {@code user} and
 * {@code method} this counts as absent.
 *
 * <p>A URI is rejected if two parsers could read it differently:
 * <ul>
 * <li>white space, control characters, {@code <} or {@code >};
 * <li>a second {@code @}, or a second colon before it;
 * <li>after the user, a backslash or quotes that hide a delimiter;
 * <li>a host that is neither a name nor an address;
 * <li>one of the five parameters above with two values, or with a value that is neither a token nor a host.
 * </ul>
 *
 * <p>The same rules apply to messages, to rows of a database and to texts of a host application. {@link #equals}
 * compares the text; {@link #isEquivalentTo} compares according to RFC 3261 §19.1.4.
 */
public final class SipUri {

    static final int ABSENT = -1;

    private static final byte[] NOT_AN_ESCAPE = "\ufffd".getBytes(StandardCharsets.UTF_8);

    /**
     * Parameters that never match a URI without them (§19.1.4; {@code transport} according to the examples there). They
     * decide where a request is sent.
     */
    private static final byte[][] IN_BOTH = {
        "transport".getBytes(StandardCharsets.US_ASCII),
        "user".getBytes(StandardCharsets.US_ASCII),
        "ttl".getBytes(StandardCharsets.US_ASCII),
        "method".getBytes(StandardCharsets.US_ASCII),
        "maddr".getBytes(StandardCharsets.US_ASCII)
    };

    // read by UriEquivalence too
    final byte[] a;
    final int start;
    final int end;
    final int schemeEnd;
    final boolean sip;
    final boolean secure;
    private int userEnd = ABSENT;
    int hostStart = ABSENT;
    int hostEnd = ABSENT;
    int port = ABSENT;
    int paramsEnd;

    private SipUri(byte[] a, int start, int end) throws SipParseException {
        this.a = a;
        this.start = start;
        this.end = end;
        int colon = start;
        while (colon < end && a[colon] != ':') {
            colon++;
        }
        this.schemeEnd = colon;
        this.paramsEnd = end;
        if (colon == end || !Chars.isScheme(a, start, colon)) {
            throw defect("URI without a scheme");
        }
        this.secure = Chars.equalsIgnoreCase(a, start, colon, "sips");
        this.sip = secure || Chars.equalsIgnoreCase(a, start, colon, "sip");
        if (sip) {
            parseSip(colon + 1);
        } else if (colon + 1 == end) {
            throw defect("URI has nothing after its scheme");
        } else {
            int i = colon + 1;
            while (i < end) {
                i = Chars.isUri(a[i]) ? i + 1 : a[i] == '"' ? Chars.uriQuoteEnd(a, i, end) : ABSENT;
                if (i == ABSENT) {
                    throw defect("character that no URI may hold");
                }
            }
        }
    }

    /** Creates the same URI over an array that holds nothing else. */
    private SipUri(SipUri uri) {
        this.a = uri.toBytes();
        int shift = uri.start;
        this.start = 0;
        this.end = uri.end - shift;
        this.schemeEnd = uri.schemeEnd - shift;
        this.sip = uri.sip;
        this.secure = uri.secure;
        this.userEnd = shifted(uri.userEnd, shift);
        this.hostStart = shifted(uri.hostStart, shift);
        this.hostEnd = shifted(uri.hostEnd, shift);
        this.port = uri.port;
        this.paramsEnd = uri.paramsEnd - shift;
    }

    private static int shifted(int index, int by) {
        return index == ABSENT ? ABSENT : index - by;
    }

    private SipParseException defect(String what) {
        return SipParseException.at(what, a, start, end);
    }

    private void parseSip(int from) throws SipParseException {
        int at = Chars.indexOf(a, from, end, '@');
        int i = from;
        if (at >= 0) {
            int colon = Chars.indexOf(a, from, at, ':');
            userEnd = colon < 0 ? at : colon;
            if (userEnd == from
                    || !Chars.isUserText(a, from, userEnd)
                    || (colon >= 0 && !Chars.isUserText(a, colon + 1, at))) {
                throw defect("user part of the URI is empty or holds a character that must be escaped");
            }
            i = at + 1;
        }
        hostStart = i;
        if (i < end && a[i] == '[') {
            int close = Chars.indexOf(a, i, end, ']');
            if (close < 0) {
                throw defect("IPv6 reference has no closing bracket");
            }
            if (!Chars.isIpv6Text(a, i + 1, close)) {
                throw defect("IPv6 reference is not an address in brackets");
            }
            i = close + 1;
        } else {
            while (i < end && Chars.isHost(a[i])) {
                i++;
            }
        }
        hostEnd = i;
        if (hostEnd == hostStart) {
            throw defect("URI has no host");
        }
        if (hostEnd - hostStart > 1 && a[hostEnd - 1] == '.' && a[hostEnd - 2] == '.') {
            throw defect("host of the URI ends with two dots"); // it would look like another name than without them
        }
        if (a[hostStart] != '[' && HostName.isMisspelledAddress(a, hostStart, hostEnd)) {
            throw defect("host of the URI is a number and not an address of four decimal parts");
        }
        if (i < end && a[i] == ':') {
            int digits = i + 1;
            i = digits;
            while (i < end && Chars.isDigit(a[i])) {
                i++;
            }
            port = i == digits ? ABSENT : (int) Chars.number(a, digits, i, 65_535);
            if (port < ABSENT) {
                throw defect("port of the URI is not a number from 0 to 65535");
            }
        }
        if (i < end && a[i] != ';' && a[i] != '?') {
            throw defect("host of the URI holds a character that no host may hold");
        }
        i = checkParams(i);
        paramsEnd = i;
        if (i < end && !Chars.isUriRest(a, i + 1, end)) {
            throw defect("headers of the URI hold a character that must be escaped");
        }
    }

    /** Returns where the parameters that start at {@code from} end. */
    private int checkParams(int from) throws SipParseException {
        int decided = 0; // a bit for each of IN_BOTH that was read
        int i = from;
        while (i < end && a[i] == ';') {
            int start = i + 1;
            i = start;
            while (i < end && a[i] != ';' && a[i] != '?') {
                i++;
            }
            if (!Chars.isUriRest(a, start, i)) {
                throw defect("parameter of the URI holds a character that must be escaped");
            }
            int nameEnd = nameEnd(a, start, i);
            int which = inBoth(a, start, nameEnd);
            if (which >= 0) {
                if (!Chars.isAddressText(a, Math.min(nameEnd + 1, i), i)) {
                    throw defect(
                            "parameter of the URI that decides where a request goes is neither a token nor a host");
                }
                int again = 1 << which + IN_BOTH.length; // a third one is not compared, which bounds the work
                if ((decided & again) != 0
                        || ((decided & 1 << which) != 0 && !isGivenBefore(from, start, nameEnd, i))) {
                    throw defect("parameter of the URI is given twice"); // §19.1.1
                }
                decided |= (decided & 1 << which) != 0 ? again : 1 << which;
            }
        }
        return i;
    }

    /** Returns true if the first parameter with the name in {@code [start, nameEnd)} has the same value as this one. */
    private boolean isGivenBefore(int params, int start, int nameEnd, int to) {
        int i = params + 1;
        while (true) {
            int otherEnd = i;
            while (a[otherEnd] != ';') {
                otherEnd++;
            }
            int otherNameEnd = nameEnd(a, i, otherEnd);
            if (UriEquivalence.sameText(a, i, otherNameEnd, a, start, nameEnd, true)) {
                return UriEquivalence.sameText(
                        a, Math.min(otherNameEnd + 1, otherEnd), otherEnd, a, Math.min(nameEnd + 1, to), to, true);
            }
            i = otherEnd + 1;
        }
    }

    /**
     * Parses a URI.
     *
     * @throws SipParseException if the text is not a URI, or a {@code sip:} or {@code sips:} URI with ambiguous parts
     */
    public static SipUri parse(String text) throws SipParseException {
        byte[] bytes = Objects.requireNonNull(text, "text").getBytes(StandardCharsets.UTF_8);
        return new SipUri(bytes, 0, bytes.length);
    }

    /**
     * Parses the URI in {@code [from, to)}. The array is kept, not copied, and must not change.
     *
     * @throws SipParseException as {@link #parse(String)}
     */
    public static SipUri parse(byte[] bytes, int from, int to) throws SipParseException {
        return new SipUri(bytes, from, to);
    }

    /**
     * Parses a URI that is known to be valid, such as a constant.
     *
     * @throws IllegalArgumentException if the text is not a URI
     */
    public static SipUri of(String text) {
        try {
            return parse(text);
        } catch (SipParseException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Returns true for {@code sip:} and {@code sips:}. */
    public boolean isSip() {
        return sip;
    }

    /** Returns true for {@code sips:}. */
    public boolean isSecure() {
        return secure;
    }

    /** Returns the scheme in lower case, without the colon. */
    public String scheme() {
        return secure ? "sips" : sip ? "sip" : Chars.text(a, start, schemeEnd).toLowerCase(Locale.ROOT);
    }

    /** Returns true if a {@code sip:} or {@code sips:} URI has a user part. */
    public boolean hasUser() {
        return userEnd != ABSENT;
    }

    /**
     * Returns the user part without escapes and without a password; empty if there is none. Bytes that are not UTF-8,
     * and a {@code %} that is not an escape, become U+FFFD, which does not occur in valid user names.
     */
    public String user() {
        return userEnd == ABSENT ? "" : unescape(schemeEnd + 1, userEnd);
    }

    /** Returns the host as written, an IPv6 reference with its brackets; empty for other schemes. */
    public String host() {
        return hostStart == ABSENT ? "" : new String(a, hostStart, hostEnd - hostStart, StandardCharsets.ISO_8859_1);
    }

    /** Returns the host in its {@link HostName normal form}; empty for other schemes. */
    public String normalHost() {
        return HostName.normal(host());
    }

    /** Returns true if the host has this {@link HostName normal form}. */
    public boolean hostIs(String normalHost) {
        return hostStart != ABSENT
                && (Chars.equalsIgnoreCase(a, hostStart, hostEnd, normalHost)
                        || normalHost().equals(normalHost));
    }

    /** Returns the address of a numeric host; empty for a name, which is never looked up. */
    public Optional<InetAddress> numericHost() {
        return hostStart == ABSENT ? Optional.empty() : HostName.address(a, hostStart, hostEnd);
    }

    /** Returns the port, or -1 if none is written. */
    public int port() {
        return port;
    }

    /**
     * Returns the URI parameter's value; empty text if it has no value, nothing if it is absent. Names are matched
     * without case.
     */
    public Optional<String> parameter(String lowerCaseName) {
        int i = findParam(lowerCaseName);
        if (i < 0) {
            return Optional.empty();
        }
        int nameEnd = i + lowerCaseName.length();
        if (nameEnd < paramsEnd && a[nameEnd] == '=') {
            int valueEnd = paramEnd(nameEnd);
            return Optional.of(Chars.text(a, nameEnd + 1, valueEnd));
        }
        return Optional.of("");
    }

    /** Returns true if the URI has this parameter, with or without a value. */
    public boolean hasParameter(String lowerCaseName) {
        return findParam(lowerCaseName) >= 0;
    }

    /** Returns true if the URI has this parameter with this value. Case is ignored in both. */
    public boolean parameterIs(String lowerCaseName, String lowerCaseValue) {
        int i = findParam(lowerCaseName);
        int eq = i + lowerCaseName.length();
        return i >= 0
                && eq < paramsEnd
                && a[eq] == '='
                && Chars.equalsIgnoreCase(a, eq + 1, paramEnd(eq), lowerCaseValue);
    }

    /** Returns true if a {@code ?} and header fields follow the parameters. */
    public boolean hasHeaders() {
        return sip && paramsEnd < end;
    }

    private int findParam(String lowerCaseName) {
        if (!sip) {
            return ABSENT;
        }
        int i = firstParam();
        while (i < paramsEnd) {
            int from = i + 1;
            int to = paramEnd(from);
            int nameEnd = from;
            while (nameEnd < to && a[nameEnd] != '=') {
                nameEnd++;
            }
            if (Chars.equalsIgnoreCase(a, from, nameEnd, lowerCaseName)) {
                return nameEnd + 1 >= to && inBoth(a, from, nameEnd) >= 0 ? ABSENT : from;
            }
            i = to;
        }
        return ABSENT;
    }

    int firstParam() {
        int i = hostEnd;
        while (i < paramsEnd && a[i] != ';') {
            i++;
        }
        return i;
    }

    int paramEnd(int from) {
        int i = from;
        while (i < paramsEnd && a[i] != ';') {
            i++;
        }
        return i;
    }

    private String unescape(int from, int to) {
        if (Chars.indexOf(a, from, to, '%') < 0) {
            return Chars.text(a, from, to);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(to - from);
        for (int i = from; i < to; i++) {
            if (Chars.isEscape(a, i, to)) {
                out.write(Chars.escaped(a, i));
                i += 2;
            } else if (a[i] == '%') {
                out.writeBytes(NOT_AN_ESCAPE);
            } else {
                out.write(a[i]);
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    /**
     * Compares according to RFC 3261 §19.1.4. User and password are compared with case, everything else without; hosts
     * are compared in their {@link HostName normal form} (RFC 5954 §4.2). A missing port differs from the default port.
     * {@code user}, {@code ttl}, {@code method}, {@code maddr} and {@code transport} must be in both URIs or in
     * neither; other parameters must match only if both URIs have them. Headers must all be the same.
     */
    public boolean isEquivalentTo(SipUri other) {
        return equals(other) || UriEquivalence.areEquivalent(this, other);
    }

    static int nameEnd(byte[] a, int from, int to) {
        int eq = Chars.indexOf(a, from, to, '=');
        return eq < 0 ? to : eq;
    }

    /** Returns the index in {@link #IN_BOTH} of the name in {@code [from, to)}, or -1. */
    static int inBoth(byte[] a, int from, int to) {
        if (to - from < 3) {
            return ABSENT; // lr, ob and others that are frequent
        }
        for (int i = 0; i < IN_BOTH.length; i++) {
            if (UriEquivalence.sameText(a, from, to, IN_BOTH[i], 0, IN_BOTH[i].length, true)) {
                return i;
            }
        }
        return ABSENT;
    }

    private String text(int from, int to) {
        return Chars.text(a, from, to);
    }

    /**
     * Returns the same URI without headers and without the {@code method} parameter: valid as a Request-URI (RFC 3261
     * §19.1.5).
     */
    public SipUri asRequestUri() {
        if (!hasHeaders() && !hasParameter("method")) {
            return this;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(end - start);
        int i = firstParam();
        out.write(a, start, i - start);
        while (i < paramsEnd) {
            int to = paramEnd(i + 1);
            if (!Chars.equalsIgnoreCase(a, i + 1, nameEnd(a, i + 1, to), "method")) {
                out.write(a, i, to - i);
            }
            i = to;
        }
        try {
            return parse(out.toByteArray(), 0, out.size());
        } catch (SipParseException e) {
            throw new IllegalStateException("a URI without a parameter is a URI", e);
        }
    }

    /**
     * Returns the same URI over its own copy of the text. A URI that was read from a message keeps the whole message in
     * memory; use this method for URIs that are stored longer than the message.
     */
    public SipUri compact() {
        return a.length == end - start ? this : new SipUri(this);
    }

    /**
     * Returns the positions of the parts in the text that the URI was read from. Only for {@code sip} and {@code sips}
     * URIs.
     */
    public UriIndex index() {
        return new UriIndex(hostStart, hostEnd, firstParam(), paramsEnd);
    }

    /** Returns true if no byte of the text is above 127. */
    public boolean isAscii() {
        for (int i = start; i < end; i++) {
            if (a[i] < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the length of the text, in bytes. */
    public int length() {
        return end - start;
    }

    /** Copies the text as written to {@code target}, starting at index {@code at}. */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(a, start, target, at, end - start);
    }

    /** Returns a copy of the text as written. */
    public byte[] toBytes() {
        return java.util.Arrays.copyOfRange(a, start, end);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof SipUri u && java.util.Arrays.equals(a, start, end, u.a, u.start, u.end));
    }

    @Override
    public int hashCode() {
        int h = 1;
        for (int i = start; i < end; i++) {
            h = 31 * h + a[i];
        }
        return h;
    }

    /** Returns the text as written. */
    @Override
    public String toString() {
        return text(start, end);
    }
}
