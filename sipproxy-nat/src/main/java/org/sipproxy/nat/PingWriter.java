package org.sipproxy.nat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Writer of OPTIONS pings, which also recognizes the responses. The text common to all pings of a listening point is
 * built once. A ping adds the contact twice and one number three times. The number contains the flow's slot and a
 * nonce.
 */
final class PingWriter {

    private static final byte[] METHOD = ascii("OPTIONS ");
    private static final byte[] PREFIX = ascii("z9hG4bKkeep");
    private static final byte[] HEX = ascii("0123456789abcdef");
    private static final int NUMBER = 24;

    /** The text between contact, branch, tag, contact and Call-ID. */
    private record Frame(byte[] via, byte[] from, byte[] to, byte[] callId) {}

    private final ConcurrentMap<Endpoint, Frame> frames = new ConcurrentHashMap<>();
    private final ProxyRuntime proxy;
    private final byte[] tail;

    PingWriter(ProxyRuntime proxy) {
        this.proxy = proxy;
        this.tail = ascii("@" + proxy.domains().get(0) + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    byte[] write(KeptFlow kept, SipUri contact, long nonce) {
        Frame frame = frames.get(kept.flow.endpoint());
        if (frame == null) {
            frame = frame(kept);
            frames.putIfAbsent(kept.flow.endpoint(), frame);
        }
        byte[] uri = contact.toBytes();
        int length = METHOD.length
                + 2 * uri.length
                + frame.via.length
                + frame.from.length
                + frame.to.length
                + frame.callId.length
                + 3 * NUMBER
                + tail.length;
        byte[] out = new byte[length];
        int at = append(out, 0, METHOD);
        at = append(out, at, uri);
        at = append(out, at, frame.via);
        at = number(out, at, kept.slot, nonce);
        at = append(out, at, frame.from);
        at = number(out, at, kept.slot, nonce);
        at = append(out, at, frame.to);
        at = append(out, at, uri);
        at = append(out, at, frame.callId);
        at = number(out, at, kept.slot, nonce);
        append(out, at, tail);
        return out;
    }

    private Frame frame(KeptFlow kept) {
        return new Frame(
                ascii(" SIP/2.0\r\nVia: SIP/2.0/UDP " + proxy.sentBy(kept.flow) + ";rport;branch=z9hG4bKkeep"),
                ascii("\r\nMax-Forwards: 70\r\nFrom: <sip:ping@"
                        + proxy.domains().get(0) + ">;tag="),
                ascii("\r\nTo: <"),
                ascii(">\r\nCall-ID: "));
    }

    private static int append(byte[] out, int at, byte[] text) {
        System.arraycopy(text, 0, out, at, text.length);
        return at + text.length;
    }

    private static int number(byte[] out, int at, int slot, long nonce) {
        for (int i = 0; i < 8; i++) {
            out[at + i] = HEX[slot >>> (28 - 4 * i) & 15];
        }
        for (int i = 0; i < 16; i++) {
            out[at + 8 + i] = HEX[(int) (nonce >>> (60 - 4 * i)) & 15];
        }
        return at + NUMBER;
    }

    /** Returns the Via of a response if its branch is that of a ping; otherwise null. */
    static @Nullable Via branchOf(SipResponse response) {
        try {
            Via via = response.topVia();
            int start = via.index().branchStart();
            boolean ours = start >= 0
                    && via.index().branchEnd() - start == PREFIX.length + NUMBER
                    && response.index().equals(start, start + PREFIX.length, PREFIX);
            return ours ? via : null;
        } catch (SipParseException e) {
            return null;
        }
    }

    static int slot(SipResponse response, Via via) {
        return (int) hex(response.index(), via.index().branchStart() + PREFIX.length, 8);
    }

    static long nonce(SipResponse response, Via via) {
        return hex(response.index(), via.index().branchStart() + PREFIX.length + 8, 16);
    }

    private static long hex(MessageIndex a, int from, int digits) {
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            value = value << 4 | Character.digit(a.byteAt(i), 16) & 15;
        }
        return value;
    }
}
