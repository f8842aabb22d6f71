package org.sipproxy.core.options;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * The proxy's certificate and its requirements on the certificates of peers, for TLS and WSS listening points and for
 * TLS connections to other servers. Immutable.
 *
 * <p>Certificate and key are in PEM files or in a key store of the host application. {@code SipProxy.start()} and
 * {@code SipProxy.reloadTls()} read them. {@code SipProxy.tlsProblems} checks them without opening a socket.
 */
public final class TlsSettings {

    /** Rule for the certificate of a connecting peer. */
    public enum ClientAuthentication {
        /** The peer is not asked. */
        NONE,
        /** The peer is asked and may have none. A certificate that cannot be verified is refused. */
        WANT,
        /** The peer is asked, and refused without a certificate that can be verified. */
        NEED
    }

    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final Duration SHORTEST_HANDSHAKE = Duration.ofMillis(100);
    private static final Duration LONGEST_HANDSHAKE = Duration.ofMinutes(2);

    private final @Nullable Path certificate;
    private final @Nullable Path key;
    private final @Nullable Supplier<KeyStore> keyStore;
    private final String keyAlias;
    private final @Nullable Supplier<char[]> keyPassword;
    private final @Nullable Path trust;
    private final @Nullable Supplier<KeyStore> trustStore;
    private final ClientAuthentication clientAuthentication;
    private final List<String> protocols;
    private final Duration handshakeTimeout;

    private TlsSettings(Builder builder) {
        this.certificate = builder.certificate;
        this.key = builder.key;
        this.keyStore = builder.keyStore;
        this.keyAlias = builder.keyAlias;
        this.keyPassword = builder.keyPassword;
        this.trust = builder.trust;
        this.trustStore = builder.trustStore;
        this.clientAuthentication = builder.clientAuthentication;
        this.protocols = builder.protocols;
        this.handshakeTimeout = builder.handshakeTimeout;
    }

    /** Returns a builder. Only the certificate has no default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.certificate = certificate;
        builder.key = key;
        builder.keyStore = keyStore;
        builder.keyAlias = keyAlias;
        builder.keyPassword = keyPassword;
        builder.trust = trust;
        builder.trustStore = trustStore;
        builder.clientAuthentication = clientAuthentication;
        builder.protocols = protocols;
        builder.handshakeTimeout = handshakeTimeout;
        return builder;
    }

    /** Returns the {@linkplain Builder#certificate certificate file}; empty with a key store. */
    public Optional<Path> certificate() {
        return Optional.ofNullable(certificate);
    }

    /** Returns the {@linkplain Builder#certificate private key file}; empty with a key store. */
    public Optional<Path> key() {
        return Optional.ofNullable(key);
    }

    /** Returns the {@linkplain Builder#keyStore source of the key store}; empty with files. */
    public Optional<Supplier<KeyStore>> keyStore() {
        return Optional.ofNullable(keyStore);
    }

    /** Returns the {@linkplain Builder#keyStore alias in the key store}; empty for the only key in it. */
    public String keyAlias() {
        return keyAlias;
    }

    /** Returns the {@linkplain Builder#keyPassword source of the key's password}; empty without one. */
    public Optional<Supplier<char[]>> keyPassword() {
        return Optional.ofNullable(keyPassword);
    }

    /** Returns the {@linkplain Builder#trust file with the trusted authorities}. */
    public Optional<Path> trust() {
        return Optional.ofNullable(trust);
    }

    /** Returns the {@linkplain Builder#trustStore source of the store with the trusted authorities}. */
    public Optional<Supplier<KeyStore>> trustStore() {
        return Optional.ofNullable(trustStore);
    }

    /** Returns whether a connecting peer is {@linkplain Builder#clientAuthentication asked for a certificate}. */
    public ClientAuthentication clientAuthentication() {
        return clientAuthentication;
    }

    /** Returns the {@linkplain Builder#protocols TLS versions}. */
    public List<String> protocols() {
        return protocols;
    }

    /** Returns the {@linkplain Builder#handshakeTimeout time limit of a handshake}. */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /** Returns a description without the password. */
    @Override
    public String toString() {
        String own = keyStore == null ? "certificate " + certificate + ", key " + key : "key store";
        String trusted = trustStore != null ? "a store" : trust == null ? "the JDK's" : trust.toString();
        return "TlsSettings[" + own + ", trust " + trusted + ", client authentication " + clientAuthentication + ", "
                + protocols + "]";
    }

    /** Builder of {@link TlsSettings}. Not thread-safe. */
    public static final class Builder {

        private final OptionProblems problems = new OptionProblems("tls");
        private @Nullable Path certificate;
        private @Nullable Path key;
        private @Nullable Supplier<KeyStore> keyStore;
        private String keyAlias = "";
        private @Nullable Supplier<char[]> keyPassword;
        private @Nullable Path trust;
        private @Nullable Supplier<KeyStore> trustStore;
        private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;
        private List<String> protocols = PROTOCOLS;
        private Duration handshakeTimeout = Duration.ofSeconds(10);

        private Builder() {}

        /**
         * Sets the proxy's certificate and its private key, which is RSA or EC. Required without a {@link #keyStore}.
         *
         * @param chain a PEM file with the certificate first, followed by the intermediate certificates up to its
         *     issuer
         * @param privateKey a PEM file with the key in PKCS#8: {@code BEGIN PRIVATE KEY}, or encrypted and with a
         *     {@link #keyPassword}
         */
        public Builder certificate(Path chain, Path privateKey) {
            problems.once("certificate");
            certificate = Objects.requireNonNull(chain, "chain");
            key = Objects.requireNonNull(privateKey, "privateKey");
            return this;
        }

        /**
         * Sets a key store with the proxy's certificate and its private key, which is RSA or EC, instead of
         * {@linkplain #certificate two files}.
         *
         * @param store called at each start and {@code reloadTls()}, on the thread of the caller. An unchecked exception
         *     of it is reported as a problem of this option
         * @param alias the name of the key in the store; empty for the only one
         */
        public Builder keyStore(Supplier<KeyStore> store, String alias) {
            problems.once("keyStore");
            keyStore = Objects.requireNonNull(store, "store");
            keyAlias = Objects.requireNonNull(alias, "alias");
            return this;
        }

        /**
         * Sets the password of the key, in its file or in the key store. Default none.
         *
         * @param password called each time the key is read; the returned array is then overwritten with zeros. Null,
         *     and for a key store an empty one, counts as none. An unchecked exception of it is reported as a problem
         *     of the key
         */
        public Builder keyPassword(Supplier<char[]> password) {
            problems.once("keyPassword");
            keyPassword = Objects.requireNonNull(password, "password");
            return this;
        }

        /** Sets the PEM file with the trusted certificate authorities. Default: those of the JDK. */
        public Builder trust(Path anchors) {
            problems.once("trust");
            trust = Objects.requireNonNull(anchors, "anchors");
            return this;
        }

        /**
         * Sets a store with the trusted certificate authorities, instead of {@linkplain #trust a file}.
         *
         * @param store called as that of {@link #keyStore}
         */
        public Builder trustStore(Supplier<KeyStore> store) {
            problems.once("trustStore");
            trustStore = Objects.requireNonNull(store, "store");
            return this;
        }

        /** Sets whether a connecting peer is asked for a certificate. Default {@link ClientAuthentication#NONE}. */
        public Builder clientAuthentication(ClientAuthentication mode) {
            problems.once("clientAuthentication");
            clientAuthentication = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /** Sets the TLS versions in use: TLSv1.3, TLSv1.2 or both. Default both. Older versions are not secure. */
        public Builder protocols(String... versions) {
            problems.once("protocols");
            protocols = List.of(versions);
            if (protocols.isEmpty() || !PROTOCOLS.containsAll(protocols)) {
                problems.add("protocols", String.join(", ", versions), "expected TLSv1.3, TLSv1.2 or both");
            }
            return this;
        }

        /**
         * Sets how long the handshake of an accepted connection may take, the WebSocket handshake included. 100 ms to 2
         * min. Default 10 s. Connections that the proxy opens use {@link StreamLimits#connectTimeout()}.
         */
        public Builder handshakeTimeout(Duration limit) {
            problems.once("handshakeTimeout");
            handshakeTimeout = Objects.requireNonNull(limit, "limit");
            problems.range("handshakeTimeout", limit, SHORTEST_HANDSHAKE, LONGEST_HANDSHAKE);
            return this;
        }

        /**
         * Returns the settings. Does not read any file or store.
         *
         * @throws ConfigurationException if an option is missing, outside its range or given twice
         */
        public TlsSettings build() {
            OptionProblems found = problems.copy();
            if (certificate == null && keyStore == null) {
                found.add("certificate", "", "none", "name two PEM files, one with the chain and one with the key");
            }
            if (certificate != null && keyStore != null) {
                found.add("keyStore", "", "is set beside {certificate}", "set one of them");
            }
            if (trust != null && trustStore != null) {
                found.add("trustStore", "", "is set beside {trust}", "set one of them");
            }
            found.throwIfAny();
            return new TlsSettings(this);
        }
    }
}
