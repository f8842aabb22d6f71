package org.sipproxy.server.phone;

import java.io.Serial;

/** Thrown if an action of a phone fails or gets no response in time. */
public final class PhoneException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    PhoneException(String message) {
        super(message);
    }

    PhoneException(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
