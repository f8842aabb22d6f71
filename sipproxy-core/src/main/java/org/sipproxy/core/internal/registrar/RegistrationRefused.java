package org.sipproxy.core.internal.registrar;

import java.io.Serial;

/** Thrown to refuse a REGISTER. Has no stack trace, because refusals are normal traffic. */
final class RegistrationRefused extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int statusCode;
    private final String why;
    private final String headerLine;

    RegistrationRefused(int statusCode, String why) {
        this(statusCode, why, "");
    }

    /**
     * @param headerLine header line that belongs to the status, such as Min-Expires, without its CR LF; empty for none
     */
    RegistrationRefused(int statusCode, String why, String headerLine) {
        super(why, null, false, false);
        this.why = why;
        this.statusCode = statusCode;
        this.headerLine = headerLine;
    }

    int statusCode() {
        return statusCode;
    }

    /** Returns the explanation for the client. */
    String why() {
        return why;
    }

    String headerLine() {
        return headerLine;
    }
}
