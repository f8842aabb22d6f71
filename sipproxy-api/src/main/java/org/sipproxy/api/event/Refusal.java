package org.sipproxy.api.event;

import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipRequest;

/**
 * A request, a connection or bytes that the proxy refused or dropped. Challenges (401, 407) are not refusals, and
 * neither are the responses of targets.
 *
 * @param statusCode status of the locally generated response, 400 to 699; 0 if there was none
 * @param reason why, without text that the sender chose, such as {@code Relaying Denied}. A stage of the host
 *     application may choose any text
 * @param source the peer's address as this proxy sees it; over UDP it may be forged
 * @param transport the transport
 * @param request the request as it was received; empty for a connection, for what an arrival filter dropped before it
 *     was parsed, and for bytes that are not a message. Do not edit or keep it
 */
public record Refusal(
        int statusCode,
        String reason,
        InetSocketAddress source,
        TransportKind transport,
        Optional<SipRequest> request) {

    /** Checks that nothing is null. */
    public Refusal {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(transport, "transport");
        Objects.requireNonNull(request, "request");
    }
}
