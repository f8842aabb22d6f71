package org.sipproxy.core.internal.overload;

/** Classes of messages, the most important first. */
enum Priority {
    /** Responses, ACK, CANCEL and requests with a To tag: they complete or end what was admitted before. Never late. */
    ESTABLISHED(0),
    /** A REGISTER of a user who is registered. */
    REFRESH(4),
    /** Any other request that starts something, except INVITE. */
    OTHER(3),
    /** An INVITE without a To tag. */
    INVITE(1);

    private final int limitInTargets;

    Priority(int limitInTargets) {
        this.limitInTargets = limitInTargets;
    }

    /** Returns how long a message may wait, in multiples of the target. */
    int limitInTargets() {
        return limitInTargets;
    }
}
