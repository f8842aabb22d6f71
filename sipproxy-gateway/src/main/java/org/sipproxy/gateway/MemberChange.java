package org.sipproxy.gateway;

import java.util.Objects;
import org.sipproxy.annotation.Beta;
import org.sipproxy.api.gateway.Gateway;

/**
 * A member has another state.
 *
 * @param gateway the member
 * @param before its state before
 * @param now its state now
 * @param reason why, such as {@code no response to OPTIONS}
 */
public record MemberChange(Gateway gateway, MemberState before, MemberState now, String reason) {

    /** Checks that nothing is null. */
    @Beta
    public MemberChange {
        Objects.requireNonNull(gateway, "gateway");
        Objects.requireNonNull(before, "before");
        Objects.requireNonNull(now, "now");
        Objects.requireNonNull(reason, "reason");
    }
}
