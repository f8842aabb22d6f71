package org.sipproxy.gateway;

import java.util.Objects;
import org.sipproxy.annotation.Beta;

/**
 * A trunk whose state has changed.
 *
 * @param name the trunk's name
 * @param before the state before
 * @param now the state now
 * @param reason why, such as {@code 403 Forbidden}
 */
public record TrunkChange(String name, TrunkState before, TrunkState now, String reason) {

    /** Checks that nothing is null. */
    @Beta
    public TrunkChange {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(before, "before");
        Objects.requireNonNull(now, "now");
        Objects.requireNonNull(reason, "reason");
    }
}
