package org.sipproxy.core.internal.transaction;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.ViaIndex;

/**
 * Key that identifies the transaction of a request (RFC 3261 §17.2.3): branch, sent-by and method. ACK and CANCEL count
 * as the INVITE that they belong to. Without the magic cookie, the fields that RFC 2543 compared are used.
 *
 * <p>The Call-ID is part of the key too. Retransmissions, ACK and CANCEL have the Call-ID of their request (§9.1,
 * §17.1.1.3), but two clients behind NATs may choose the same private sent-by and, with a poor random number generator,
 * the same branch.
 *
 * <p>The key is two keyed hashes of 64 bits, one of branch and sent-by, the other of Call-ID and method. It has a fixed
 * size, and clients cannot construct requests that collide. The hash key is random and shared by the proxies of a JVM.
 */
public final class TransactionKey {

    private static final KeyedHash KEY = KeyedHash.random();

    private final long h1;
    private final long h2;

    private TransactionKey(long h1, long h2) {
        this.h1 = h1;
        this.h2 = h2;
    }

    /** Returns the key of a request. */
    public static TransactionKey of(SipRequest request) throws SipParseException {
        Via via = request.topVia();
        return via.hasRfc3261Branch() ? rfc3261(request, via) : rfc2543(request, via);
    }

    /** Returns the key of an INVITE, or of its ACK, that is not parsed; it equals that of the parsed request. */
    public static TransactionKey ofInvite(RequestHead head) {
        byte[] wire = head.bytes();
        long host = head.port();
        for (int i = head.hostStart(); i < head.hostEnd(); i++) {
            host = host * 31 + lower(wire[i]);
        }
        long branch = KEY.hash(host, wire, head.branchStart(), head.branchEnd());
        return new TransactionKey(branch, KEY.hash(method(Method.INVITE), wire, head.callIdStart(), head.callIdEnd()));
    }

    private static TransactionKey rfc3261(SipRequest request, Via via) {
        MessageIndex wire = request.index();
        ViaIndex at = via.index();
        long branch = KEY.hash(sentBy(wire, at, via.port()), wire, at.branchStart(), at.branchEnd());
        int line = request.firstHeader(HeaderName.CALL_ID);
        long method = method(request.method());
        long callId = line < 0 ? method : KEY.hash(method, wire, wire.valueStart(line), wire.valueEnd(line));
        return new TransactionKey(branch, callId);
    }

    /**
     * Returns host and port of sent-by as one number, ignoring the case of letters; distinct hosts may share a number.
     */
    private static long sentBy(MessageIndex wire, ViaIndex at, int port) {
        long host = port;
        for (int i = at.hostStart(); i < at.hostEnd(); i++) {
            host = host * 31 + lower(wire.byteAt(i));
        }
        return host;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }

    /** Maps ACK and CANCEL to INVITE. */
    private static long method(Method method) {
        return method == Method.INVITE || method == Method.ACK || method == Method.CANCEL
                ? 0
                : method.name().hashCode();
    }

    /** §17.2.3, second half. The To tag is omitted: the ACK of a failure carries one that its INVITE does not have. */
    private static TransactionKey rfc2543(SipRequest request, Via via) throws SipParseException {
        MessageIndex wire = request.index();
        byte[] ids = (request.fromTag() + '\0' + request.callId()).getBytes(StandardCharsets.UTF_8);
        ViaIndex at = via.index();
        long uri = KEY.hash(method(request.method()), wire, wire.uriStart(), wire.uriEnd());
        return new TransactionKey(
                KEY.hash(request.cseq().number(), ids, 0, ids.length), KEY.hash(uri, wire, at.start(), at.end()));
    }

    /**
     * Returns the key of the ACK to a 2xx, which has a branch of its own: the dialog, the CSeq number and the
     * Request-URI (§13.2.2.4).
     *
     * @param request the INVITE or the ACK
     * @param dialog the 2xx or the ACK
     */
    public static TransactionKey ofAck(SipRequest request, SipMessage dialog) throws SipParseException {
        byte[] ids = ("ACK\0" + dialog.callId() + '\0' + dialog.fromTag() + '\0' + dialog.toTag())
                .getBytes(StandardCharsets.UTF_8);
        MessageIndex wire = request.index();
        return new TransactionKey(
                KEY.hash(dialog.cseq().number(), ids, 0, ids.length), KEY.hash(wire, wire.uriStart(), wire.uriEnd()));
    }

    /** Returns a key that no request from the network has. */
    public static TransactionKey random() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new TransactionKey(random.nextLong(), random.nextLong());
    }

    /** Returns the first half of the hash. */
    public long first() {
        return h1;
    }

    /** Returns the second half of the hash. */
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
