package org.sipproxy.message;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.wire.ViaIndex;

/**
 * One Via element (RFC 3261 §20.42, RFC 3581), read from the message's bytes without copying them. Immutable.
 *
 * <p>Never passed to another parser: every message needs this header, so it is a prime target of attacks.
 */
public final class Via {

    /** The magic cookie that marks a branch as unique (RFC 3261 §8.1.1.7). */
    public static final String MAGIC_COOKIE = "z9hG4bK";

    private final byte[] a;
    private final ViaIndex at;
    private final int transportStart;
    private final int transportEnd;
    private final int port;
    private final int maddrStart;
    private final int maddrEnd;
    private final int rport;

    private Via(
            byte[] a,
            int start,
            int transportStart,
            int transportEnd,
            int hostStart,
            int hostEnd,
            int port,
            int params,
            int to)
            throws SipParseException {
        this.a = a;
        this.transportStart = transportStart;
        this.transportEnd = transportEnd;
        this.port = port;
        Parameters p = new Parameters();
        int end = Params.check(a, params, to, p);
        this.at = new ViaIndex(
                start,
                end,
                hostStart,
                hostEnd,
                params,
                p.branchStart,
                p.branchEnd,
                p.receivedStart,
                p.receivedEnd,
                p.rportEnd);
        this.maddrStart = p.maddrStart;
        this.maddrEnd = p.maddrEnd;
        this.rport = p.rport;
    }

    /**
     * Parses the element that starts at {@code from}; it ends at a comma or at {@code to}.
     *
     * @throws SipParseException if the element is malformed
     */
    static Via parse(byte[] a, int from, int to) throws SipParseException {
        int start = Chars.skipLws(a, from, to);
        int nameEnd = Chars.tokenEnd(a, start, to);
        int versionStart = slash(a, start, nameEnd, to);
        int versionEnd = Chars.tokenEnd(a, versionStart, to);
        int transportStart = slash(a, versionStart, versionEnd, to);
        int transportEnd = Chars.tokenEnd(a, transportStart, to);
        if (!Chars.equalsIgnoreCase(a, start, nameEnd, "sip")
                || !Chars.equalsIgnoreCase(a, versionStart, versionEnd, "2.0")
                || transportEnd == transportStart) {
            throw SipParseException.at("Via does not start with SIP/2.0 and a transport", a, start, to);
        }
        int hostStart = Chars.skipLws(a, transportEnd, to);
        if (hostStart == transportEnd) {
            throw SipParseException.at("Via has no space before its host", a, start, to);
        }
        int hostEnd = hostEnd(a, hostStart, to);
        int i = Chars.skipLws(a, hostEnd, to);
        int port = -1;
        if (i < to && a[i] == ':') {
            int digits = Chars.skipLws(a, i + 1, to);
            i = digits;
            while (i < to && Chars.isDigit(a[i])) {
                i++;
            }
            port = (int) Chars.number(a, digits, i, 65_535);
            if (port < 0) {
                throw SipParseException.at("Via port is not a number from 0 to 65535", a, start, to);
            }
            i = Chars.skipLws(a, i, to);
        }
        return new Via(a, start, transportStart, transportEnd, hostStart, hostEnd, port, i, to);
    }

    /**
     * Parses one Via element that fills the whole text.
     *
     * @throws SipParseException if it is malformed or more than one element
     */
    public static Via parse(String text) throws SipParseException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Via via = parse(bytes, 0, bytes.length);
        if (via.end() != bytes.length) {
            throw SipParseException.at("one Via was expected", bytes, 0, bytes.length);
        }
        return via;
    }

    private static int slash(byte[] a, int tokenStart, int tokenEnd, int to) throws SipParseException {
        int i = Chars.skipLws(a, tokenEnd, to);
        if (tokenEnd == tokenStart || i >= to || a[i] != '/') {
            throw SipParseException.at("Via does not start with SIP/2.0 and a transport", a, tokenStart, to);
        }
        return Chars.skipLws(a, i + 1, to);
    }

    private static int hostEnd(byte[] a, int from, int to) throws SipParseException {
        int i = from;
        if (i < to && a[i] == '[') {
            while (i < to && a[i] != ']') {
                i++;
            }
            if (i == to || !Chars.isScopedIpv6Text(a, from + 1, i)) {
                throw SipParseException.at("IPv6 reference in Via is not an address in brackets", a, from, to);
            }
            return i + 1;
        }
        while (i < to && Chars.isHost(a[i])) {
            i++;
        }
        if (i == from) {
            throw SipParseException.at("Via has no host", a, from, to);
        }
        return i;
    }

    /** Parser of the parameters that a proxy needs; the positions go into the final fields of the Via. */
    private static final class Parameters implements Params.Reader {

        int branchStart = -1;
        int branchEnd = -1;
        int receivedStart = -1;
        int receivedEnd = -1;
        int maddrStart = -1;
        int maddrEnd = -1;
        int rportEnd = -1;
        int rport = -1;

        @Override
        public void read(byte[] a, int name, int nameEnd, int value, int valueEnd) throws SipParseException {
            checkValue(a, value, valueEnd);
            switch (nameEnd - name) {
                case 6:
                    if (value >= 0 && Chars.equalsIgnoreCase(a, name, nameEnd, "branch")) {
                        branchStart = value;
                        branchEnd = valueEnd;
                    }
                    break;
                case 8:
                    if (value >= 0 && Chars.equalsIgnoreCase(a, name, nameEnd, "received")) {
                        receivedStart = value;
                        receivedEnd = valueEnd;
                    }
                    break;
                case 5:
                    if (Chars.equalsIgnoreCase(a, name, nameEnd, "rport")) {
                        readRport(a, nameEnd, value, valueEnd);
                    } else if (value >= 0 && Chars.equalsIgnoreCase(a, name, nameEnd, "maddr")) {
                        maddrStart = value;
                        maddrEnd = valueEnd;
                    }
                    break;
                default:
                    break;
            }
        }

        private static void checkValue(byte[] a, int from, int to) throws SipParseException {
            for (int i = from; i < to && a[from] != '"'; i++) {
                if (!Chars.isViaValue(a[i])) {
                    throw SipParseException.at("parameter of Via holds a character that must be quoted", a, from, to);
                }
            }
        }

        private void readRport(byte[] a, int nameEnd, int value, int valueEnd) {
            rportEnd = value == valueEnd && value >= 0 ? value : nameEnd;
            if (value < valueEnd) {
                rport = Math.max(0, (int) Chars.number(a, value, valueEnd, 65_535));
                rportEnd = valueEnd;
            }
        }
    }

    /** Returns the transport token as written, such as {@code UDP}. */
    public String transport() {
        return Chars.text(a, transportStart, transportEnd);
    }

    /** Returns true if this is the transport. Case is ignored. */
    public boolean transportIs(String lowerCaseToken) {
        return Chars.equalsIgnoreCase(a, transportStart, transportEnd, lowerCaseToken);
    }

    /** Returns the host of sent-by as written, an IPv6 reference with its brackets. */
    public String host() {
        return Chars.text(a, at.hostStart(), at.hostEnd());
    }

    /** Returns true if this is the host of sent-by. Case is ignored. */
    public boolean hostIs(String lowerCaseHost) {
        return Chars.equalsIgnoreCase(a, at.hostStart(), at.hostEnd(), lowerCaseHost);
    }

    /** Returns the numeric address that the host of sent-by is; empty for a name. */
    public Optional<InetAddress> numericHost() {
        return IpLiteral.parse(a, at.hostStart(), at.hostEnd());
    }

    /** Returns the port of sent-by, or -1 if none is written. */
    public int port() {
        return port;
    }

    /** Returns the branch; empty if there is none. */
    public String branch() {
        return at.branchStart() < 0 ? "" : Chars.text(a, at.branchStart(), at.branchEnd());
    }

    /** Returns true if the branch starts with the magic cookie and continues after it. */
    public boolean hasRfc3261Branch() {
        int after = at.branchStart() + MAGIC_COOKIE.length();
        return at.branchStart() >= 0
                && at.branchEnd() > after
                && Chars.equalsIgnoreCase(a, at.branchStart(), after, "z9hg4bk");
    }

    /** Returns the {@code received} parameter. */
    public Optional<String> received() {
        return at.receivedStart() < 0
                ? Optional.empty()
                : Optional.of(Chars.text(a, at.receivedStart(), at.receivedEnd()));
    }

    /** Returns the {@code maddr} parameter. */
    public Optional<String> maddr() {
        return maddrStart < 0 ? Optional.empty() : Optional.of(Chars.text(a, maddrStart, maddrEnd));
    }

    /** Returns true if there is an {@code rport} parameter, with a value, an empty value or none (RFC 3581). */
    public boolean hasRport() {
        return at.rportEnd() >= 0;
    }

    /**
     * Returns the value of {@code rport}: -1 if it has none, 0 if the value is not a port. Do not send to a port only
     * because a client wrote it here.
     */
    public int rport() {
        return rport;
    }

    /** Returns the value of a parameter; empty text if it has no value, nothing if it is absent. */
    public Optional<String> parameter(String lowerCaseName) {
        @Nullable String value = Params.value(a, at.parametersStart(), at.end(), lowerCaseName);
        return Optional.ofNullable(value);
    }

    /** Receives the parameters of a Via, in their order. */
    public interface ParameterReader {
        /**
         * Receives one parameter.
         *
         * @param value null if there is none; without its quotes but with its escapes if it is quoted
         * @param quoted true if the value is a quoted string
         */
        void read(String name, @Nullable String value, boolean quoted);
    }

    /** Passes all parameters to {@code reader}. */
    public void forEachParameter(ParameterReader reader) {
        int i = at.parametersStart();
        int end = at.end();
        while (i < end && a[i] == ';') {
            int name = Chars.skipLws(a, i + 1, end);
            int nameEnd = Chars.tokenEnd(a, name, end);
            int value = Params.valueStart(a, name, end);
            if (value < 0) {
                reader.read(Chars.text(a, name, nameEnd), null, false);
                i = Chars.skipLws(a, nameEnd, end);
                continue;
            }
            int valueEnd = Params.rawValueEnd(a, value, end);
            boolean quoted = value < valueEnd && a[value] == '"';
            String text = quoted ? Chars.text(a, value + 1, valueEnd - 1) : Chars.text(a, value, valueEnd);
            reader.read(Chars.text(a, name, nameEnd), text, quoted);
            i = Chars.skipLws(a, valueEnd, end);
        }
    }

    /** Returns the positions of the parts in the message. */
    public ViaIndex index() {
        return at;
    }

    int end() {
        return at.end();
    }

    /** Returns the element as written. */
    @Override
    public String toString() {
        return Chars.text(a, at.start(), Chars.trimEnd(a, at.start(), at.end()));
    }
}
