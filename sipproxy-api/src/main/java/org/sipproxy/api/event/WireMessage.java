package org.sipproxy.api.event;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/**
 * One message on the wire: a datagram, a WebSocket message, or a message of a stream. Over TLS and WebSocket it is the
 * content, decrypted and without framing. Includes keepalives, and bytes that are not SIP. Immutable and thread-safe; a
 * listener may keep it.
 */
public final class WireMessage {

    /** A message that was sent may be longer than one that the proxy accepts. */
    private static final ParseLimits LIMITS =
            ParseLimits.DEFAULT.toBuilder().messageBytes(16_777_216).build();

    private final boolean received;
    private final byte[] wire;
    private final Flow flow;
    private final Instant time;
    /** A {@link SipMessage}, or the {@link SipParseException} why it is not one; null if not parsed yet. */
    private volatile @Nullable Object parsed;

    private WireMessage(boolean received, byte[] wire, Flow flow, Instant time, @Nullable Object parsed) {
        this.received = received;
        this.wire = Objects.requireNonNull(wire, "wire");
        this.flow = Objects.requireNonNull(flow, "flow");
        this.time = Objects.requireNonNull(time, "time");
        this.parsed = parsed;
    }

    /**
     * Returns a message that was received and not parsed.
     *
     * @param wire the bytes; the array is kept, not copied, and must not change
     */
    public static WireMessage received(byte[] wire, Flow from, Instant time) {
        return new WireMessage(true, wire, from, time, null);
    }

    /**
     * Returns a message that was received and parsed.
     *
     * @param wire the bytes, including any after the end of the message; the array is kept, not copied, and must not
     *     change
     */
    public static WireMessage received(SipMessage message, byte[] wire, Flow from, Instant time) {
        return new WireMessage(true, wire, from, time, Objects.requireNonNull(message, "message"));
    }

    /**
     * Returns a message that is sent.
     *
     * @param wire the bytes; the array is kept, not copied, and must not change
     */
    public static WireMessage sent(byte[] wire, Flow to, Instant time) {
        return new WireMessage(false, wire, to, time, null);
    }

    /** Returns true if the proxy received the message, false if it sent it. */
    public boolean isReceived() {
        return received;
    }

    /** Returns the flow that the message came from or goes to. */
    public Flow flow() {
        return flow;
    }

    /** Returns when the message was received or sent, by the wall clock. */
    public Instant time() {
        return time;
    }

    /** Returns the number of bytes. */
    public int length() {
        return wire.length;
    }

    /** Returns a copy of the bytes. */
    public byte[] toBytes() {
        return wire.clone();
    }

    /**
     * Returns true for line ends or zeros (RFC 5626 §3.5.1) and for a STUN message, which keep a flow open and are not
     * SIP.
     */
    public boolean isKeepalive() {
        return isStun() || isPadding();
    }

    /** Returns true for two leading zero bits and the magic cookie (RFC 8489 §5). */
    private boolean isStun() {
        return wire.length >= 20
                && (wire[0] & 0xc0) == 0
                && wire[4] == 0x21
                && wire[5] == 0x12
                && wire[6] == (byte) 0xa4
                && wire[7] == 0x42;
    }

    private boolean isPadding() {
        for (byte b : wire) {
            if (b != '\r' && b != '\n' && b != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the message, parsed at most once; empty if the bytes are not a SIP message. */
    public Optional<SipMessage> message() {
        return parsed() instanceof SipMessage message ? Optional.of(message) : Optional.empty();
    }

    /** Returns why the bytes are not a SIP message; empty if they are one, and for a keepalive. */
    public Optional<String> problem() {
        return !isKeepalive() && parsed() instanceof SipParseException e
                ? Optional.of(String.valueOf(e.getMessage()))
                : Optional.empty();
    }

    private Object parsed() {
        Object known = parsed;
        if (known == null) {
            try {
                known = SipMessage.parse(wire, LIMITS);
            } catch (SipParseException e) {
                known = e;
            }
            parsed = known;
        }
        return known;
    }

    /** Returns direction, transport, peer and length, without the contents. */
    @Override
    public String toString() {
        return (received ? "received from " : "sent to ") + flow.kind().lowerCase() + ":" + flow.remoteAddress() + ", "
                + wire.length + " bytes";
    }
}
