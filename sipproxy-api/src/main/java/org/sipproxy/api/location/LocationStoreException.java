package org.sipproxy.api.location;

import java.io.Serial;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if the store could not read or write bindings. Nothing was changed. A REGISTER gets a 400 if the kind is
 * {@link Kind#REFUSED}, otherwise a 500; another request outside a dialog gets a 503.
 */
public final class LocationStoreException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Kind of failure, which decides whether a later attempt can succeed. */
    public enum Kind {
        /** The database cannot be reached or did not respond in time. All other operations fail now as well. */
        UNREACHABLE,
        /** The database refuses a value, such as a text that is too long. The same write fails again, others do not. */
        REFUSED,
        /** Any other failure, such as a lock that another session holds. A later attempt may succeed. */
        FAILED
    }

    private final Kind kind;

    /** The reason that the client may see; empty if there is none. */
    private final String reason;

    /** Creates a failure of kind {@link Kind#FAILED}. */
    public LocationStoreException(String message, Throwable cause) {
        this(Kind.FAILED, message, cause);
    }

    /** Creates a failure of the given kind. */
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
     * Returns a failure of kind {@link Kind#REFUSED} whose reason the client may see. The reason names a part of the
     * request, its length and the limit, such as {@code Path is too long: 530 characters (at most 512)}, and must not
     * hold text of the request itself.
     */
    public static LocationStoreException refused(String reason) {
        return new LocationStoreException(Kind.REFUSED, reason, reason, null);
    }

    /**
     * Returns a copy for another thread that waited for the same operation; the stack trace is that of the calling
     * thread.
     */
    public LocationStoreException forFollower() {
        return new LocationStoreException(kind, String.valueOf(getMessage()), reason, this);
    }

    /** Returns the kind, which says whether a later attempt can succeed. */
    public Kind kind() {
        return kind;
    }

    /**
     * Returns what is wrong with the value, in words for the client; empty unless {@link #refused} created the failure.
     */
    public Optional<String> reason() {
        return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    }
}
