package org.sipproxy.core.internal.overload;

/** Classes of messages, the most important first. */
enum Priority {
    /** Responses, ACK, CANCEL and requests with a To tag: they complete or end what was admitted before. */
    ESTABLISHED,
    /** A REGISTER of a user who is registered. */
    REFRESH,
    /** Any other request that starts something, except INVITE. */
    OTHER,
    /** An INVITE without a To tag. */
    INVITE;

    static final int COUNT = values().length;
}
