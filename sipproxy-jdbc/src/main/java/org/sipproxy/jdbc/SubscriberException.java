package org.sipproxy.jdbc;

/** A subscriber is there who should not be, or the other way round. */
public final class SubscriberException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** To be added, but there already. */
        EXISTS,
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

    static SubscriberException unknown(String username, String domain) {
        String address = username + "@" + domain;
        return new SubscriberException(Reason.UNKNOWN, address, "there is no subscriber " + address);
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
