package org.sipproxy.message.jain;

import java.io.Serial;
import org.sipproxy.message.SipParseException;

/**
 * Thrown by a {@code javax.sip} accessor if the text of a typed header or URI is malformed. Unchecked, because these
 * accessors cannot throw a checked exception. If a routing stage does not catch it, the request is rejected with
 * {@link #statusCode()}.
 *
 * <p>Has no stack trace, as {@link SipParseException} has none: invalid input is normal traffic.
 */
public final class MalformedHeaderException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final SipParseException defect;

    MalformedHeaderException(SipParseException cause) {
        super(cause.getMessage(), cause, false, false);
        this.defect = cause;
    }

    /** Returns what is wrong, and where. */
    public SipParseException defect() {
        return defect;
    }

    /** Returns the status code to respond with. */
    public int statusCode() {
        return defect.statusCode();
    }
}
