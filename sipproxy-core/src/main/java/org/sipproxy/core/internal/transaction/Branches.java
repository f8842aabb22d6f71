package org.sipproxy.core.internal.transaction;

import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.ViaIndex;

/**
 * Branch parameters of this proxy: {@code z9hG4bK} + 16 hex digits that identify the client transaction + 16 hex digits
 * of the loop hash (RFC 3261 §16.6 step 8, RFC 5393 §4.2).
 *
 * <p>The first part is a counter permuted by four Feistel rounds with a keyed hash (Luby and Rackoff, 1988). It is
 * unique without memory and cannot be predicted from earlier ones, so a response cannot be forged blindly.
 */
public final class Branches {

    private static final int COOKIE = Via.MAGIC_COOKIE.length();
    private static final int LENGTH = COOKIE + 32;
    private static final byte[] MAGIC = {'z', '9', 'h', 'G', '4', 'b', 'K'};

    private static final int ROUNDS = 4;
    private static final byte[] NOTHING = {};

    private final AtomicLong counter = new AtomicLong();
    private final KeyedHash numbers = KeyedHash.random();
    private final KeyedHash loops = KeyedHash.random();

    /** Returns the number of a new client transaction. */
    public long next() {
        long count = counter.incrementAndGet();
        int left = (int) (count >>> 32);
        int right = (int) count;
        for (int round = 0; round < ROUNDS; round++) {
            int mixed = left ^ (int) numbers.hash((long) round << 32 | right & 0xffff_ffffL, NOTHING, 0, 0);
            left = right;
            right = mixed;
        }
        return (long) left << 32 | right & 0xffff_ffffL;
    }

    public void write(ByteWriter out, long number, long loopHash) {
        out.bytes(MAGIC).hex(number).hex(loopHash);
    }

    /** Returns true if the branch has the format of this proxy's branches. */
    public static boolean isOwnBranch(MessageIndex wire, Via via) {
        ViaIndex at = via.index();
        int start = at.branchStart();
        return start >= 0 && at.branchEnd() - start == LENGTH && isHex(wire, start + COOKIE, start + LENGTH);
    }

    /**
     * Returns the position of the first branch of this proxy's format in {@code [from, to)}, or -1. Searches the text
     * without parsing it.
     */
    public static int find(MessageIndex wire, int from, int to) {
        for (int i = from; i + LENGTH <= to; i++) {
            if (wire.byteAt(i) == 'z' && wire.equals(i, i + COOKIE, MAGIC) && isHex(wire, i + COOKIE, i + LENGTH)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isHex(MessageIndex wire, int from, int to) {
        for (int i = from; i < to; i++) {
            if (hexDigit(wire.byteAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the transaction's number in a branch of this proxy's format. */
    public static long number(MessageIndex wire, Via via) {
        return hex(wire, via.index().branchStart() + COOKIE);
    }

    /** Returns the loop hash in a branch of this proxy's format that starts at {@code branch}. */
    public static long loopHash(MessageIndex wire, int branch) {
        return hex(wire, branch + COOKIE + 16);
    }

    private static long hex(MessageIndex wire, int from) {
        long value = 0;
        for (int i = from; i < from + 16; i++) {
            value = value << 4 | hexDigit(wire.byteAt(i));
        }
        return value;
    }

    private static int hexDigit(byte b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
    }

    /**
     * Returns a hash of everything that decides where a request goes. A request that returns with the same hash loops;
     * with another hash it spirals, which is allowed (RFC 5393 §4.2).
     */
    public long loopHash(SipRequest request) throws SipParseException {
        MessageIndex wire = request.index();
        long h = loops.hash(wire, wire.uriStart(), wire.uriEnd());
        for (int i = 0; i < request.headerCount(); i++) {
            if (request.isHeader(i, HeaderName.CALL_ID)
                    || request.isHeader(i, HeaderName.FROM)
                    || request.isHeader(i, HeaderName.TO)
                    || request.isHeader(i, HeaderName.ROUTE)
                    || request.isHeader(i, HeaderName.PROXY_REQUIRE)
                    || request.isHeader(i, HeaderName.PROXY_AUTHORIZATION)) {
                h = loops.hash(h, wire, wire.valueStart(i), wire.valueEnd(i));
            }
        }
        return loops.hash(h ^ request.cseq().number(), NOTHING, 0, 0);
    }
}
