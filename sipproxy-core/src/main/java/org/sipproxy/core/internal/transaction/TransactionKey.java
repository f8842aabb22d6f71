package org.sipproxy.core.internal.transaction;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.ViaIndex;

/**
 * What makes two requests the same transaction (RFC 3261 §17.2.3): branch, sent-by and method, where ACK and CANCEL count as
 * the INVITE that they belong to. Without the magic cookie it is what RFC 2543 compared.
 *
 * <p>The Call-ID counts too. Repetitions, ACK and CANCEL have that of their request (§9.1, §17.1.1.3), and two clients behind
 * NATs may choose the same private sent-by and, with a poor random number generator, the same branch.
 *
 * <p>Kept as 128 bits of a hash under a secret of this JVM, so a key has a fixed size and nobody outside can make two
 * requests collide.
 */
public final class TransactionKey {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long[] SECRET =
            new SecureRandom().longs(4).map(x -> x | 1).toArray();

    private long h1 = SECRET[0];
    private long h2 = SECRET[1];

    private TransactionKey() {}

    /** The key that a request is looked up and kept by. */
    public static TransactionKey of(SipRequest request) throws SipParseException {
        TransactionKey key = new TransactionKey();
        Method m = request.method();
        Via via = request.topVia();
        if (via.hasRfc3261Branch()) {
            key.branch(request.index(), via);
            int callId = request.firstHeader(HeaderName.CALL_ID);
            if (callId >= 0) {
                key.mix(
                        request.index(),
                        request.index().valueStart(callId),
                        request.index().valueEnd(callId));
            }
        } else {
            key.rfc2543(request, via);
        }
        if (m != Method.INVITE && m != Method.ACK && m != Method.CANCEL) {
            key.mix(m.name());
        }
        key.finish();
        return key;
    }

    /**
     * The key of the ACK to a 2xx, which has a branch of its own: the dialog, the CSeq number and the Request-URI
     * (§13.2.2.4).
     *
     * @param request the INVITE or the ACK
     * @param dialog the 2xx or the ACK
     */
    public static TransactionKey ofAck(SipRequest request, SipMessage dialog) throws SipParseException {
        TransactionKey key = new TransactionKey();
        byte[] ids = ("ACK\0" + dialog.callId() + '\0' + dialog.fromTag() + '\0' + dialog.toTag())
                .getBytes(StandardCharsets.UTF_8);
        key.mix(ids);
        key.mix(dialog.cseq().number());
        key.mix(request.index(), request.index().uriStart(), request.index().uriEnd());
        key.finish();
        return key;
    }

    private void branch(MessageIndex wire, Via via) {
        ViaIndex at = via.index();
        mix(wire, at.branchStart(), at.branchEnd());
        long host = via.port();
        for (int i = at.hostStart(); i < at.hostEnd(); i++) {
            byte b = wire.byteAt(i);
            host = host * 31 + (b >= 'A' && b <= 'Z' ? b + 32 : b);
            if (((i - at.hostStart()) & 7) == 7) {
                mix(host);
                host = 0;
            }
        }
        mix(host);
    }

    /** §17.2.3, second half. The To tag is left out: the ACK of a failure carries one that its INVITE does not have. */
    private void rfc2543(SipRequest request, Via via) throws SipParseException {
        MessageIndex wire = request.index();
        byte[] ids = (request.fromTag() + '\0' + request.callId()).getBytes(StandardCharsets.UTF_8);
        mix(ids);
        mix(request.cseq().number());
        mix(wire, request.index().uriStart(), request.index().uriEnd());
        ViaIndex at = via.index();
        mix(wire, at.start(), at.end());
    }

    private void mix(MessageIndex wire, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            mix(wire.longAt(i));
        }
        long tail = (long) to - from;
        for (; i < to; i++) {
            tail = tail << 8 | (wire.byteAt(i) & 0xff);
        }
        mix(tail);
    }

    private void mix(byte[] a) {
        int i = 0;
        for (; i + 8 <= a.length; i += 8) {
            mix((long) LONGS.get(a, i));
        }
        long tail = a.length;
        for (; i < a.length; i++) {
            tail = tail << 8 | (a[i] & 0xff);
        }
        mix(tail);
    }

    /** A token, which is ASCII, without a copy of its bytes. */
    private void mix(String token) {
        long word = token.length();
        for (int i = 0; i < token.length(); i++) {
            word = word << 8 | token.charAt(i) & 0xff;
            if ((i & 7) == 6) {
                mix(word);
                word = 0;
            }
        }
        mix(word);
    }

    private void mix(long word) {
        h1 = Long.rotateLeft((h1 ^ word) * SECRET[2], 29) + h2;
        h2 = Long.rotateLeft((h2 + word) * SECRET[3], 31) ^ h1;
    }

    private void finish() {
        h1 = avalanche(h1);
        h2 = avalanche(h2 ^ h1);
    }

    private static long avalanche(long x) {
        long y = (x ^ (x >>> 32)) * 0xd6e8feb86659fd93L;
        y = (y ^ (y >>> 32)) * 0xd6e8feb86659fd93L;
        return y ^ (y >>> 32);
    }

    /** Half of the hash. */
    public long first() {
        return h1;
    }

    /** The other half of the hash. */
    public long second() {
        return h2;
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof TransactionKey k && k.h1 == h1 && k.h2 == h2;
    }

    @Override
    public int hashCode() {
        return (int) h1;
    }
}
