package org.sipproxy.api.location;

/** Why a binding is gone. */
public enum RemovalReason {
    /** Its time ran out. */
    EXPIRED,
    /** The client removed it, by {@code expires=0} or a star. */
    UNREGISTERED,
    /** Another registration of the same client took its place. */
    REPLACED,
    /** The connection that it was registered over has closed. */
    CONNECTION_LOST,
    /** It no longer answers keepalive pings. */
    UNREACHABLE,
    /** The host or an operator removed it. */
    ADMIN,
    /** It made room for a newer one under the limit of contacts for an address. */
    LIMIT
}
