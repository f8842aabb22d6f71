package org.sipproxy.core.internal.codec;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HostName;

/**
 * The lines of a request that a response repeats (RFC 3261 §8.2.6.2), found in its bytes without parsing the rest. In
 * an overload, refusals that parse the request would take most of the time.
 *
 * <p>Reads only what clients usually send: ASCII, CRLF, lines that are not folded, From, To, Call-ID and CSeq once
 * each, a Via with a branch of RFC 3261 and without {@code received} or {@code maddr}. {@link #read} returns null for
 * anything else, and the parser decides about it.
 */
public final class RequestHead {

    /** Headers that end later are not read, so that a long message costs no more than others. */
    private static final int HEAD = 4_096;

    /** Via lines, and one each of From, To, Call-ID and CSeq. */
    private static final int LINES = 12;

    private static final byte[] VERSION_END = ascii(" SIP/2.0\r\n");
    private static final byte[] PROTOCOL = ascii("SIP/2.0/UDP ");
    private static final byte[] COOKIE = ascii("z9hG4bK");
    private static final byte[] RECEIVED = ascii(";received=");
    private static final byte[] TAG = ascii(";tag=");

    /** A port that sent-by does not have. */
    private static final int NO_PORT = -1;

    private final byte[] a;
    private final String method;

    private final int[] lineStart = new int[LINES];
    private final int[] lineEnd = new int[LINES];
    private int lines;
    private int end;

    private int viaLine = -1;
    private int hostStart;
    private int hostEnd;
    private int port = NO_PORT;
    private int sentByEnd;
    private int branchStart = -1;
    private int branchEnd;
    private int rportEnd = -1;

    private int toLine = -1;
    private int toStart;
    private int toEnd;
    private int fromStart = -1;
    private int fromEnd;
    private int callIdStart = -1;
    private int callIdEnd;
    private long sequenceNumber = -1;

    private RequestHead(byte[] a, String method) {
        this.a = a;
        this.method = method;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the head of a request with this method; null if the bytes are anything unusual. */
    public static @Nullable RequestHead read(byte[] wire, String method) {
        RequestHead head = new RequestHead(wire, method);
        return head.isReadable(Math.min(wire.length, HEAD)) ? head : null;
    }

    private boolean isReadable(int length) {
        int at = startLineEnd(length);
        if (at < 0) {
            return false;
        }
        while (at + 1 < length && a[at] != '\r') {
            int next = lineEnd(at, length);
            if (next < 0 || a[at] <= ' ' || !isLineReadable(at, next)) {
                return false; // also a folded line, which begins with a space
            }
            at = next;
        }
        return at + 1 < length
                && a[at + 1] == '\n'
                && viaLine >= 0
                && branchStart >= 0
                && toLine >= 0
                && fromStart >= 0
                && callIdStart >= 0
                && sequenceNumber >= 0;
    }

    /** Returns the position after the start line; −1 if it is not one of three parts with this method. */
    private int startLineEnd(int length) {
        int at = method.length();
        if (at >= length || a[at] != ' ' || !isAt(0, method)) {
            return -1;
        }
        int next = lineEnd(at, length);
        int version = next - VERSION_END.length;
        if (version <= at + 1 || !isAt(version, VERSION_END)) {
            return -1;
        }
        for (int i = at + 1; i < version; i++) {
            if (a[i] <= ' ') {
                return -1;
            }
        }
        return next;
    }

    /** Returns the position after the CRLF that ends the line; −1 if there is none. */
    private int lineEnd(int at, int length) {
        int i = at;
        while (i < length && a[i] != '\n') {
            i++;
        }
        return i < length && i > at && a[i - 1] == '\r' ? i + 1 : -1;
    }

    private boolean isLineReadable(int at, int next) {
        switch (a[at] | 0x20) {
            case 'v':
                return isOther(at, next, "via", 'v') || isViaReadable(at, next);
            case 'f':
                return isOther(at, next, "from", 'f') || isFromReadable(at, next);
            case 't':
                return isOther(at, next, "to", 't') || isToReadable(at, next);
            case 'i':
                return isOther(at, next, "i", 'i') || isCallIdReadable(at, next);
            case 'c':
                if (!isOther(at, next, "call-id", ':')) {
                    return isCallIdReadable(at, next);
                }
                return isOther(at, next, "cseq", ':') || isCSeqReadable(at, next);
            default:
                return true;
        }
    }

    /**
     * Returns true if the line is not the header with this name. With white space after the name, the line counts as
     * that header and is then refused, because its colon is not found.
     */
    private boolean isOther(int at, int next, String name, char compact) {
        return !isName(at, next, name) && !((a[at] | 0x20) == compact && isNameEnd(at + 1));
    }

    private boolean isName(int at, int next, String name) {
        int length = name.length();
        if (at + length >= next) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(a[at + i]) != name.charAt(i)) {
                return false;
            }
        }
        return isNameEnd(at + length);
    }

    private boolean isNameEnd(int at) {
        return a[at] == ':' || a[at] <= ' ';
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }

    /** Adds a line that is copied. Returns where its value begins; −1 if it cannot be copied as it is. */
    private int add(int at, int next) {
        if (lines == LINES) {
            return -1;
        }
        int colon = -1;
        for (int i = at; i < next - 2; i++) {
            if (a[i] < ' ' || a[i] == 0x7f) {
                return -1; // bytes above 127 are negative
            }
            if (colon < 0 && a[i] == ':') {
                colon = i;
            } else if (colon < 0 && a[i] == ' ') {
                return -1;
            }
        }
        int value = colon + 1;
        while (value < next - 2 && a[value] == ' ') {
            value++;
        }
        if (colon < 0 || value == next - 2 || a[next - 3] == ' ') {
            return -1;
        }
        lineStart[lines] = at;
        lineEnd[lines] = next;
        lines++;
        return value;
    }

    private boolean isViaReadable(int at, int next) {
        int value = add(at, next);
        if (value < 0 || viaLine >= 0) {
            return value >= 0;
        }
        viaLine = lines - 1;
        return isTopViaReadable(value, next - 2);
    }

    private boolean isTopViaReadable(int value, int valueEnd) {
        end = valueEnd;
        for (int i = value; i < valueEnd; i++) {
            if (a[i] == ',') {
                end = i;
                break;
            }
        }
        if (value + PROTOCOL.length >= end || !isAt(value, PROTOCOL)) {
            return false;
        }
        int i = value + PROTOCOL.length;
        hostStart = i;
        while (i < end && a[i] != ';' && (a[i] != ':' || a[hostStart] == '[') && a[i] != ']') {
            i++;
        }
        if (i < end && a[i] == ']') {
            i++;
        }
        hostEnd = i;
        if (!isHostReadable() || (i < end && a[i] == ':' && (i = portEnd(i + 1)) < 0)) {
            return false;
        }
        sentByEnd = i;
        while (i < end) {
            if (a[i] != ';') {
                return false;
            }
            int start = i + 1;
            i = start;
            while (i < end && a[i] != ';') {
                i++;
            }
            if (!isParameterReadable(start, i)) {
                return false;
            }
        }
        return true;
    }

    private boolean isHostReadable() {
        boolean isIpv6 = hostEnd - hostStart > 2 && a[hostStart] == '[' && a[hostEnd - 1] == ']';
        int from = isIpv6 ? hostStart + 1 : hostStart;
        int to = isIpv6 ? hostEnd - 1 : hostEnd;
        for (int i = from; i < to; i++) {
            boolean isOfName = isAlphanumeric(a[i]) || a[i] == '.' || a[i] == '-';
            if (isIpv6 ? !isHex(a[i]) && a[i] != ':' && a[i] != '.' : !isOfName) {
                return false;
            }
        }
        return from < to;
    }

    private static boolean isAlphanumeric(byte b) {
        return b >= '0' && b <= '9' || lower(b) >= 'a' && lower(b) <= 'z';
    }

    private static boolean isHex(byte b) {
        return b >= '0' && b <= '9' || lower(b) >= 'a' && lower(b) <= 'f';
    }

    /** Returns true for a character of a token (§25.1). */
    private static boolean isOfToken(byte b) {
        return isAlphanumeric(b) || (b > ' ' && "-.!%*_+`'~".indexOf(b) >= 0);
    }

    private int portEnd(int from) {
        int number = 0;
        int i = from;
        while (i < end && a[i] >= '0' && a[i] <= '9' && number <= 65_535) {
            number = number * 10 + a[i++] - '0';
        }
        port = number;
        return i > from && number > 0 && number <= 65_535 ? i : -1;
    }

    private boolean isParameterReadable(int from, int to) {
        int nameEnd = from;
        while (nameEnd < to && a[nameEnd] != '=') {
            nameEnd++;
        }
        for (int i = from; i < to; i++) {
            if (i != nameEnd && !isOfToken(a[i])) {
                return false;
            }
        }
        if (nameEnd + 1 == to) {
            return false; // no value
        }
        if (isParameter(from, nameEnd, "branch")) {
            branchStart = branchStart < 0 ? nameEnd + 1 : to; // a second one is refused
            branchEnd = to;
            return branchStart + COOKIE.length < to && isAt(branchStart, COOKIE);
        }
        if (isParameter(from, nameEnd, "rport")) {
            boolean isRequest = nameEnd == to && rportEnd < 0;
            rportEnd = to;
            return isRequest;
        }
        return nameEnd > from && !isParameter(from, nameEnd, "received") && !isParameter(from, nameEnd, "maddr");
    }

    private boolean isParameter(int from, int to, String name) {
        if (to - from != name.length()) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (lower(a[i]) != name.charAt(i - from)) {
                return false;
            }
        }
        return true;
    }

    private boolean isFromReadable(int at, int next) {
        boolean isFirst = fromStart < 0;
        fromStart = add(at, next);
        fromEnd = next - 2;
        return isFirst && fromStart >= 0;
    }

    private boolean isCallIdReadable(int at, int next) {
        boolean isFirst = callIdStart < 0;
        callIdStart = add(at, next);
        callIdEnd = next - 2;
        for (int i = Math.max(callIdStart, at); i < callIdEnd && callIdStart >= 0; i++) {
            if (a[i] == ' ') {
                return false;
            }
        }
        return isFirst && callIdStart >= 0;
    }

    private boolean isCSeqReadable(int at, int next) {
        int i = sequenceNumber < 0 ? add(at, next) : -1;
        long number = 0;
        int from = i;
        while (i >= 0 && i < next && a[i] >= '0' && a[i] <= '9' && number <= Integer.MAX_VALUE) {
            number = number * 10 + a[i++] - '0';
        }
        if (i <= from || number > Integer.MAX_VALUE || a[i] != ' ' || i + 1 + method.length() != next - 2) {
            return false;
        }
        sequenceNumber = number;
        return isAt(i + 1, method);
    }

    /** Reads To so far that a tag can be added at its end. */
    private boolean isToReadable(int at, int next) {
        if (toLine >= 0) {
            return false;
        }
        toStart = add(at, next);
        toEnd = next - 2;
        toLine = lines - 1;
        if (toStart < 0) {
            return false;
        }
        int open = HeaderText.openingBracket(a, toStart, toEnd);
        int i = Math.max(open + 1, toStart);
        while (i < toEnd && isAlphanumeric(a[i])) {
            i++; // the scheme
        }
        if (i == toEnd || a[i] != ':') {
            return false;
        }
        while (i < toEnd && a[i] != (open < 0 ? ';' : '>')) {
            if (!isAlphanumeric(a[i]) && "@:;=?&$+-._!~*'()%#/".indexOf(a[i]) < 0) {
                return false;
            }
            i++;
        }
        if (open >= 0 && i++ == toEnd) {
            return false; // no closing bracket
        }
        return areToParametersReadable(i) && isDisplayNameReadable(toStart, open);
    }

    private boolean areToParametersReadable(int from) {
        int i = from;
        while (i < toEnd) {
            if (a[i++] != ';') {
                return false;
            }
            int name = i;
            while (i < toEnd && isOfToken(a[i])) {
                i++;
            }
            if (i == name) {
                return false;
            }
            if (i < toEnd && a[i] == '=') {
                int value = ++i;
                while (i < toEnd && isOfToken(a[i])) {
                    i++;
                }
                if (i == value) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Returns true if there is nothing before the bracket, or one quoted text. */
    private boolean isDisplayNameReadable(int from, int open) {
        int to = open;
        while (to > from && a[to - 1] == ' ') {
            to--;
        }
        if (to <= from) {
            return true;
        }
        if (a[from] == '"') {
            int i = from + 1;
            while (i < to && a[i] != '"') {
                i += a[i] == '\\' ? 2 : 1;
            }
            return i == to - 1;
        }
        for (int i = from; i < to; i++) {
            if (a[i] != ' ' && !isOfToken(a[i])) {
                return false;
            }
        }
        return true;
    }

    private boolean isAt(int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (a[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean isAt(int at, byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (a[at + i] != text[i]) {
                return false;
            }
        }
        return true;
    }

    // ---- what was read

    /** Returns the bytes of the message. */
    public byte[] bytes() {
        return a;
    }

    public int hostStart() {
        return hostStart;
    }

    public int hostEnd() {
        return hostEnd;
    }

    /** Returns the port of sent-by; −1 if it has none. */
    public int port() {
        return port;
    }

    public int branchStart() {
        return branchStart;
    }

    public int branchEnd() {
        return branchEnd;
    }

    public int callIdStart() {
        return callIdStart;
    }

    public int callIdEnd() {
        return callIdEnd;
    }

    public int fromStart() {
        return fromStart;
    }

    public int fromEnd() {
        return fromEnd;
    }

    public long sequenceNumber() {
        return sequenceNumber;
    }

    /** Returns true if responses go to the source of the request: it asks for that, or sent-by has the same port. */
    public boolean isAnsweredAtSource(InetSocketAddress source) {
        return rportEnd >= 0 || (port < 0 ? 5060 : port) == source.getPort();
    }

    /** Returns true if To ends with this tag. */
    public boolean isToTag(String tag) {
        int at = toEnd - tag.length();
        return at - TAG.length > toStart && isAt(at, tag) && isAt(at - TAG.length, TAG);
    }

    /** Returns true if To has, or may have, a tag. */
    public boolean mayHaveToTag() {
        int open = HeaderText.openingBracket(a, toStart, toEnd);
        int i = toStart;
        while (open >= 0 && i < toEnd && a[i] != '>') {
            i++;
        }
        for (; i + 2 < toEnd; i++) {
            if (lower(a[i]) == 't' && lower(a[i + 1]) == 'a' && lower(a[i + 2]) == 'g') {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns a response to a request without a To tag; null if the source needs a closer look at the Via.
     *
     * @param statusLine with its line end
     * @param last the header lines to add, and the empty line
     */
    public byte @Nullable [] response(byte[] statusLine, String toTag, InetSocketAddress source, byte[] last) {
        byte[] ip = ip(source.getAddress());
        boolean isAsked = rportEnd >= 0;
        if (a[hostStart] == '[' && !isAsked) {
            return null; // an IPv6 address has many spellings
        }
        boolean addsReceived = isAsked || !isHost(ip);
        int length = statusLine.length + last.length + TAG.length + toTag.length();
        length += isAsked ? 1 + ByteWriter.digits(source.getPort()) : 0;
        length += addsReceived ? RECEIVED.length + ip.length : 0;
        for (int i = 0; i < lines; i++) {
            length += lineEnd[i] - lineStart[i];
        }
        ByteWriter out = new ByteWriter(length).bytes(statusLine);
        for (int i = 0; i < lines; i++) {
            int from = lineStart[i];
            if (i == viaLine) {
                int at = isAsked ? rportEnd : sentByEnd;
                out.bytes(a, from, at);
                from = at;
                if (isAsked) {
                    out.ascii('=').number(source.getPort());
                }
                if (addsReceived) {
                    out.bytes(RECEIVED).bytes(ip);
                }
            } else if (i == toLine) {
                out.bytes(a, from, toEnd).bytes(TAG).text(toTag);
                from = toEnd;
            }
            out.bytes(a, from, lineEnd[i]);
        }
        return out.bytes(last).finish();
    }

    private boolean isHost(byte[] ip) {
        return hostEnd - hostStart == ip.length && isAt(hostStart, ip);
    }

    private static byte[] ip(InetAddress address) {
        if (!(address instanceof Inet4Address)) {
            return ascii(HostName.literal(address));
        }
        byte[] b = address.getAddress();
        ByteWriter out = new ByteWriter(15);
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                out.ascii('.');
            }
            out.number(b[i] & 0xff);
        }
        return out.finish();
    }
}
