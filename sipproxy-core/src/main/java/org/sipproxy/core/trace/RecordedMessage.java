package org.sipproxy.core.trace;

import java.time.Instant;
import java.util.Optional;
import org.sipproxy.annotation.Beta;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/**
 * Message that a {@link Ladder} has recorded. Immutable.
 *
 * @param time when it was received or sent, by the wall clock
 * @param from name of the sender: {@code proxy}, or that of a peer
 * @param to name of the receiver
 * @param message the message as it was on the wire; its {@linkplain SipMessage#defect() defect} says if it is malformed
 */
public record RecordedMessage(Instant time, String from, String to, SipMessage message) {

    /** Creates a recorded message. */
    @Beta
    public RecordedMessage {}

    /** Returns the message if it is a request. */
    public Optional<SipRequest> request() {
        return message instanceof SipRequest request ? Optional.of(request) : Optional.empty();
    }

    /** Returns the message if it is a response. */
    public Optional<SipResponse> response() {
        return message instanceof SipResponse response ? Optional.of(response) : Optional.empty();
    }

    /** Returns the message as an arrow, such as {@code alice -> proxy: INVITE} or {@code proxy -> alice: 180 Ringing}. */
    @Override
    public String toString() {
        return from + " -> " + to + ": " + MessageText.label(message);
    }
}
