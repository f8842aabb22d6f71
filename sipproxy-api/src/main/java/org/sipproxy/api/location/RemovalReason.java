package org.sipproxy.api.location;

/** Reason why a binding was removed. */
public enum RemovalReason {
    /** The binding expired. */
    EXPIRED,
    /** The client removed it, with {@code expires=0} or a star. */
    UNREGISTERED,
    /** Another registration of the same client replaced it. */
    REPLACED,
    /** The connection that it was registered over was closed. */
    CONNECTION_LOST,
    /** The client no longer responds to keepalive pings. */
    UNREACHABLE,
    /** The host application or an operator removed it. */
    ADMIN,
    /** It was removed in favor of a newer one, because the AOR reached its limit of contacts. */
    LIMIT
}
