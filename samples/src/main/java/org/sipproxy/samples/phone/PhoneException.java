package org.sipproxy.samples.phone;

import java.io.Serial;

/** What a phone was told to do did not work, or was not answered in time. */
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
