package org.sipproxy.jdbc;

import org.jspecify.annotations.Nullable;

/** A subscriber could not be looked up now: the database fails, or too many look-ups are under way. The next may succeed. */
public final class CredentialLookupException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CredentialLookupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
