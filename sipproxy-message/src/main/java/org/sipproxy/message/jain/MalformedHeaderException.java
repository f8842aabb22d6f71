package org.sipproxy.message.jain;

import java.io.Serial;
import org.sipproxy.message.SipParseException;

/**
 * A typed header or URI was asked for and its text is not what the grammar wants. Thrown by the {@code javax.sip} accessors,
 * which cannot throw a checked exception; a routing stage lets it pass, and the sender gets {@link #statusCode()}.
 *
 * <p>It carries no stack trace, as {@link SipParseException} does not: bad input is normal traffic.
 */
public final class MalformedHeaderException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final SipParseException defect;

    MalformedHeaderException(SipParseException cause) {
        super(cause.getMessage(), cause, false, false);
        this.defect = cause;
    }

    /** What is wrong, and where. */
    public SipParseException defect() {
        return defect;
    }

    /** The status code to answer with. */
    public int statusCode() {
        return defect.statusCode();
    }
}
