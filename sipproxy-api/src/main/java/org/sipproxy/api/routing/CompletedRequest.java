package org.sipproxy.api.routing;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.annotation.Beta;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipRequest;

/**
 * A request and the final response that the proxy sent for it. If a request other than INVITE got no response in time,
 * the record holds a 408 that was not sent, because its sender has given up as well (RFC 4320 §4.1).
 *
 * @param request the request as it was received. Do not edit or keep it: it holds the whole message. The body of a
 *     relayed request may be missing if it is longer than 4,096 bytes
 * @param flow the flow that the request arrived on
 * @param statusCode 200 to 699
 * @param reason the reason phrase
 * @param toTag the To tag of the response; empty if it has none
 * @param receivedAt when the request was received, on the wall clock
 * @param completedAt when the response was sent, on the wall clock
 * @param targets where the request was relayed; empty for a locally generated response
 * @param authenticatedUser {@code user@realm} of the sender, if it was authenticated
 */
public record CompletedRequest(
        SipRequest request,
        Flow flow,
        int statusCode,
        String reason,
        String toTag,
        Instant receivedAt,
        Instant completedAt,
        List<Target> targets,
        Optional<String> authenticatedUser) {

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public CompletedRequest {}

    /** Returns true if the request was relayed, false if the response was locally generated. */
    public boolean isRelayed() {
        return !targets.isEmpty();
    }
}
