package org.sipproxy.server.flow;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.Optional;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/**
 * A recorded message whose secrets are masked.
 *
 * @param number position among the messages of its recorder, from 1
 * @param time when it was received or sent
 * @param isReceived true if the proxy received it, false if it sent it
 * @param local the proxy's address
 * @param remote the peer's address
 * @param text the bytes, each a character
 */
public record TracedMessage(
        long number,
        Instant time,
        boolean isReceived,
        TransportKind transport,
        InetSocketAddress local,
        InetSocketAddress remote,
        String text) {

    private static final ParseLimits LIMITS =
            ParseLimits.DEFAULT.toBuilder().messageBytes(16_777_216).build();

    /** Returns the masked message of a listener. */
    static TracedMessage of(long number, WireMessage wire) {
        return new TracedMessage(
                number,
                wire.time(),
                wire.isReceived(),
                wire.flow().kind(),
                LocalAddresses.of(wire.flow()),
                wire.flow().remoteAddress(),
                new String(SecretMask.sameLength(wire.toBytes()), StandardCharsets.ISO_8859_1));
    }

    /** Returns a copy of the bytes. */
    public byte[] bytes() {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Returns true if the bytes are a keepalive and not a message. */
    public boolean isKeepalive() {
        return text.chars().allMatch(c -> c == '\r' || c == '\n' || c == 0) || text.startsWith("!\u0012\u00a4B", 4);
    }

    /** Returns the parsed message; empty for a keepalive and for bytes that are not SIP. */
    public Optional<SipMessage> message() {
        try {
            return isKeepalive() ? Optional.empty() : Optional.of(SipMessage.parse(bytes(), LIMITS));
        } catch (SipParseException e) {
            return Optional.empty();
        }
    }

    /** Returns the microseconds of the time after its whole second. */
    int micros() {
        return time.get(ChronoField.MICRO_OF_SECOND);
    }

    /** Returns where it comes from. */
    InetSocketAddress source() {
        return isReceived ? remote : local;
    }

    /** Returns where it goes. */
    InetSocketAddress destination() {
        return isReceived ? local : remote;
    }

    /** Returns the name of the peer on a ladder: its address, and the transport unless it is UDP. */
    String peer() {
        return AddressText.of(remote) + (transport == TransportKind.UDP ? "" : "/" + transport.lowerCase());
    }
}
