package org.sipproxy.api.location;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.annotation.Beta;

/**
 * A change of one binding, published after it was made.
 *
 * @param kind what happened
 * @param aor the AOR
 * @param binding the binding after the change, or before its removal
 * @param removal why it was removed; empty unless {@code kind} is {@link Kind#REMOVED}
 */
public record LocationEvent(Kind kind, Aor aor, Binding binding, Optional<RemovalReason> removal) {

    /** Kind of change. */
    public enum Kind {
        ADDED,
        REFRESHED,
        REMOVED
    }

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException unless a reason is given if and only if a binding was removed
     */
    @Beta
    public LocationEvent {
        Objects.requireNonNull(aor, "aor");
        Objects.requireNonNull(binding, "binding");
        if ((kind == Kind.REMOVED) != removal.isPresent()) {
            throw new IllegalArgumentException(
                    "removal: " + removal + " with kind " + kind + " (expected a reason if and only if it is REMOVED)");
        }
    }

    /**
     * Returns the event of a binding that was added or refreshed.
     *
     * @throws IllegalArgumentException if the kind is {@link Kind#REMOVED}
     */
    public static LocationEvent of(Kind kind, Aor aor, Binding binding) {
        return new LocationEvent(kind, aor, binding, Optional.empty());
    }

    /**
     * Returns the event of a binding that was removed.
     *
     * @param reason null for {@link RemovalReason#ADMIN}
     */
    public static LocationEvent removed(Aor aor, Binding binding, @Nullable RemovalReason reason) {
        return new LocationEvent(
                Kind.REMOVED, aor, binding, Optional.of(reason == null ? RemovalReason.ADMIN : reason));
    }
}
