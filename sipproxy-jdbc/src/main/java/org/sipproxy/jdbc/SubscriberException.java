package org.sipproxy.jdbc;

import java.util.Optional;

/** A subscriber is there who should not be, or the other way round. */
public final class SubscriberException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** To be added, but there already. */
        EXISTS,
        /** To be added, but there is one whose name differs in case only. */
        OTHER_SPELLING,
        /** To be changed or removed, but not there. */
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
                "subscriber " + address + " would be the address-of-record of " + other + "@" + domain
                        + ", whose name differs in case only; choose another name");
    }

    static SubscriberException unknown(String username, String domain, Optional<String> otherSpelling) {
        String address = username + "@" + domain;
        return new SubscriberException(
                Reason.UNKNOWN,
                address,
                "there is no subscriber " + address
                        + otherSpelling
                                .map(other -> "; case counts here, and there is " + other + "@" + domain)
                                .orElse(""));
    }

    /** What is wrong. */
    public Reason reason() {
        return reason;
    }

    /** Of whom, as {@code user@domain}. */
    public String address() {
        return address;
    }
}
