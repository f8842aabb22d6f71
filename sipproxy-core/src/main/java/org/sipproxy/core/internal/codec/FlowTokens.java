package org.sipproxy.core.internal.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.KeyedHash;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;

/**
 * The parameter {@code ft} of our Record-Route URIs: the number of the connection on which a peer is reached that can be reached
 * in no other way, so that requests inside the dialog find it (RFC 5626 §5.3). It is signed for the dialog: nobody can name a
 * connection that is not of his call. Connections die with the process, and so does the key.
 */
public final class FlowTokens {

    /** Of {@link #connection}: there is no token, or none of ours. */
    public static final long NONE = -1;

    private static final String NAME = "ft";
    private static final int HASH_DIGITS = 16;

    private final KeyedHash key = KeyedHash.random();

    /** {@code ;ft=}, the connection's number and the signature. */
    public byte[] parameter(long connection, SipRequest request) {
        String text = ";ft=" + Long.toHexString(connection) + "-" + hex(hash(connection, request));
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String hex(long hash) {
        String digits = Long.toHexString(hash);
        return "0".repeat(HASH_DIGITS - digits.length()) + digits;
    }

    /** The connection that a Route of the request's dialog names, or {@link #NONE}. */
    public long connection(SipUri route, SipRequest request) {
        String text = route.parameter(NAME).orElse("");
        int dash = text.length() - HASH_DIGITS - 1;
        if (dash < 1 || dash > HASH_DIGITS - 1 || text.charAt(dash) != '-') {
            return NONE;
        }
        long connection = number(text, 0, dash);
        long presented = number(text, dash + 1, text.length());
        return connection >= 0 && presented == hash(connection, request) && isHex(text, dash + 1) ? connection : NONE;
    }

    private static long number(String text, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) {
                return NONE;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static boolean isHex(String text, int from) {
        return text.chars().skip(from).allMatch(c -> Character.digit(c, 16) >= 0);
    }

    private long hash(long connection, SipRequest request) {
        byte[] number = ByteBuffer.allocate(Long.BYTES).putLong(connection).array();
        long ofNumber = key.hash(number, 0, number.length);
        int line = request.firstHeader(HeaderName.CALL_ID);
        return line < 0
                ? ofNumber
                : key.hash(ofNumber, request.wire(), request.valueStart(line), request.valueEnd(line));
    }
}
