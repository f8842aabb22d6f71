package org.sipproxy.core.internal.transport;

import java.nio.charset.StandardCharsets;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** One sent message: its flow, and its time since the start of the clock. */
public record Sent(RecordingFlow flow, byte[] wire, long atMillis) {

    /** Returns the message with bare line feeds, as tests write theirs. */
    public String text() {
        return new String(wire, StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    public SipRequest request() {
        return (SipRequest) message();
    }

    public SipResponse response() {
        return (SipResponse) message();
    }

    /** Returns {@code INVITE} for a request and {@code 180} for a response. */
    public String what() {
        return message() instanceof SipRequest request
                ? request.method().name()
                : String.valueOf(((SipResponse) message()).statusCode());
    }

    private SipMessage message() {
        try {
            return SipMessage.parse(
                    wire, ParseLimits.builder().messageBytes(1_000_000).build());
        } catch (SipParseException e) {
            throw new AssertionError("what was sent is not a message: " + e.getMessage() + "\n" + text(), e);
        }
    }

    @Override
    public String toString() {
        return atMillis + " ms " + flow.kind() + " " + flow.remoteAddress() + " "
                + text().lines().findFirst().orElse("");
    }
}
