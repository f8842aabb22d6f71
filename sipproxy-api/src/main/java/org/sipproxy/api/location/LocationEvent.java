package org.sipproxy.api.location;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A change of one binding, told after it was made.
 *
 * @param kind what happened
 * @param aor the address
 * @param binding the binding as it is now, or as it was before it was removed
 * @param removal why it was removed; empty unless {@code kind} is {@link Kind#REMOVED}
 */
public record LocationEvent(Kind kind, Aor aor, Binding binding, Optional<RemovalReason> removal) {

    /** What happened to the binding. */
    public enum Kind {
        ADDED,
        REFRESHED,
        REMOVED
    }

    /** Checks that a reason is there exactly when a binding was removed. */
    public LocationEvent {
        Objects.requireNonNull(aor, "aor");
        Objects.requireNonNull(binding, "binding");
        if ((kind == Kind.REMOVED) != removal.isPresent()) {
            throw new IllegalArgumentException("removal: " + removal + " does not go with " + kind);
        }
    }

    /** A binding that was added or refreshed. */
    public static LocationEvent of(Kind kind, Aor aor, Binding binding) {
        return new LocationEvent(kind, aor, binding, Optional.empty());
    }

    /** A binding that was removed. */
    public static LocationEvent removed(Aor aor, Binding binding, @Nullable RemovalReason reason) {
        return new LocationEvent(
                Kind.REMOVED, aor, binding, Optional.of(reason == null ? RemovalReason.ADMIN : reason));
    }
}
