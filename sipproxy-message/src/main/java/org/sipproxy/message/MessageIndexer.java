package org.sipproxy.message;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Single-pass reader of a message's lines: the start line, and for each header the number of its name and the position
 * of its value.
 *
 * <p>Bytes that are not SIP are rejected with an exception. A defect in a line is recorded instead ({@link #defect},
 * the first one), and reading continues, so that a request with a malformed header can still be rejected with a 400.
 */
final class MessageIndexer {

    private static final int TYPICAL_HEADERS = 14;

    /** Entries of {@link #lines} for each header: start of the line, start and end of the value. */
    static final int STRIDE = 3;

    final byte[] wire;
    final ParseLimits limits;
    byte[] ids = new byte[TYPICAL_HEADERS];
    int[] lines = new int[TYPICAL_HEADERS * STRIDE];
    int count;
    int headersEnd;
    int bodyStart;

    @Nullable
    SipParseException defect;

    long present;
    long repeated;

    // start line of a request: method, Request-URI, version; of a response: code and reason
    boolean request;
    int methodEnd;
    int uriStart;
    int uriEnd;
    int versionStart;
    int statusCode;
    int reasonStart;
    int startLineEnd;

    MessageIndexer(byte[] wire, ParseLimits limits) throws SipParseException {
        this.wire = wire;
        this.limits = limits;
        if (wire.length > limits.messageBytes()) {
            throw new SipParseException(
                    StatusCode.MESSAGE_TOO_LARGE,
                    "message has " + wire.length + " bytes (at most " + limits.messageBytes() + ")");
        }
        int next = startLine();
        headerLines(next);
    }

    /** Returns the positions of what was read. */
    MessageIndex index() {
        return new MessageIndex(
                wire, lines, count, request ? uriStart : -1, request ? uriEnd : -1, headersEnd, bodyStart);
    }

    private void defect(int status, String what, int from, int to) {
        if (defect == null) {
            defect = new SipParseException(
                    status, what + ": \"" + SipParseException.excerpt(wire, from, to) + "\"", from);
        }
    }

    private static SipParseException notSip(String what) {
        return new SipParseException(StatusCode.BAD_REQUEST, what);
    }

    private int startLine() throws SipParseException {
        byte[] a = wire;
        int end = Chars.indexOf(a, 0, a.length, '\n');
        if (end < 0) {
            throw notSip("no line end: not a SIP message");
        }
        startLineEnd = end > 0 && a[end - 1] == '\r' ? end - 1 : end;
        if (startLineEnd == end) {
            defect(StatusCode.BAD_REQUEST, "line does not end with CR LF", 0, end);
        }
        if (startLineEnd >= 8 && Chars.equalsIgnoreCase(a, 0, 4, "sip/")) {
            statusLine(startLineEnd);
        } else {
            requestLine(startLineEnd);
        }
        return end + 1;
    }

    private void statusLine(int end) throws SipParseException {
        byte[] a = wire;
        if (!Chars.equalsIgnoreCase(a, 0, 8, "sip/2.0 ")) {
            throw notSip("response of a version other than SIP/2.0");
        }
        statusCode = (int) Chars.number(a, 8, Math.min(end, 11), 699);
        if (end < 11 || statusCode < 100 || (end > 11 && a[11] != ' ')) {
            throw notSip("status code is not a number from 100 to 699");
        }
        reasonStart = Math.min(end, 12);
        for (int i = reasonStart; i < end; i++) {
            if ((a[i] >= 0 && a[i] < ' ' && a[i] != '\t') || a[i] == 0x7f) {
                defect(StatusCode.BAD_REQUEST, "control character in the reason phrase", i, Math.min(end, i + 8));
                return;
            }
        }
    }

    private void requestLine(int end) throws SipParseException {
        byte[] a = wire;
        request = true;
        methodEnd = Chars.tokenEnd(a, 0, end);
        int last = end;
        while (last > methodEnd && a[last - 1] != ' ') {
            last--;
        }
        versionStart = last;
        if (methodEnd == 0 || methodEnd == end || a[methodEnd] != ' ') {
            throw notSip("start line is neither a request line nor a status line");
        }
        uriStart = methodEnd + 1;
        uriEnd = Math.max(uriStart, last - 1);
        if (last == end && end > 0 && trailingVersion(end)) {
            defect(StatusCode.BAD_REQUEST, "request line has white space after its version", 0, end);
            return;
        }
        if (end - last < 5 || !Chars.equalsIgnoreCase(a, last, last + 4, "sip/")) {
            throw notSip("request line does not end with a SIP version");
        }
        if (!Chars.equalsIgnoreCase(a, last, end, "sip/2.0")) {
            defect(StatusCode.VERSION_NOT_SUPPORTED, "only SIP/2.0 is supported", last, end);
        }
        if (uriEnd <= uriStart) {
            defect(StatusCode.BAD_REQUEST, "request line has no Request-URI", 0, end);
        } else if (a[uriStart] == ' ' || a[uriEnd - 1] == ' ') {
            defect(StatusCode.BAD_REQUEST, "request line has more than one space between its parts", 0, end);
        }
    }

    /** Returns true for a SIP version followed only by white space: malformed, but a response is possible. */
    private boolean trailingVersion(int end) {
        int stop = Chars.trimEnd(wire, 0, end);
        int start = stop;
        while (start > methodEnd && wire[start - 1] != ' ') {
            start--;
        }
        versionStart = start;
        uriEnd = Math.max(uriStart, start - 1);
        return stop - start >= 5 && Chars.equalsIgnoreCase(wire, start, start + 4, "sip/");
    }

    private void headerLines(int from) {
        byte[] a = wire;
        int length = a.length;
        int i = from;
        while (true) {
            if (i >= length) {
                defect(
                        StatusCode.BAD_REQUEST,
                        "headers do not end with an empty line",
                        from,
                        Math.min(length, from + 40));
                headersEnd = length;
                bodyStart = length;
                return;
            }
            byte b = a[i];
            if (b == '\r' && i + 1 < length && a[i + 1] == '\n') {
                headersEnd = i;
                bodyStart = i + 2;
                return;
            }
            if (b == '\n') {
                defect(StatusCode.BAD_REQUEST, "line does not end with CR LF", i, i + 1);
                headersEnd = i;
                bodyStart = i + 1;
                return;
            }
            i = headerLine(i);
        }
    }

    private int headerLine(int start) {
        byte[] a = wire;
        int length = a.length;
        int nameEnd = start;
        while (nameEnd < length && Chars.isToken(a[nameEnd])) {
            nameEnd++;
        }
        int colon = nameEnd;
        while (colon < length && (a[colon] == ' ' || a[colon] == '\t')) {
            colon++;
        }
        int end = lineEnd(colon);
        int next = end + (end < length && a[end] == '\r' ? 2 : 1);
        if (next - start > limits.headerLineBytes()) {
            defect(
                    StatusCode.BAD_REQUEST,
                    "header line is longer than " + limits.headerLineBytes() + " bytes",
                    start,
                    start + 40);
        }
        if (nameEnd == start || colon >= length || a[colon] != ':') {
            defect(StatusCode.BAD_REQUEST, "header line without a name and a colon", start, Math.min(end, length));
            return next;
        }
        if (count == limits.headers()) {
            defect(StatusCode.BAD_REQUEST, "message has more than " + limits.headers() + " headers", start, nameEnd);
        }
        if (count < limits.headers()) {
            int valueStart = Chars.skipLws(a, colon + 1, end);
            append(HeaderName.idOf(a, start, nameEnd), start, valueStart, Chars.trimEnd(a, valueStart, end));
        }
        return next;
    }

    /**
     * Returns where the header's last line ends, folded lines included: at its CR, at a bare LF, or at the end of the
     * bytes.
     */
    private int lineEnd(int from) {
        byte[] a = wire;
        int length = a.length;
        int i = from;
        while (true) {
            // bytes above 127 are negative: UTF-8, which needs no look here
            while (i < length && ((a[i] >= ' ' && a[i] != 0x7f) || a[i] < 0 || a[i] == '\t')) {
                i++;
            }
            if (i >= length) {
                defect(
                        StatusCode.BAD_REQUEST,
                        "headers do not end with an empty line",
                        from,
                        Math.min(length, from + 40));
                return length;
            }
            byte b = a[i];
            if (b == '\r' && i + 1 < length && a[i + 1] == '\n') {
                if (i + 2 >= length || (a[i + 2] != ' ' && a[i + 2] != '\t')) {
                    return i;
                }
                i += 3;
            } else if (b == '\n') {
                defect(StatusCode.BAD_REQUEST, "line does not end with CR LF", from, i);
                return i;
            } else {
                // a quoted-pair may hold any control character but CR and LF (§25.1)
                if (b == '\r' || i == from || a[i - 1] != '\\') {
                    defect(StatusCode.BAD_REQUEST, "control character in a header", from, Math.min(length, i + 8));
                }
                i++;
            }
        }
    }

    private void append(int id, int lineStart, int valueStart, int valueEnd) {
        if (count == ids.length) {
            ids = java.util.Arrays.copyOf(ids, count * 2);
            lines = java.util.Arrays.copyOf(lines, lines.length * 2);
        }
        ids[count] = (byte) id;
        long bit = 1L << id;
        repeated |= present & bit;
        present |= bit;
        int at = count * STRIDE;
        lines[at] = lineStart;
        lines[at + 1] = valueStart;
        lines[at + 2] = valueEnd;
        count++;
    }

    boolean contentLengthDiffers() {
        for (int i = 0; i < count; i++) {
            if (ids[i] == HeaderName.CONTENT_LENGTH.id()) {
                int at = i * STRIDE;
                return Chars.number(wire, lines[at + 1], lines[at + 2], Integer.MAX_VALUE) != wire.length - bodyStart;
            }
        }
        return false;
    }
}
