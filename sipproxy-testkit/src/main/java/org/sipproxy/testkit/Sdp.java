package org.sipproxy.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;

/** Session descriptions of a phone: one audio stream, without media behind it (RFC 3264). */
final class Sdp {

    static final String TYPE = "application/sdp";

    /** Direction of the stream, from the side that describes it (RFC 8866 §6.7). */
    enum Direction {
        SENDRECV,
        SENDONLY,
        RECVONLY,
        INACTIVE;

        /** Returns the direction of the answer to an offer (RFC 3264 §6.1). */
        Direction answered() {
            return switch (this) {
                case SENDONLY -> RECVONLY;
                case RECVONLY -> SENDONLY;
                default -> this;
            };
        }

        String attribute() {
            return "a=" + name().toLowerCase(Locale.ROOT);
        }
    }

    private Sdp() {}

    /** Returns a description; {@code version} is higher than in the phone's previous one of the session. */
    static String of(Direction direction, long version) {
        return "v=0\r\no=- 1 " + version + " IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                + "m=audio 40000 RTP/AVP 0\r\n" + direction.attribute() + "\r\n";
    }

    /** Returns true if the message has a session description. */
    static boolean isIn(SipMessage message) {
        return message.header(HeaderName.CONTENT_TYPE)
                .filter(type -> type.toLowerCase(Locale.ROOT).startsWith(TYPE))
                .isPresent();
    }

    /** Returns the direction of the described stream. */
    static Direction direction(SipMessage message) {
        String body = new String(message.body(), StandardCharsets.UTF_8);
        for (Direction direction : Direction.values()) {
            if (body.lines().anyMatch(direction.attribute()::equals)) {
                return direction;
            }
        }
        return Direction.SENDRECV;
    }
}
