package org.sipproxy.core.options;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;

/**
 * The options of a proxy that may change while it runs; see {@link SipProxy#reconfigure}. Components change by their
 * own methods, such as {@code AccessList.replace}. {@link SipProxy#settings()} returns the current ones; their
 * {@link #toBuilder()} changes some of them. Immutable.
 */
public final class ProxySettings {

    private final List<String> domains;
    private final List<String> aliases;
    private final RegistrarPolicy registrar;
    private final SipTimers timers;
    private final ContactPolicy contacts;
    private final StrangerPolicy strangers;
    private final boolean revealsUsers;
    private final boolean refusesOptions;
    private final @Nullable CallSettings calls;
    private final @Nullable TlsSettings tls;
    private final Duration drainTime;

    private ProxySettings(Builder builder) {
        this.domains = builder.domains;
        this.aliases = builder.aliases;
        this.registrar = builder.registrar;
        this.timers = builder.timers;
        this.contacts = builder.contacts;
        this.strangers = builder.strangers;
        this.revealsUsers = builder.revealsUsers;
        this.refusesOptions = builder.refusesOptions;
        this.calls = builder.calls;
        this.tls = builder.tls;
        this.drainTime = builder.drainTime;
    }

    /** Returns a builder with the defaults of {@link SipProxyBuilder}, without a domain. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.domains = domains;
        builder.aliases = aliases;
        builder.registrar = registrar;
        builder.timers = timers;
        builder.contacts = contacts;
        builder.strangers = strangers;
        builder.revealsUsers = revealsUsers;
        builder.refusesOptions = refusesOptions;
        builder.calls = calls;
        builder.tls = tls;
        builder.drainTime = drainTime;
        return builder;
    }

    /** Returns the domains that the proxy is responsible for, the first one primary. */
    public List<String> domains() {
        return domains;
    }

    /** Returns other names of the proxy, {@code host} or {@code host:port}. */
    public List<String> aliases() {
        return aliases;
    }

    /** Returns the rules of the registrar. */
    public RegistrarPolicy registrar() {
        return registrar;
    }

    /** Returns the transaction timers. */
    public SipTimers timers() {
        return timers;
    }

    /** Returns to which addresses a client may direct traffic. */
    public ContactPolicy contacts() {
        return contacts;
    }

    /** Returns which methods strangers may send to users. */
    public StrangerPolicy strangers() {
        return strangers;
    }

    /** Returns true if strangers get 480 for a user without a binding. */
    public boolean revealsUsers() {
        return revealsUsers;
    }

    /** Returns true if OPTIONS gets 503 while the proxy is not ready. */
    public boolean refusesOptions() {
        return refusesOptions;
    }

    /** Returns the limits of calls; empty if calls are not tracked. */
    public Optional<CallSettings> calls() {
        return Optional.ofNullable(calls);
    }

    /** Returns the certificate; empty if the proxy has none. */
    public Optional<TlsSettings> tls() {
        return Optional.ofNullable(tls);
    }

    /** Returns the time that requests in progress have to complete while the proxy closes. */
    public Duration drainTime() {
        return drainTime;
    }

    /**
     * Builder of {@link ProxySettings}. Its values are checked by {@link SipProxy#reconfigure}, not here. Not
     * thread-safe.
     */
    public static final class Builder {

        private List<String> domains = List.of();
        private List<String> aliases = List.of();
        private RegistrarPolicy registrar = RegistrarPolicy.DEFAULT;
        private SipTimers timers = SipTimers.DEFAULT;
        private ContactPolicy contacts = ContactPolicy.DEFAULT;
        private StrangerPolicy strangers = StrangerPolicy.DEFAULT;
        private boolean revealsUsers;
        private boolean refusesOptions;
        private @Nullable CallSettings calls;
        private @Nullable TlsSettings tls;
        private Duration drainTime = Duration.ofSeconds(2);

        private Builder() {}

        /** Sets all domains, the first one primary; see {@link SipProxyBuilder#domain}. */
        public Builder domains(List<String> values) {
            domains = List.copyOf(values);
            return this;
        }

        /** Sets all other names of the proxy; see {@link SipProxyBuilder#alias}. */
        public Builder aliases(List<String> values) {
            aliases = List.copyOf(values);
            return this;
        }

        /** See {@link SipProxyBuilder#registrar}. */
        public Builder registrar(RegistrarPolicy policy) {
            registrar = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** See {@link SipProxyBuilder#timers}. */
        public Builder timers(SipTimers values) {
            timers = Objects.requireNonNull(values, "values");
            return this;
        }

        /** See {@link SipProxyBuilder#contacts}. */
        public Builder contacts(ContactPolicy policy) {
            contacts = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** See {@link SipProxyBuilder#strangers}. */
        public Builder strangers(StrangerPolicy policy) {
            strangers = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** See {@link SipProxyBuilder#revealUsers}. */
        public Builder revealUsers(boolean reveal) {
            revealsUsers = reveal;
            return this;
        }

        /** See {@link SipProxyBuilder#refuseOptionsWhenNotReady}. */
        public Builder refuseOptionsWhenNotReady(boolean refuse) {
            refusesOptions = refuse;
            return this;
        }

        /**
         * See {@link SipProxyBuilder#calls}. A running proxy can change the limits, but not whether calls are tracked.
         */
        public Builder calls(CallSettings settings) {
            calls = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /** See {@link SipProxyBuilder#tls}. A running proxy can change its certificate, but not whether it has one. */
        public Builder tls(TlsSettings settings) {
            tls = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /** See {@link SipProxyBuilder#drainTime}. */
        public Builder drainTime(Duration limit) {
            drainTime = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** Returns settings with these values. */
        public ProxySettings build() {
            return new ProxySettings(this);
        }
    }
}
