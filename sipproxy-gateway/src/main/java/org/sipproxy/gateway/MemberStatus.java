package org.sipproxy.gateway;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.annotation.Beta;
import org.sipproxy.api.gateway.Gateway;

/**
 * What the dispatcher knows of a member. Made by the dispatcher; components may be added in a minor version.
 *
 * @param gateway the configuration
 * @param state the state
 * @param isProbed true if OPTIONS are sent to it in this state
 * @param calls calls that it accepted, or that are being set up, and that have not ended
 * @param lastFailure the reason of the latest failure; empty if there was none
 * @param lastFailureAt when it failed, on the wall clock
 * @param lastProbeAt when the latest probe ended, on the wall clock
 */
public record MemberStatus(
        Gateway gateway,
        MemberState state,
        boolean isProbed,
        int calls,
        String lastFailure,
        Optional<Instant> lastFailureAt,
        Optional<Instant> lastProbeAt) {

    /** Checks that nothing is null. */
    @Beta
    public MemberStatus {
        Objects.requireNonNull(gateway, "gateway");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(lastFailure, "lastFailure");
        Objects.requireNonNull(lastFailureAt, "lastFailureAt");
        Objects.requireNonNull(lastProbeAt, "lastProbeAt");
    }

    /** Returns Kamailio's two letters: the state, and P if the member is probed or X if not, such as {@code AP}. */
    public String letters() {
        return "" + state.letter() + (isProbed ? 'P' : 'X');
    }
}
