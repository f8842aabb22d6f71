package org.sipproxy.jdbc;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if the database does not hold a secret for the proxy and does not let it create one. The message contains the
 * remedy.
 */
public final class SecretUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    SecretUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
