package org.sipproxy.api.location;

import java.io.Serial;
import java.util.Objects;

/** The store could not read or keep bindings; the request is answered 500 or 503 and nothing was changed. */
public final class LocationStoreException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What a later attempt may hope for. */
    public enum Kind {
        /** The database cannot be reached or has not answered in time: whatever else is asked of it now fails too. */
        UNREACHABLE,
        /** The database refuses a value, such as a text that is too long: the same write fails again, others do not. */
        REFUSED,
        /** Anything else, such as a lock that somebody holds: the same may succeed the next time. */
        FAILED
    }

    private final Kind kind;

    /** A failure of kind {@link Kind#FAILED}. */
    public LocationStoreException(String message, Throwable cause) {
        this(Kind.FAILED, message, cause);
    }

    /** A failure that says what a later attempt may hope for. */
    public LocationStoreException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    /** What a later attempt may hope for. */
    public Kind kind() {
        return kind;
    }
}
