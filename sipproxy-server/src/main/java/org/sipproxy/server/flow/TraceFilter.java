package org.sipproxy.server.flow;

import java.util.Optional;
import org.sipproxy.security.CidrBlock;

/**
 * Selection of messages. A message that meets all criteria selects its Call-ID: from then on all messages with it are
 * recorded, on all branches.
 *
 * @param user user part of From, To or Request-URI, or {@code USER@DOMAIN}
 * @param callId the Call-ID
 * @param source network of the peer
 * @param keepalives true to record keepalives too, of the peers in {@code source}
 */
public record TraceFilter(
        Optional<String> user, Optional<String> callId, Optional<CidrBlock> source, boolean keepalives) {

    /** All messages except keepalives. */
    public static final TraceFilter ALL = new TraceFilter(Optional.empty(), Optional.empty(), Optional.empty(), false);

    /** Returns true if every message meets the criteria. */
    boolean isOpen() {
        return user.isEmpty() && callId.isEmpty() && source.isEmpty();
    }
}
