package org.sipproxy.api.location;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipUri;

/**
 * One contact that an address-of-record is bound to, until it expires (RFC 3261 §10). Immutable; a change is a new value
 * with the same {@link #id()}.
 */
public final class Binding {

    /** The q of a contact that names none; it ranks like 1.0 (RFC 3261 §20.10 leaves it open) and is not echoed. */
    public static final float Q_UNSPECIFIED = -1f;

    private final String id;
    private final SipUri contact;
    private final long expiresAtMillis;
    private final long updatedAtMillis;
    private final float q;
    private final String callId;
    private final long cseq;
    private final String userAgent;
    private final List<SipUri> path;
    private final String instanceId;
    private final int regId;
    private final @Nullable Flow flow;
    private final @Nullable SipUri received;
    private final String socket;
    private final int methods;

    private Binding(Builder b) {
        this.id = b.id;
        this.contact = b.contact;
        this.expiresAtMillis = b.expiresAtMillis;
        this.updatedAtMillis = b.updatedAtMillis;
        this.q = b.q;
        this.callId = b.callId;
        this.cseq = b.cseq;
        this.userAgent = b.userAgent;
        this.path = b.path;
        this.instanceId = b.instanceId;
        this.regId = b.regId;
        this.flow = b.flow;
        this.received = b.received;
        this.socket = b.socket;
        this.methods = b.methods;
    }

    /** A binding of {@code contact}; {@code id} is unique in the store and stays the same when the binding is refreshed. */
    public static Builder builder(String id, SipUri contact) {
        return new Builder(id, contact);
    }

    /** A builder that holds all values of this binding. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Names this binding among all of the store, over its refreshes; at most 64 characters of {@code [A-Za-z0-9-]}. */
    public String id() {
        return id;
    }

    /** The contact URI as the client wrote it. */
    public SipUri contact() {
        return contact;
    }

    /** When the binding ends, on the same time as {@link #expiresAtMillis()}. */
    public Instant expiresAt() {
        return Instant.ofEpochMilli(expiresAtMillis);
    }

    /**
     * When the binding ends, in milliseconds since 1970. In a proxy this is a time of
     * {@link org.sipproxy.api.component.ProxyRuntime#now()}, which the wall clock does not change when it is set; in a
     * {@link BindingRepository} it is a time of the wall clock, as the row holds it.
     */
    public long expiresAtMillis() {
        return expiresAtMillis;
    }

    /** When it was last inserted or refreshed, on the same time as {@link #expiresAtMillis()}. */
    public long updatedAtMillis() {
        return updatedAtMillis;
    }

    /** True if the binding has ended at {@code now}; at its last instant it has. */
    public boolean isExpiredAt(Instant now) {
        return expiresAtMillis <= now.toEpochMilli();
    }

    /** Whole seconds that remain at {@code nowMillis}, rounded up, so that a fresh binding shows what was granted. */
    public long remainingSeconds(long nowMillis) {
        return Math.max(0, (expiresAtMillis - nowMillis + 999) / 1000);
    }

    /** 0 to 1, or {@link #Q_UNSPECIFIED}. */
    public float q() {
        return q;
    }

    /** Call-ID of the REGISTER that wrote the binding. */
    public String callId() {
        return callId;
    }

    /** CSeq number of that REGISTER. */
    public long cseq() {
        return cseq;
    }

    /** The client's User-Agent, empty if it named none. */
    public String userAgent() {
        return userAgent;
    }

    /** The Path that the REGISTER took (RFC 3327), the hop nearest to us first; empty if none. */
    public List<SipUri> path() {
        return path;
    }

    /** {@code +sip.instance} without quotes, with its angle brackets (RFC 5626 §4.1); empty if none. */
    public String instanceId() {
        return instanceId;
    }

    /** {@code reg-id}, 0 if none (RFC 5626 §4.2). */
    public int regId() {
        return regId;
    }

    /** The flow that the REGISTER came in on, as long as this process knows it. */
    public Optional<Flow> flow() {
        return Optional.ofNullable(flow);
    }

    /**
     * The address that the REGISTER came from, {@code sip:IP:PORT} with {@code ;transport=} unless it was UDP, if the client is
     * behind a NAT: requests go there and not to {@link #contact()}.
     */
    public Optional<SipUri> received() {
        return Optional.ofNullable(received);
    }

    /** The listening point that the REGISTER came in on, {@code udp:192.0.2.1:5060}, of whichever server; empty if unknown. */
    public String socket() {
        return flow == null ? socket : flow.endpoint().toString();
    }

    /** The methods that the client allows, a set of {@link MethodMask} bits; {@link MethodMask#ALL} if it did not say. */
    public int methods() {
        return methods;
    }

    @Override
    public String toString() {
        return "Binding[" + contact + ", expiresAt=" + expiresAt() + ", q=" + q + "]";
    }

    /** Makes a {@link Binding}. */
    public static final class Builder {

        private final String id;
        private SipUri contact;
        private long expiresAtMillis;
        private long updatedAtMillis;
        private float q = Q_UNSPECIFIED;
        private String callId = "";
        private long cseq;
        private String userAgent = "";
        private List<SipUri> path = List.of();
        private String instanceId = "";
        private int regId;
        private @Nullable Flow flow;
        private @Nullable SipUri received;
        private String socket = "";
        private int methods = MethodMask.ALL;

        private Builder(String id, SipUri contact) {
            this.id = Objects.requireNonNull(id, "id");
            this.contact = Objects.requireNonNull(contact, "contact");
        }

        private Builder(Binding b) {
            this.id = b.id;
            this.contact = b.contact;
            this.expiresAtMillis = b.expiresAtMillis;
            this.updatedAtMillis = b.updatedAtMillis;
            this.q = b.q;
            this.callId = b.callId;
            this.cseq = b.cseq;
            this.userAgent = b.userAgent;
            this.path = b.path;
            this.instanceId = b.instanceId;
            this.regId = b.regId;
            this.flow = b.flow;
            this.received = b.received;
            this.socket = b.socket;
            this.methods = b.methods;
        }

        public Builder contact(SipUri uri) {
            this.contact = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /** The binding is inserted or refreshed at {@code nowMillis} and ends {@code lifetime} later. */
        public Builder granted(long nowMillis, Duration lifetime) {
            this.updatedAtMillis = nowMillis;
            this.expiresAtMillis = nowMillis + lifetime.toMillis();
            return this;
        }

        /** Times as they stand in a durable row, in milliseconds since 1970. */
        public Builder times(long updatedMillis, long expiresMillis) {
            this.updatedAtMillis = updatedMillis;
            this.expiresAtMillis = expiresMillis;
            return this;
        }

        /**
         * Sets q.
         *
         * @throws IllegalArgumentException if {@code value} is neither 0 to 1 nor {@link #Q_UNSPECIFIED}
         */
        public Builder q(float value) {
            if (!(value >= 0f && value <= 1f) && value != Q_UNSPECIFIED) {
                throw new IllegalArgumentException("q: " + value + " (expected 0 to 1, or -1 for unspecified)");
            }
            this.q = value;
            return this;
        }

        public Builder callId(String value) {
            this.callId = Objects.requireNonNull(value, "callId");
            return this;
        }

        public Builder cseq(long value) {
            this.cseq = value;
            return this;
        }

        public Builder userAgent(String value) {
            this.userAgent = Objects.requireNonNull(value, "userAgent");
            return this;
        }

        public Builder path(List<SipUri> value) {
            this.path = List.copyOf(value);
            return this;
        }

        public Builder instance(String instance, int reg) {
            this.instanceId = Objects.requireNonNull(instance, "instance");
            this.regId = reg;
            return this;
        }

        public Builder flow(@Nullable Flow value) {
            this.flow = value;
            return this;
        }

        /** See {@link Binding#received()}; null if the client is not behind a NAT. */
        public Builder received(@Nullable SipUri value) {
            this.received = value;
            return this;
        }

        /** See {@link Binding#socket()}; what a flow says goes before it. */
        public Builder socket(String value) {
            this.socket = Objects.requireNonNull(value, "socket");
            return this;
        }

        /** See {@link Binding#methods()}. */
        public Builder methods(int mask) {
            this.methods = mask;
            return this;
        }

        public Binding build() {
            return new Binding(this);
        }
    }
}
