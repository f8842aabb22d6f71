package org.sipproxy.api.event;

import java.net.InetSocketAddress;
import java.util.Objects;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;

/** A fact for logs and audits. It never holds credentials, nonces or whole messages. */
public sealed interface SecurityEvent {

    /**
     * Where the cause of an event came from.
     *
     * @param source the peer's address as seen here; over UDP it may be forged
     * @param transport the transport
     * @param method the request's method as received, not escaped; empty for a connection, a response, and what was not parsed
     */
    record Origin(InetSocketAddress source, TransportKind transport, String method) {

        /** Checks that nothing is null. */
        public Origin {
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(transport, "transport");
            Objects.requireNonNull(method, "method");
        }

        /** Something that arrived on a flow and was not parsed. */
        public static Origin of(Flow flow) {
            return new Origin(flow.remoteAddress(), flow.kind(), "");
        }

        /** A request that arrived on a flow. */
        public static Origin of(Flow flow, Method method) {
            return new Origin(flow.remoteAddress(), flow.kind(), method.name());
        }
    }

    /** Where its cause came from. */
    Origin origin();

    /** The address that its cause came from; over UDP it may be forged. */
    default InetSocketAddress source() {
        return origin().source();
    }

    /**
     * Credentials were presented and refused.
     *
     * @param user the digest user name as presented, at most 64 characters, escaped
     * @param reason why, such as {@code WRONG_PASSWORD}
     */
    record AuthenticationFailed(Origin origin, String user, String reason) implements SecurityEvent {}

    /**
     * Too many failures: further credentials are refused unseen for a while.
     *
     * @param user the digest user name, escaped; empty if the whole source is locked out
     * @param seconds how long
     */
    record AuthenticationLocked(Origin origin, String user, long seconds) implements SecurityEvent {}

    /**
     * An access rule refused a message or connection.
     *
     * @param rule what identifies the rule
     */
    record AccessDenied(Origin origin, String rule) implements SecurityEvent {}

    /**
     * A limit was reached: what came was refused, or a connection closed.
     *
     * @param limit which limit
     */
    record LimitHit(Origin origin, String limit) implements SecurityEvent {}

    /**
     * The sender looks like a scanner.
     *
     * @param evidence what it was recognised by
     */
    record ScannerSeen(Origin origin, String evidence) implements SecurityEvent {}
}
