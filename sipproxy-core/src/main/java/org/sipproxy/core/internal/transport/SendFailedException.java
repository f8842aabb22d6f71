package org.sipproxy.core.internal.transport;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Why a message was not sent. Normal traffic, so without the stack trace, which would be the dearest part. */
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
