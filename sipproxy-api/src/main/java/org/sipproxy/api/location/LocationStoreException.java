package org.sipproxy.api.location;

import java.io.Serial;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

    /** What the client may be told; empty if nothing. */
    private final String reason;

    /** A failure of kind {@link Kind#FAILED}. */
    public LocationStoreException(String message, Throwable cause) {
        this(Kind.FAILED, message, cause);
    }

    /** A failure that says what a later attempt may hope for. */
    public LocationStoreException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
        this.reason = "";
    }

    private LocationStoreException(Kind kind, String message, String reason, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.reason = reason;
    }

    /**
     * A failure of kind {@link Kind#REFUSED} whose reason the client may read: it names a part of the request, its length and the
     * limit, such as {@code Path is too long: 530 characters (at most 512)}, and holds no text of the request itself.
     */
    public static LocationStoreException refused(String reason) {
        return new LocationStoreException(Kind.REFUSED, reason, reason, null);
    }

    /** The same failure for another thread, which did not cause it. */
    public LocationStoreException forFollower() {
        return new LocationStoreException(kind, String.valueOf(getMessage()), reason, this);
    }

    /** What a later attempt may hope for. */
    public Kind kind() {
        return kind;
    }

    /** What is wrong with the value, in words for the client; empty unless the failure was made by {@link #refused}. */
    public Optional<String> reason() {
        return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    }
}
