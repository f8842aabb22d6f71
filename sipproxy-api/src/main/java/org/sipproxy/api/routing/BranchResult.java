package org.sipproxy.api.routing;

import java.util.Objects;
import java.util.Optional;
import org.sipproxy.annotation.Beta;
import org.sipproxy.message.SipResponse;

/**
 * Failure of one branch of a relayed request.
 *
 * @param target where the request was sent
 * @param cause why it failed
 * @param statusCode the received status, or the one that the proxy generates for the failure; 300 to 699
 * @param response the received response without this proxy's Via; empty if none was received
 * @param rang true if the branch received a provisional response above 100
 */
public record BranchResult(
        Target target, FailureCause cause, int statusCode, Optional<SipResponse> response, boolean rang) {

    /** Checks that nothing is null. */
    @Beta
    public BranchResult {
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(cause, "cause");
        Objects.requireNonNull(response, "response");
    }
}
