package org.sipproxy.core.options;

/**
 * Addresses to which a client may direct traffic, in addition to addresses that are public. The policy is applied when
 * a resolved address becomes a destination: to the target of a request, its ACK and its CANCEL, and to the Via of a
 * response. The registrar applies it to Contact and Path. A contact with a host name is checked when a request is sent
 * to it.
 *
 * <p>A client may always direct traffic to its own address, and to private addresses if its own address is private. A
 * client on a loopback address, or one that talks to a loopback listening point, may direct traffic anywhere. An
 * in-dialog request may also reach the network of the other side of the dialog. Addresses that the host application
 * chooses, such as the targets of a stage, are not restricted.
 *
 * <p>Immutable.
 */
public final class ContactPolicy {

    /** Public addresses and addresses near the client only. */
    public static final ContactPolicy DEFAULT = builder().build();

    /** Any unicast address, for networks where every user is known. */
    public static final ContactPolicy ANYWHERE =
            builder().ourselves(true).loopback(true).internal(true).build();

    private final boolean ourselves;
    private final boolean loopback;
    private final boolean internal;
    private final boolean multicast;

    private ContactPolicy(Builder builder) {
        this.ourselves = builder.ourselves;
        this.loopback = builder.loopback;
        this.internal = builder.internal;
        this.multicast = builder.multicast;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.ourselves = ourselves;
        builder.loopback = loopback;
        builder.internal = internal;
        builder.multicast = multicast;
        return builder;
    }

    /** Returns whether listening points of this proxy are allowed, see {@link Builder#ourselves}. */
    public boolean ourselves() {
        return ourselves;
    }

    /** Returns whether loopback addresses are allowed, see {@link Builder#loopback}. */
    public boolean loopback() {
        return loopback;
    }

    /** Returns whether internal addresses are allowed, see {@link Builder#internal}. */
    public boolean internal() {
        return internal;
    }

    /** Returns whether responses may go to a multicast address, see {@link Builder#multicast}. */
    public boolean multicast() {
        return multicast;
    }

    @Override
    public String toString() {
        return "ContactPolicy[ourselves " + ourselves + ", loopback " + loopback + ", internal " + internal
                + ", multicast " + multicast + "]";
    }

    /** Builder of {@link ContactPolicy}. Not thread-safe. */
    public static final class Builder {

        private boolean ourselves = false;
        private boolean loopback = false;
        private boolean internal = false;
        private boolean multicast = false;

        private Builder() {}

        /**
         * Sets whether a client may name a listening point of this proxy as a contact or next hop. Default false.
         */
        public Builder ourselves(boolean value) {
            ourselves = value;
            return this;
        }

        /**
         * Sets whether a client may name a loopback address, or another port of an address that this proxy listens on.
         * Default false.
         */
        public Builder loopback(boolean value) {
            loopback = value;
            return this;
        }

        /**
         * Sets whether a client may name an address of a private, link-local or otherwise internal network (RFC 1918,
         * 3927, 4193, 6598). Default false.
         */
        public Builder internal(boolean value) {
            internal = value;
            return this;
        }

        /**
         * Sets whether a response follows a {@code maddr} in Via that is a multicast address (RFC 3261 §18.2.2).
         * Default false: the Via decides only the port of a response.
         */
        public Builder multicast(boolean value) {
            multicast = value;
            return this;
        }

        /** Returns the values. */
        public ContactPolicy build() {
            return new ContactPolicy(this);
        }
    }
}
