package org.sipproxy.core.internal.call;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallParty;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * State of a call at one time. Holds bytes of messages and parses them on access, because most snapshots are events
 * from which a listener reads little.
 *
 * @param key identity of the call
 * @param targetUri the Request-URI of the latest target; empty if none has responded
 * @param ringing when it rang, in milliseconds since 1970; 0 if it has not. The same for the other times
 * @param millis the duration
 */
record CallSnapshot(
        CallKey key,
        CallState state,
        CallParty caller,
        CallParty callee,
        @Nullable String user,
        byte[] targetUri,
        long started,
        long ringing,
        long answered,
        long ended,
        @Nullable CallEnd ending,
        long millis)
        implements Call {

    @Override
    public String callId() {
        return key.callId();
    }

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(user);
    }

    @Override
    public Optional<SipUri> target() {
        return Optional.ofNullable(uri(targetUri));
    }

    @Override
    public Instant startedAt() {
        return Instant.ofEpochMilli(started);
    }

    @Override
    public Optional<Instant> ringingAt() {
        return time(ringing);
    }

    @Override
    public Optional<Instant> answeredAt() {
        return time(answered);
    }

    @Override
    public Optional<Instant> endedAt() {
        return time(ended);
    }

    @Override
    public Optional<CallEnd> end() {
        return Optional.ofNullable(ending);
    }

    @Override
    public Duration duration() {
        return Duration.ofMillis(millis);
    }

    /** Two snapshots are equal if they are the same object: bytes have no equality. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return "call " + key.callId() + " from " + caller + " to " + callee + ", " + state
                + (ending == null ? "" : " (" + ending.reason() + ")");
    }

    private static Optional<Instant> time(long millis) {
        return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    private static @Nullable SipUri uri(byte[] text) {
        try {
            return text.length == 0 ? null : SipUri.parse(text, 0, text.length);
        } catch (SipParseException e) {
            return null; // cannot happen: it was a URI in a message
        }
    }

    /** One side of the snapshot. */
    record Party(
            byte[] value,
            String tag,
            byte[] contactUri,
            @Nullable InetSocketAddress source,
            @Nullable Endpoint point) implements CallParty {

        static Party of(Side side) {
            return new Party(side.address, side.tag, side.contact, side.source(), side.endpoint());
        }

        private NameAddress parsed() {
            try {
                return NameAddress.parse(new String(value, StandardCharsets.UTF_8));
            } catch (SipParseException e) {
                throw new IllegalStateException("an address of a relayed INVITE can be parsed", e);
            }
        }

        @Override
        public SipUri uri() {
            try {
                return parsed().uri();
            } catch (SipParseException e) {
                throw new IllegalStateException("a URI of a relayed INVITE can be parsed", e);
            }
        }

        /** Returns the text before the bracket, without quotes and escapes (RFC 3261 §25.1). */
        @Override
        public String displayName() {
            String text = new String(value, StandardCharsets.UTF_8).strip();
            if (!text.startsWith("\"")) {
                int bracket = text.indexOf('<');
                return bracket < 0 ? "" : text.substring(0, bracket).strip();
            }
            StringBuilder name = new StringBuilder();
            for (int i = 1; i < text.length() && text.charAt(i) != '"'; i++) {
                if (text.charAt(i) == '\\' && i + 1 < text.length()) {
                    i++;
                }
                name.append(text.charAt(i));
            }
            return name.toString();
        }

        @Override
        public Optional<SipUri> contact() {
            return Optional.ofNullable(CallSnapshot.uri(contactUri));
        }

        @Override
        public Optional<InetSocketAddress> address() {
            return Optional.ofNullable(source);
        }

        @Override
        public Optional<Endpoint> endpoint() {
            return Optional.ofNullable(point);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }

        @Override
        public String toString() {
            return parsed().uriText();
        }
    }
}
