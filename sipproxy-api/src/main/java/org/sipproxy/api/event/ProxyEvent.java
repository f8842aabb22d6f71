package org.sipproxy.api.event;

import java.net.InetSocketAddress;

/** A fact for logs and audits. It never holds credentials, nonces or whole messages. */
public sealed interface ProxyEvent {

    /** Who sent what caused it. */
    InetSocketAddress source();

    /**
     * Credentials were presented and refused.
     *
     * @param user the digest user name as presented, at most 64 characters, escaped
     * @param reason why, such as {@code WRONG_PASSWORD}
     */
    record AuthenticationFailed(InetSocketAddress source, String user, String reason) implements ProxyEvent {}

    /**
     * Too many failures: further credentials are refused unseen for a while.
     *
     * @param user the digest user name, empty if the whole source is locked out
     * @param seconds how long
     */
    record AuthenticationLocked(InetSocketAddress source, String user, long seconds) implements ProxyEvent {}

    /**
     * An access rule refused a message or connection.
     *
     * @param rule what identifies the rule
     */
    record AccessDenied(InetSocketAddress source, String rule) implements ProxyEvent {}

    /**
     * A rate limit was hit.
     *
     * @param limit which limit
     */
    record LimitHit(InetSocketAddress source, String limit) implements ProxyEvent {}

    /**
     * The sender looks like a scanner.
     *
     * @param evidence what told
     */
    record ScannerSeen(InetSocketAddress source, String evidence) implements ProxyEvent {}
}
