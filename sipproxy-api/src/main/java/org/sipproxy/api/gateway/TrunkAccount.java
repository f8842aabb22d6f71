package org.sipproxy.api.gateway;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * Configuration of an account at a telephony provider, such as a row of Kamailio's table {@code uacreg}. The component
 * that registers it and sends calls to the provider is {@code Trunk} of {@code sipproxy-gateway}. Immutable. {@link
 * #toString()} does not show the secret.
 */
public final class TrunkAccount {

    private final String name;
    private final SipUri addressOfRecord;
    private final SipUri provider;
    private final @Nullable DigestLogin login;
    private final boolean registers;
    private final Duration expires;
    private final Duration startDelay;
    private final @Nullable SipUri outboundProxy;
    private final @Nullable String contactHost;
    private final @Nullable Endpoint socket;
    private final @Nullable SipUri user;

    private TrunkAccount(Builder b) {
        this.name = b.name;
        this.addressOfRecord = b.addressOfRecord;
        this.provider = b.provider;
        this.login = b.login;
        this.registers = b.registers;
        this.expires = b.expires;
        this.startDelay = b.startDelay;
        this.outboundProxy = b.outboundProxy;
        this.contactHost = b.contactHost;
        this.socket = b.socket;
        this.user = b.user;
    }

    /**
     * Returns a builder.
     *
     * @param name identifies the account, such as {@code carrier}
     * @param addressOfRecord the account at the provider, such as {@code sip:4930123@carrier.example}
     */
    public static Builder builder(String name, SipUri addressOfRecord) {
        return new Builder(name, addressOfRecord);
    }

    /** Returns a builder with the values of this account. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the name that identifies the account. */
    public String name() {
        return name;
    }

    /** Returns the account at the provider. */
    public SipUri addressOfRecord() {
        return addressOfRecord;
    }

    /** Returns the provider's domain as a URI without a user part. */
    public SipUri provider() {
        return provider;
    }

    /** Returns the login for the provider's challenges. */
    public Optional<DigestLogin> login() {
        return Optional.ofNullable(login);
    }

    /** Returns true if the account is to be registered. */
    public boolean registers() {
        return registers;
    }

    /** Returns the time to request for the registration. */
    public Duration expires() {
        return expires;
    }

    /** Returns how long the first REGISTER waits after the start. */
    public Duration startDelay() {
        return startDelay;
    }

    /** Returns the provider's proxy to which all requests are sent. */
    public Optional<SipUri> outboundProxy() {
        return Optional.ofNullable(outboundProxy);
    }

    /** Returns the host of the registered Contact, with an optional port. */
    public Optional<String> contactHost() {
        return Optional.ofNullable(contactHost);
    }

    /** Returns the listening point to send from. */
    public Optional<Endpoint> socket() {
        return Optional.ofNullable(socket);
    }

    /** Returns the user of the proxy who gets the provider's calls; empty for the user with the called number. */
    public Optional<SipUri> user() {
        return Optional.ofNullable(user);
    }

    /** Returns the name and the account at the provider. */
    @Override
    public String toString() {
        return name + " (" + addressOfRecord + ")";
    }

    /** Builder of a {@link TrunkAccount}. Not thread-safe. */
    public static final class Builder {

        private final String name;
        private final SipUri addressOfRecord;
        private SipUri provider;
        private @Nullable DigestLogin login;
        private boolean registers = true;
        private Duration expires = Duration.ofHours(1);
        private Duration startDelay = Duration.ZERO;
        private @Nullable SipUri outboundProxy;
        private @Nullable String contactHost;
        private @Nullable Endpoint socket;
        private @Nullable SipUri user;

        private Builder(String name, SipUri addressOfRecord) {
            this.name = Objects.requireNonNull(name, "name");
            this.addressOfRecord = Objects.requireNonNull(addressOfRecord, "addressOfRecord");
            this.provider = hostOf(addressOfRecord);
        }

        private Builder(TrunkAccount account) {
            this.name = account.name;
            this.addressOfRecord = account.addressOfRecord;
            this.provider = account.provider;
            this.login = account.login;
            this.registers = account.registers;
            this.expires = account.expires;
            this.startDelay = account.startDelay;
            this.outboundProxy = account.outboundProxy;
            this.contactHost = account.contactHost;
            this.socket = account.socket;
            this.user = account.user;
        }

        private static SipUri hostOf(SipUri uri) {
            String text = uri.toString();
            int at = text.indexOf('@'); // in a user part it is escaped
            return at < 0 ? uri : SipUri.of(text.substring(0, text.indexOf(':') + 1) + text.substring(at + 1));
        }

        /** Sets the provider's domain, a URI without a user part. Default that of the address-of-record. */
        public Builder provider(SipUri uri) {
            this.provider = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /** Sets the login for the provider's challenges. Default none. */
        public Builder login(DigestLogin credentials) {
            this.login = Objects.requireNonNull(credentials, "credentials");
            return this;
        }

        /** Does not register the account: the provider knows this proxy by its address. */
        public Builder withoutRegistration() {
            this.registers = false;
            return this;
        }

        /** Sets the time to request for the registration, 30 s to 24 h. Default 1 h. */
        public Builder expires(Duration time) {
            this.expires = Objects.requireNonNull(time, "time");
            return this;
        }

        /** Sets how long the first REGISTER waits after the start, 0 to 1 h. Default 0. */
        public Builder startDelay(Duration time) {
            this.startDelay = Objects.requireNonNull(time, "time");
            return this;
        }

        /** Sets the provider's proxy to which all requests are sent, a URI without a user part. Default none. */
        public Builder outboundProxy(SipUri proxy) {
            this.outboundProxy = Objects.requireNonNull(proxy, "proxy");
            return this;
        }

        /** Sets the host of the registered Contact, with an optional port. Default that of the listening point. */
        public Builder contactHost(String host) {
            this.contactHost = Objects.requireNonNull(host, "host");
            return this;
        }

        /** Sets the listening point to send from. Default the one that leads to the provider. */
        public Builder socket(Endpoint endpoint) {
            this.socket = Objects.requireNonNull(endpoint, "endpoint");
            return this;
        }

        /** Sets the user of the proxy who gets the provider's calls. Default the user with the called number. */
        public Builder user(SipUri uri) {
            this.user = Objects.requireNonNull(uri, "uri");
            return this;
        }

        /**
         * Returns the account.
         *
         * @throws org.sipproxy.api.config.ConfigurationException if the name is empty, a value is outside its range, or
         *     a URI does not have the required form
         */
        public TrunkAccount build() {
            OptionProblems problems = new OptionProblems("trunk account " + name);
            if (name.isBlank()) {
                problems.add("name", "", "empty", "name the account");
            }
            if (!addressOfRecord.isSip() || !addressOfRecord.hasUser()) {
                problems.add("addressOfRecord", addressOfRecord.toString(), "expected sip:USER@HOST");
            }
            host(problems, "provider", provider);
            host(problems, "outboundProxy", outboundProxy);
            problems.range("expires", expires, Duration.ofSeconds(30), Duration.ofDays(1));
            problems.range("startDelay", startDelay, Duration.ZERO, Duration.ofHours(1));
            SipUri to = user;
            if (to != null && (!to.isSip() || !to.hasUser())) {
                problems.add("user", to.toString(), "expected sip:USER@DOMAIN");
            }
            problems.throwIfAny();
            return new TrunkAccount(this);
        }

        private static void host(OptionProblems problems, String option, @Nullable SipUri uri) {
            if (uri != null && (!uri.isSip() || uri.hasUser())) {
                problems.add(option, uri.toString(), "expected sip:HOST, without a user part");
            }
        }
    }
}
