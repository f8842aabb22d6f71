package org.sipproxy.core.options;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The certificate of the proxy, and what it asks of its peers: for TLS and WSS listening points and for TLS connections to
 * other servers. Immutable.
 *
 * <p>Names files and does not hold their content. {@code SipProxy.start()} and {@code SipProxy.reloadTls()} read them;
 * {@code SipProxy.tlsProblems} checks them without opening a socket.
 */
public final class TlsSettings {

    /** Whether a peer that connects is asked for a certificate. */
    public enum ClientAuthentication {
        /** It is not asked. */
        NONE,
        /** It is asked, and may have none. One that cannot be verified is refused. */
        WANT,
        /** It is asked, and refused without one that can be verified. */
        NEED
    }

    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final Duration SHORTEST_HANDSHAKE = Duration.ofMillis(100);
    private static final Duration LONGEST_HANDSHAKE = Duration.ofMinutes(2);

    private final Path certificate;
    private final Path key;
    private final @Nullable Supplier<char[]> keyPassword;
    private final @Nullable Path trust;
    private final ClientAuthentication clientAuthentication;
    private final List<String> protocols;
    private final Duration handshakeTimeout;

    private TlsSettings(Builder builder, Path certificate, Path key) {
        this.certificate = certificate;
        this.key = key;
        this.keyPassword = builder.keyPassword;
        this.trust = builder.trust;
        this.clientAuthentication = builder.clientAuthentication;
        this.protocols = builder.protocols;
        this.handshakeTimeout = builder.handshakeTimeout;
    }

    /** A builder; only the certificate has no default. */
    public static Builder builder() {
        return new Builder();
    }

    /** See {@link Builder#certificate}. */
    public Path certificate() {
        return certificate;
    }

    /** See {@link Builder#certificate}. */
    public Path key() {
        return key;
    }

    /** See {@link Builder#keyPassword}. */
    public Optional<Supplier<char[]>> keyPassword() {
        return Optional.ofNullable(keyPassword);
    }

    /** See {@link Builder#trust}. */
    public Optional<Path> trust() {
        return Optional.ofNullable(trust);
    }

    /** See {@link Builder#clientAuthentication}. */
    public ClientAuthentication clientAuthentication() {
        return clientAuthentication;
    }

    /** See {@link Builder#protocols}. */
    public List<String> protocols() {
        return protocols;
    }

    /** See {@link Builder#handshakeTimeout}. */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "TlsSettings[certificate " + certificate + ", key " + key + ", trust "
                + (trust == null ? "the JDK's" : trust) + ", client authentication " + clientAuthentication + ", "
                + protocols + "]";
    }

    /** Options of {@link TlsSettings}. Not safe for use by several threads. */
    public static final class Builder {

        private final Set<String> given = new HashSet<>();
        private final List<String> problems = new ArrayList<>();
        private @Nullable Path certificate;
        private @Nullable Path key;
        private @Nullable Supplier<char[]> keyPassword;
        private @Nullable Path trust;
        private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;
        private List<String> protocols = PROTOCOLS;
        private Duration handshakeTimeout = Duration.ofSeconds(10);

        private Builder() {}

        /**
         * The proxy's certificate and its private key, which is RSA or EC. Needed.
         *
         * @param chain a PEM file with the certificate first and the intermediate ones that lead to its issuer behind it
         * @param privateKey a PEM file with the key in PKCS#8, {@code BEGIN PRIVATE KEY}, or encrypted and with a
         *     {@link #keyPassword}
         */
        public Builder certificate(Path chain, Path privateKey) {
            once("certificate");
            certificate = Objects.requireNonNull(chain, "chain");
            key = Objects.requireNonNull(privateKey, "privateKey");
            return this;
        }

        /**
         * The password of the key's file. Default none.
         *
         * @param password asked each time that the key is read; the array that it returns is overwritten with zeros after that
         */
        public Builder keyPassword(Supplier<char[]> password) {
            once("keyPassword");
            keyPassword = Objects.requireNonNull(password, "password");
            return this;
        }

        /** A PEM file with the authorities whose certificates are believed. Default those of the JDK. */
        public Builder trust(Path anchors) {
            once("trust");
            trust = Objects.requireNonNull(anchors, "anchors");
            return this;
        }

        /** Whether a peer that connects is asked for a certificate. Default {@link ClientAuthentication#NONE}. */
        public Builder clientAuthentication(ClientAuthentication mode) {
            once("clientAuthentication");
            clientAuthentication = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /** Which versions are spoken, TLSv1.3 or TLSv1.2. Default both; older ones are broken. */
        public Builder protocols(String... versions) {
            once("protocols");
            protocols = List.of(versions);
            if (protocols.isEmpty() || !PROTOCOLS.containsAll(protocols)) {
                problems.add("protocols: " + Arrays.toString(versions) + " (expected TLSv1.3, TLSv1.2 or both)");
            }
            return this;
        }

        /**
         * How long a connection that a peer opens may take to the end of its handshake, that of the WebSocket included; 100 ms to
         * 2 min. Default 10 s. One that is opened from here has {@link StreamLimits#connectTimeout()}.
         */
        public Builder handshakeTimeout(Duration limit) {
            once("handshakeTimeout");
            handshakeTimeout = Objects.requireNonNull(limit, "limit");
            if (limit.compareTo(SHORTEST_HANDSHAKE) < 0 || limit.compareTo(LONGEST_HANDSHAKE) > 0) {
                problems.add("handshakeTimeout: " + limit + " (expected " + SHORTEST_HANDSHAKE + " to "
                        + LONGEST_HANDSHAKE + ")");
            }
            return this;
        }

        private void once(String option) {
            if (!given.add(option)) {
                problems.add(option + ": given twice; give it once");
            }
        }

        /**
         * The settings. No file is looked at.
         *
         * @throws IllegalArgumentException with every problem found, a line each
         */
        public TlsSettings build() {
            List<String> found = new ArrayList<>(problems);
            Path chain = certificate;
            Path privateKey = key;
            if (chain == null || privateKey == null) {
                found.add("certificate: none; name two PEM files with certificate(Path.of(\"chain.pem\"), "
                        + "Path.of(\"key.pem\"))");
            }
            if (chain == null || privateKey == null || !found.isEmpty()) {
                throw new IllegalArgumentException("tls: " + String.join("\ntls: ", found));
            }
            return new TlsSettings(this, chain, privateKey);
        }
    }
}
