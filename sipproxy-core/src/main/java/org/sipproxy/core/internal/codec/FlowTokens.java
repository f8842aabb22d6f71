package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.message.SipUri;

/**
 * Token for the connection over which a peer must be reached (RFC 5626 §5.3), in the parameter {@code ft} of this
 * proxy's Record-Route URIs. It is signed together with the URI's {@link RouteSignature}, so a token is valid in its
 * own dialog and as long as that signature. Connections end with the process, and so does the key.
 */
public final class FlowTokens {

    /** Result of {@link #connection} if the URI has no token, or not one of this proxy's. */
    public static final long NONE = -1;

    private static final String NAME = "ft";
    private static final int HASH_DIGITS = 16;

    private final KeyedHash key = KeyedHash.random();

    /**
     * Returns {@code ;ft=}, the connection's number and the token's hash.
     *
     * @param signature the URI's parameter {@code rs}, from {@link RouteSignature#parameter}
     */
    public byte[] parameter(long connection, byte[] signature) {
        int value = RouteSignature.PARAMETER.length;
        String text = ";ft=" + Long.toHexString(connection) + "-" + hex(hash(connection, signature, value));
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns true if a Route names a connection, even one of an earlier process. */
    public static boolean isIn(SipUri route) {
        return route.hasParameter(NAME);
    }

    private static String hex(long hash) {
        String digits = Long.toHexString(hash);
        return "0".repeat(HASH_DIGITS - digits.length()) + digits;
    }

    /** Returns the connection that a Route names, or {@link #NONE}. Does not check the Route's signature itself. */
    public long connection(SipUri route) {
        String text = route.parameter(NAME).orElse("");
        int dash = text.length() - HASH_DIGITS - 1;
        if (dash < 1 || dash > HASH_DIGITS - 1 || text.charAt(dash) != '-') {
            return NONE;
        }
        byte[] signature = route.parameter(RouteSignature.NAME).orElse("").getBytes(StandardCharsets.US_ASCII);
        long connection = number(text, 0, dash);
        long presented = number(text, dash + 1, text.length());
        return connection >= 0 && presented == hash(connection, signature, 0) && isHex(text, dash + 1)
                ? connection
                : NONE;
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

    private long hash(long connection, byte[] signature, int from) {
        return key.hash(connection, signature, from, signature.length);
    }
}
