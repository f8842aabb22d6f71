package org.sipproxy.core.internal.transport;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Thrown if a message was not sent. Has no stack trace, because it is common and the trace is expensive. */
final class SendFailedException extends IOException {

    private static final long serialVersionUID = 1L;

    SendFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
