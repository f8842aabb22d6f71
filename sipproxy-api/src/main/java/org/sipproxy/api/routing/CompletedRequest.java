package org.sipproxy.api.routing;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipRequest;

/**
 * A request and the final response that the proxy sent for it. A request other than INVITE that nobody responded to in time has a 408 here
 * that was not sent: its sender has given up as well (RFC 4320 §4.1).
 *
 * @param request the request as it was received; the record's to read, not to edit, and not to keep: it holds the whole message.
 *     The body of a relayed request may be missing if it has more than 4,096 bytes: it is not kept for this
 * @param flow where it came from
 * @param statusCode 200 to 699
 * @param reason the reason phrase
 * @param toTag the To tag of the response; empty if it has none
 * @param receivedAt when the request came, on the wall clock
 * @param completedAt when the response was sent, on the wall clock
 * @param targets where it was relayed; empty if we answered it ourselves
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

    /** True if it went on to somebody; false if the answer is ours alone. */
    public boolean isRelayed() {
        return !targets.isEmpty();
    }
}
