package org.sipproxy.core.internal.thirdparty;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.wire.MessageIndex;

/**
 * User part of the Contact that the proxy has in a dialog of its own: a prefix and 128 random bits, so that only the
 * other side of the dialog knows it.
 */
public final class DialogToken {

    private static final byte[] PREFIX = "3pcc.".getBytes(StandardCharsets.US_ASCII);
    private static final int BITS = 128;
    private static final int LENGTH = PREFIX.length + BITS / 4;
    private static final SecureRandom RANDOM = new SecureRandom();

    private DialogToken() {}

    /** Returns a new token. */
    static String next() {
        return new String(PREFIX, StandardCharsets.US_ASCII) + random(BITS / 8);
    }

    /** Returns random bytes as hex digits. */
    static String random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /**
     * Returns true if the Request-URI has a token, so that the request belongs to a dialog of the proxy itself. Called
     * for each new request: for almost all of them it compares one byte.
     */
    public static boolean isIn(SipRequest request) {
        MessageIndex wire = request.index();
        int at = user(wire);
        return wire.uriEnd() - at > LENGTH
                && wire.equals(at, at + PREFIX.length, PREFIX)
                && wire.byteAt(at + LENGTH) == '@';
    }

    /** Returns the token of a request for which {@link #isIn} is true. */
    static String of(SipRequest request) {
        MessageIndex wire = request.index();
        int at = user(wire);
        return wire.text(at, at + LENGTH);
    }

    /** Returns the position after {@code sip:} or {@code sips:}. */
    private static int user(MessageIndex wire) {
        int at = wire.uriStart() + 4;
        return at <= wire.uriEnd() && wire.byteAt(at - 1) == ':' ? at : at + 1;
    }
}
