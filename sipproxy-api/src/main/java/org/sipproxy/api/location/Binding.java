package org.sipproxy.api.location;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * Binding of one contact to an address-of-record until it expires (RFC 3261 §10). Immutable; a changed binding is a new
 * object with the same {@link #id()}.
 */
public final class Binding {

    /**
     * The q of a contact without a q parameter. It ranks like 1.0, which RFC 3261 §20.10 leaves open, and is not
     * echoed.
     */
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
    private final @Nullable Endpoint socket;
    private final Set<Method> methods;

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

    /**
     * Returns a builder for a binding of {@code contact}. The {@code id} is unique in the store and does not change
     * when the binding is refreshed.
     */
    public static Builder builder(String id, SipUri contact) {
        return new Builder(id, contact);
    }

    /** Returns a builder that holds all values of this binding. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /**
     * Returns the id, which is unique in the store and survives refreshes; at most 64 characters of
     * {@code [A-Za-z0-9-]}.
     */
    public String id() {
        return id;
    }

    /** Returns the contact URI as the client wrote it. */
    public SipUri contact() {
        return contact;
    }

    /** Returns when the binding expires, on the same clock as {@link #expiresAtMillis()}. */
    public Instant expiresAt() {
        return Instant.ofEpochMilli(expiresAtMillis);
    }

    /**
     * Returns when the binding expires, in milliseconds since 1970. In a proxy this is a time of
     * {@link org.sipproxy.api.component.ProxyRuntime#now()}, which is unaffected when the wall clock is set. In a
     * {@link BindingRepository} it is a time of the wall clock, as stored in the row.
     */
    public long expiresAtMillis() {
        return expiresAtMillis;
    }

    /** Returns when the binding was last added or refreshed, on the same clock as {@link #expiresAtMillis()}. */
    public long updatedAtMillis() {
        return updatedAtMillis;
    }

    /** Returns true if the binding has expired at {@code now}. The instant of expiry counts as expired. */
    public boolean isExpiredAt(Instant now) {
        return expiresAtMillis <= now.toEpochMilli();
    }

    /**
     * Returns the remaining lifetime at {@code nowMillis} in whole seconds, rounded up so that a fresh binding shows
     * the granted value.
     */
    public long remainingSeconds(long nowMillis) {
        return Math.max(0, (expiresAtMillis - nowMillis + 999) / 1000);
    }

    /** Returns the q value, 0 to 1, or {@link #Q_UNSPECIFIED}. */
    public float q() {
        return q;
    }

    /** Returns the Call-ID of the REGISTER that wrote the binding. */
    public String callId() {
        return callId;
    }

    /** Returns the CSeq number of that REGISTER. */
    public long cseq() {
        return cseq;
    }

    /** Returns the client's User-Agent; empty if there was none. */
    public String userAgent() {
        return userAgent;
    }

    /** Returns the Path of the REGISTER (RFC 3327), the hop nearest to this proxy first; empty if there was none. */
    public List<SipUri> path() {
        return path;
    }

    /**
     * Returns {@code +sip.instance} without quotes, with its angle brackets (RFC 5626 §4.1); empty if there was none.
     */
    public String instanceId() {
        return instanceId;
    }

    /** Returns {@code reg-id} (RFC 5626 §4.2); 0 if there was none. */
    public int regId() {
        return regId;
    }

    /** Returns the flow that the REGISTER arrived on, as long as this process knows it. */
    public Optional<Flow> flow() {
        return Optional.ofNullable(flow);
    }

    /**
     * Returns the source address of the REGISTER if the client is behind a NAT: {@code sip:IP:PORT}, with
     * {@code ;transport=} unless it was UDP. Requests are sent to this address instead of {@link #contact()}.
     */
    public Optional<SipUri> received() {
        return Optional.ofNullable(received);
    }

    /**
     * Returns the listening point that the REGISTER arrived on, such as {@code udp:192.0.2.1:5060}; empty if unknown.
     * It may belong to another server that shares the database. Read from a row, it lacks the advertised address.
     */
    public Optional<Endpoint> socket() {
        return Optional.ofNullable(flow == null ? socket : flow.endpoint());
    }

    /**
     * Returns the methods that the client listed in Allow; empty if it did not list any, and so gets all. Also empty if
     * the client listed a method that the database's row cannot hold. Immutable.
     */
    public Set<Method> methods() {
        return methods;
    }

    /** Returns true if the client listed the method, or did not list any. */
    public boolean accepts(Method method) {
        return methods.isEmpty() || methods.contains(method);
    }

    @Override
    public String toString() {
        return "Binding[" + contact + ", expiresAt=" + expiresAt() + ", q=" + q + "]";
    }

    /**
     * Builder of a {@link Binding}. Not thread-safe. Checks only q: the registrar and the repository check the other
     * values. Set the times with {@link #granted} or {@link #times}; without them the binding has expired.
     */
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
        private @Nullable Endpoint socket;
        private Set<Method> methods = Set.of();

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

        /** Sets the contact URI. */
        public Builder contact(SipUri uri) {
            this.contact = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /** Sets the time of the last change to {@code nowMillis}, and the expiry to {@code lifetime} later. */
        public Builder granted(long nowMillis, Duration lifetime) {
            this.updatedAtMillis = nowMillis;
            this.expiresAtMillis = nowMillis + lifetime.toMillis();
            return this;
        }

        /** Sets the times as they are stored in a row, in milliseconds since 1970. */
        public Builder times(long updatedMillis, long expiresMillis) {
            this.updatedAtMillis = updatedMillis;
            this.expiresAtMillis = expiresMillis;
            return this;
        }

        /**
         * Sets q. Default {@link #Q_UNSPECIFIED}.
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

        /** Sets the Call-ID of the REGISTER. Default empty. */
        public Builder callId(String value) {
            this.callId = Objects.requireNonNull(value, "callId");
            return this;
        }

        /** Sets the CSeq number of the REGISTER. Default 0. */
        public Builder cseq(long value) {
            this.cseq = value;
            return this;
        }

        /** Sets the User-Agent of the client. Default empty. */
        public Builder userAgent(String value) {
            this.userAgent = Objects.requireNonNull(value, "userAgent");
            return this;
        }

        /** Sets the Path, the hop nearest to this proxy first. Default empty. */
        public Builder path(List<SipUri> value) {
            this.path = List.copyOf(value);
            return this;
        }

        /** Sets {@code +sip.instance} with its angle brackets, and {@code reg-id}. Default empty and 0. */
        public Builder instance(String instance, int reg) {
            this.instanceId = Objects.requireNonNull(instance, "instance");
            this.regId = reg;
            return this;
        }

        /** Sets the flow that the REGISTER arrived on; null if this process does not know it. Default null. */
        public Builder flow(@Nullable Flow value) {
            this.flow = value;
            return this;
        }

        /** Sets the source address, see {@link Binding#received()}; null if the client is not behind a NAT. */
        public Builder received(@Nullable SipUri value) {
            this.received = value;
            return this;
        }

        /**
         * Sets the listening point, see {@link Binding#socket()}; null if unknown. The listening point of a flow takes
         * precedence. Default null.
         */
        public Builder socket(@Nullable Endpoint value) {
            this.socket = value;
            return this;
        }

        /** Sets the allowed methods, see {@link Binding#methods()}. Default empty. */
        public Builder methods(Set<Method> value) {
            this.methods = Set.copyOf(value);
            return this;
        }

        /** Returns the binding. */
        public Binding build() {
            return new Binding(this);
        }
    }
}
