package org.sipproxy.jdbc;

import java.util.Optional;

/** Refused change of a subscriber: one to be added exists, or one to be changed or removed does not. */
public final class SubscriberException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Reason why a change was refused. */
    public enum Reason {
        /** The subscriber to be added exists. */
        EXISTS,
        /** The subscriber to be added exists under a name that differs in case only. */
        OTHER_SPELLING,
        /** The subscriber to be changed or removed does not exist. */
        UNKNOWN
    }

    private final Reason reason;
    private final String address;

    private SubscriberException(Reason reason, String address, String message) {
        super(message);
        this.reason = reason;
        this.address = address;
    }

    static SubscriberException exists(String username, String domain) {
        String address = username + "@" + domain;
        return new SubscriberException(
                Reason.EXISTS, address, "subscriber " + address + " exists; change the password instead");
    }

    static SubscriberException otherSpelling(String username, String other, String domain) {
        String address = username + "@" + domain;
        return new SubscriberException(
                Reason.OTHER_SPELLING,
                address,
                "subscriber " + address + " would share the address-of-record of " + other + "@" + domain
                        + ", because the names differ in case only; choose another name");
    }

    static SubscriberException unknown(String username, String domain, Optional<String> otherSpelling) {
        String address = username + "@" + domain;
        return new SubscriberException(
                Reason.UNKNOWN,
                address,
                "no subscriber " + address
                        + otherSpelling
                                .map(other -> "; names are case-sensitive, and there is " + other + "@" + domain)
                                .orElse(""));
    }

    /** Returns the reason. */
    public Reason reason() {
        return reason;
    }

    /** Returns the subscriber as {@code user@domain}. */
    public String address() {
        return address;
    }
}
