package org.sipproxy.api.event;

import java.net.InetSocketAddress;
import java.util.Objects;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/** A security event for logs and audits. Never holds credentials, nonces or whole messages. */
public sealed interface SecurityEvent {

    /**
     * Origin of what caused an event.
     *
     * @param source the peer's address as this proxy sees it; over UDP it may be forged
     * @param transport the transport
     * @param method the request's method as received, not escaped; empty for a connection, a response, and what was not
     *     parsed
     * @param from the URI of the request's From as received, not escaped; empty if there is none that can be read
     * @param callId the request's Call-ID as received, not escaped; empty without a request
     */
    record Origin(InetSocketAddress source, TransportKind transport, String method, String from, String callId) {

        /** Checks that nothing is null. */
        public Origin {
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(transport, "transport");
            Objects.requireNonNull(method, "method");
            Objects.requireNonNull(from, "from");
            Objects.requireNonNull(callId, "callId");
        }

        /** Creates an origin without From and Call-ID. */
        public Origin(InetSocketAddress source, TransportKind transport, String method) {
            this(source, transport, method, "", "");
        }

        /** Returns the origin of something that arrived on a flow and was not parsed. */
        public static Origin of(Flow flow) {
            return new Origin(flow.remoteAddress(), flow.kind(), "");
        }

        /** Returns the origin of a request that arrived on a flow, without From and Call-ID. */
        public static Origin of(Flow flow, Method method) {
            return new Origin(flow.remoteAddress(), flow.kind(), method.name());
        }

        /** Returns the origin of a request that arrived on a flow. */
        public static Origin of(Flow flow, SipRequest request) {
            return new Origin(
                    flow.remoteAddress(), flow.kind(), request.method().name(), fromOf(request), callIdOf(request));
        }

        private static String fromOf(SipRequest request) {
            try {
                return request.from().uri().toString();
            } catch (SipParseException e) {
                return "";
            }
        }

        private static String callIdOf(SipRequest request) {
            try {
                return request.callId();
            } catch (SipParseException e) {
                return "";
            }
        }
    }

    /** Returns the origin of what caused the event. */
    Origin origin();

    /** Returns the source address of what caused the event; over UDP it may be forged. */
    default InetSocketAddress source() {
        return origin().source();
    }

    /**
     * Credentials were presented and rejected.
     *
     * @param user the digest user name as presented, at most 64 characters, escaped
     * @param reason why, such as {@code WRONG_PASSWORD}
     */
    record AuthenticationFailed(Origin origin, String user, String reason) implements SecurityEvent {}

    /**
     * Too many failures: credentials are rejected without a check for the duration of the lockout.
     *
     * @param user the digest user name, escaped; empty if the whole source address is locked out
     * @param seconds the duration of the lockout, in seconds
     */
    record AuthenticationLocked(Origin origin, String user, long seconds) implements SecurityEvent {}

    /**
     * An access rule rejected a message or connection.
     *
     * @param rule identifies the rule
     */
    record AccessDenied(Origin origin, String rule) implements SecurityEvent {}

    /**
     * A limit was reached: the message was rejected, or the connection was closed.
     *
     * @param limit the name of the limit
     */
    record LimitHit(Origin origin, String limit) implements SecurityEvent {}

    /**
     * The sender behaves like a scanner.
     *
     * @param evidence what it was recognized by
     */
    record ScannerSeen(Origin origin, String evidence) implements SecurityEvent {}
}
