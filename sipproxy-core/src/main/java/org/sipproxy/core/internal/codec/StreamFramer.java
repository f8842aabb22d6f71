package org.sipproxy.core.internal.codec;

import java.util.Arrays;
import org.sipproxy.message.ParseLimits;

/**
 * Splits a byte stream into messages by Content-Length (RFC 3261 §18.3). Not thread-safe.
 *
 * <p>Each byte is read once when it arrives, wherever the stream is split. Only the unfinished message is kept, and it
 * never grows beyond the limits. A message that arrives in one piece is copied once, straight from the input. Nothing
 * is held between messages, so an idle connection costs no buffer.
 *
 * <p>The headers end where {@code MessageIndexer} ends them, at the first empty line, with or without CR. If the two
 * differed, a body could be taken for a message.
 */
public final class StreamFramer {

    /** Receiver of what is found in the stream, in order. */
    public interface Sink {

        /** Called with one whole message. The sink owns the array. */
        void message(byte[] wire);

        /** Called for CR LF CR LF between messages, to which a single CR LF is the response (RFC 5626 §3.5.1). */
        void ping();

        /**
         * Called if the start of the next message cannot be determined. This is the last call; later bytes are ignored.
         *
         * @param head the part of the message that was read
         * @param reason what is wrong with it, without text from the wire
         */
        void unframeable(byte[] head, String reason);
    }

    private enum Phase {
        BETWEEN,
        HEAD,
        BODY,
        FAILED
    }

    /** Position of the scanned end within a line. */
    private enum Line {
        START,
        START_CR,
        INSIDE
    }

    private static final byte[] EMPTY = {};
    private static final int SMALLEST_BUFFER = 512;
    /** Larger numbers are read as this one, which exceeds any limit. */
    private static final long TOO_LARGE = 1L << 32;

    private static final int MISSING = -1;
    private static final int MALFORMED = -2;
    private static final int CONTRADICTING = -3;

    private final int messageLimit;
    private final int headLimit;

    private Phase phase = Phase.BETWEEN;
    private Line line = Line.START;
    /** Number of bytes of CR LF CR LF seen since the last message or ping. */
    private int pingBytes;

    private byte[] buffer = EMPTY;
    private int held;
    /** While in the body: the length of the whole message. */
    private int messageLength;

    private long messages;

    public StreamFramer(ParseLimits limits) {
        messageLimit = limits.messageBytes();
        // the start line and the maximum number of headers, each at its maximum length
        headLimit = (int) Math.min(messageLimit, (limits.headers() + 1L) * limits.headerLineBytes());
    }

    /** Accepts the bytes {@code in[from, to)}. The array belongs to the caller again on return. */
    public void feed(byte[] in, int from, int to, Sink sink) {
        int i = from;
        while (i < to) {
            switch (phase) {
                case BETWEEN -> i = between(in, i, to, sink);
                case HEAD -> i = head(in, i, to, sink);
                case BODY -> i = body(in, i, to, sink);
                case FAILED -> i = to;
            }
        }
    }

    /** Returns true if a message has begun and is not complete. */
    public boolean isInsideMessage() {
        return phase == Phase.HEAD || phase == Phase.BODY;
    }

    /** Returns the number of messages found so far. */
    public long messages() {
        return messages;
    }

    /** Returns the number of bytes that wait for the rest of their message. */
    public int heldBytes() {
        return held;
    }

    private int between(byte[] in, int from, int to, Sink sink) {
        for (int i = from; i < to; i++) {
            byte b = in[i];
            if (b == '\r') {
                pingBytes = pingBytes == 2 ? 3 : 1;
            } else if (b == '\n') {
                // a bare LF is skipped like a leading CR LF, but is not part of a ping
                pingBytes = (pingBytes & 1) == 1 ? pingBytes + 1 : 0;
                if (pingBytes == 4) {
                    pingBytes = 0;
                    sink.ping();
                }
            } else {
                begin(in, i, to, sink);
                return i;
            }
        }
        return to;
    }

    private void begin(byte[] in, int i, int to, Sink sink) {
        pingBytes = 0;
        if (!startsStartLine(in[i])) {
            fail(Arrays.copyOfRange(in, i, Math.min(to, i + headLimit)), "not a SIP message", sink);
            return;
        }
        phase = Phase.HEAD;
        line = Line.INSIDE;
    }

    /**
     * A method is a token, and so is the SIP of a status line; a TLS record or a zero byte differs in the first byte.
     */
    private static boolean startsStartLine(byte b) {
        return b > ' ' && b < 127 && "\"(),/:;<=>?@[\\]{}".indexOf(b) < 0;
    }

    private int head(byte[] in, int from, int to, Sink sink) {
        int stop = Math.min(to, from + headLimit - held);
        int end = emptyLine(in, from, stop);
        if (end < 0) {
            hold(in, from, stop, headLimit);
            if (held == headLimit) {
                fail(Arrays.copyOf(buffer, held), "header section is longer than " + headLimit + " bytes", sink);
            }
            return stop;
        }
        if (held > 0) {
            hold(in, from, end, headLimit);
            headComplete(buffer, 0, held, sink);
        } else if (headComplete(in, from, end, sink)) {
            if (to - from >= messageLength) {
                deliver(Arrays.copyOfRange(in, from, from + messageLength), sink);
                return from + messageLength;
            }
            hold(in, from, end, messageLength);
        }
        if (phase == Phase.BODY && held == messageLength) {
            deliverHeld(sink);
        }
        return end;
    }

    /**
     * Returns the index after the empty line, or -1 if it is not in {@code in[from, to)}; resumes where the last call
     * stopped.
     */
    private int emptyLine(byte[] in, int from, int to) {
        Line at = line;
        int i = from;
        while (i < to) {
            if (at == Line.INSIDE) {
                while (i < to && in[i] != '\n') {
                    i++;
                }
                if (i == to) {
                    break;
                }
                i++;
                at = Line.START;
                continue;
            }
            byte b = in[i++];
            if (b == '\n') {
                return i;
            }
            at = b == '\r' && at == Line.START ? Line.START_CR : Line.INSIDE;
        }
        line = at;
        return -1;
    }

    /**
     * Determines the message's length once the headers are complete in {@code a[from, to)}; returns false if there is
     * none.
     */
    private boolean headComplete(byte[] a, int from, int to, Sink sink) {
        long length = contentLength(a, from, to);
        String reason;
        if (length == MISSING) {
            reason = isSipStartLine(a, from, to) ? "Content-Length is mandatory on streams" : "not a SIP message";
        } else if (length == MALFORMED) {
            reason = "Content-Length is not a number";
        } else if (length == CONTRADICTING) {
            reason = "two different values of Content-Length";
        } else if (to - from + length > messageLimit) {
            reason = "Content-Length announces a message longer than " + messageLimit + " bytes";
        } else {
            messageLength = to - from + (int) length;
            phase = Phase.BODY;
            return true;
        }
        fail(Arrays.copyOfRange(a, from, to), reason, sink);
        return false;
    }

    private int body(byte[] in, int from, int to, Sink sink) {
        int end = Math.min(to, from + messageLength - held);
        hold(in, from, end, messageLength);
        if (held == messageLength) {
            deliverHeld(sink);
        }
        return end;
    }

    private void hold(byte[] in, int from, int to, int limit) {
        int needed = held + to - from;
        if (needed > buffer.length) {
            int capacity = Math.min(limit, Math.max(needed, Math.max(SMALLEST_BUFFER, buffer.length * 2)));
            buffer = Arrays.copyOf(buffer, capacity);
        }
        System.arraycopy(in, from, buffer, held, to - from);
        held = needed;
    }

    private void deliverHeld(Sink sink) {
        byte[] wire = held == buffer.length ? buffer : Arrays.copyOf(buffer, held);
        buffer = EMPTY;
        held = 0;
        deliver(wire, sink);
    }

    private void deliver(byte[] wire, Sink sink) {
        phase = Phase.BETWEEN;
        messages++;
        sink.message(wire);
    }

    private void fail(byte[] head, String reason, Sink sink) {
        phase = Phase.FAILED;
        buffer = EMPTY;
        held = 0;
        sink.unframeable(head, reason);
    }

    private static long contentLength(byte[] a, int from, int to) {
        long length = MISSING;
        int i = nextLine(a, from, to);
        while (i < to) {
            int value = lengthValue(a, i, to);
            i = nextLine(a, i, to);
            if (value >= 0) {
                while (i < to && (a[i] == ' ' || a[i] == '\t')) {
                    i = nextLine(a, i, to);
                }
                long one = number(a, value, i);
                if (one == MALFORMED) {
                    return MALFORMED;
                }
                if (length != MISSING && length != one) {
                    return CONTRADICTING;
                }
                length = one;
            }
        }
        return length;
    }

    private static int nextLine(byte[] a, int from, int to) {
        int i = from;
        while (i < to && a[i] != '\n') {
            i++;
        }
        return i + 1;
    }

    /** Returns the position after the colon if a Content-Length header begins at {@code from}, otherwise -1. */
    private static int lengthValue(byte[] a, int from, int to) {
        int i;
        int first = a[from] | 0x20;
        if (first == 'l') {
            i = from + 1;
        } else if (first == 'c' && startsWith(a, from, to, "content-length")) {
            i = from + "content-length".length();
        } else {
            return -1;
        }
        while (i < to && (a[i] == ' ' || a[i] == '\t')) {
            i++;
        }
        return i < to && a[i] == ':' ? i + 1 : -1;
    }

    private static boolean startsWith(byte[] a, int from, int to, String lowerCase) {
        int length = lowerCase.length();
        if (to - from < length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            byte b = a[from + i];
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static long number(byte[] a, int from, int to) {
        int i = from;
        int end = to;
        while (i < end && isLws(a[i])) {
            i++;
        }
        while (end > i && isLws(a[end - 1])) {
            end--;
        }
        if (i == end) {
            return MALFORMED;
        }
        long value = 0;
        for (; i < end; i++) {
            if (a[i] < '0' || a[i] > '9') {
                return MALFORMED;
            }
            value = Math.min(value * 10 + (a[i] - '0'), TOO_LARGE);
        }
        return value;
    }

    private static boolean isLws(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    /** Accepts {@code SIP/…} at the start, or after the line's last space. */
    private static boolean isSipStartLine(byte[] a, int from, int to) {
        if (startsWith(a, from, to, "sip/")) {
            return true;
        }
        int end = nextLine(a, from, to);
        while (end > from && isLws(a[end - 1])) {
            end--;
        }
        int version = end;
        while (version > from && a[version - 1] != ' ') {
            version--;
        }
        return version > from && startsWith(a, version, end, "sip/");
    }
}
