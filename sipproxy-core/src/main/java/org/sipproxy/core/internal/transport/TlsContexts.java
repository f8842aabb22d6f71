package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.tls.SipIdentities;
import org.sipproxy.core.internal.tls.TlsMaterial;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.IpLiteral;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Current TLS contexts: certificate and trust anchors as last read. A connection keeps those that it began with.
 * Thread-safe.
 */
public final class TlsContexts {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    /** Limit of the resumable sessions; the JDK's default of 20,480 suits machines that do nothing else. */
    private static final int SESSIONS = 4_096;

    private static final int SESSION_SECONDS = 3_600;

    private record Pair(TlsSettings settings, SslContext server, SslContext client) {}

    private volatile Pair current;

    /**
     * Reads the files or stores.
     *
     * @throws ConfigurationException if they cannot be used
     */
    public TlsContexts(TlsSettings settings) {
        this.current = read(settings);
    }

    /**
     * Reads the files or stores again. New connections use the new contents.
     *
     * @throws ConfigurationException if they cannot be used; the previous contents stay in use
     */
    public void reload() {
        current = read(current.settings());
    }

    /**
     * Reads the files or stores of other settings, and returns what puts them into use for new connections.
     *
     * @throws ConfigurationException if they cannot be used
     */
    public Runnable prepare(TlsSettings changed) {
        Pair pair = read(changed);
        return () -> current = pair;
    }

    private static Pair read(TlsSettings settings) {
        TlsMaterial material = TlsMaterial.read(settings);
        material.warnings().forEach(warning -> LOG.warn("{}", warning));
        X509Certificate[] chain = material.chain().toArray(new X509Certificate[0]);
        try {
            SslContextBuilder server = SslContextBuilder.forServer(material.key(), chain)
                    .clientAuth(
                            switch (settings.clientAuthentication()) {
                                case NONE -> ClientAuth.NONE;
                                case WANT -> ClientAuth.OPTIONAL;
                                case NEED -> ClientAuth.REQUIRE;
                            });
            // SipIdentities checks the name: the JDK's check allows wildcards and does not follow RFC 5922
            SslContextBuilder client = SslContextBuilder.forClient()
                    .keyManager(material.key(), chain)
                    .endpointIdentificationAlgorithm(null);
            return new Pair(settings, built(server, settings, material), built(client, settings, material));
        } catch (SSLException | IllegalArgumentException e) {
            throw new ConfigurationException(new ConfigurationProblem(
                    "tls",
                    "certificate",
                    settings.certificate().map(Path::toString).orElse("of the key store"),
                    "is refused by the JDK: " + e.getMessage(),
                    ""));
        }
    }

    private static SslContext built(SslContextBuilder builder, TlsSettings settings, TlsMaterial material)
            throws SSLException {
        if (!material.anchors().isEmpty()) {
            builder.trustManager(material.anchors().toArray(new X509Certificate[0]));
        }
        return builder.sslProvider(SslProvider.JDK)
                .protocols(settings.protocols())
                .sessionCacheSize(SESSIONS)
                .sessionTimeout(SESSION_SECONDS)
                .build();
    }

    Duration handshakeTimeout() {
        return current.settings().handshakeTimeout();
    }

    /** Returns the handler for a connection that a peer opened. */
    SslHandler accepting(Channel channel) {
        return withoutTimeout(current.server().newHandler(channel.alloc()));
    }

    /**
     * Returns the handler for a connection that the proxy opens.
     *
     * @param name the host to reach, sent in SNI unless it is an address (RFC 6066 §3)
     */
    SslHandler connecting(Channel channel, InetSocketAddress remote, String name) {
        SslHandler handler = withoutTimeout(current.client().newHandler(channel.alloc(), name, remote.getPort()));
        if (IpLiteral.parse(name).isEmpty()) {
            SSLParameters parameters = handler.engine().getSSLParameters();
            parameters.setServerNames(serverNames(name));
            handler.engine().setSSLParameters(parameters);
        }
        return handler;
    }

    /**
     * Returns the name for SNI. The JDK does not send a name without a dot. Returns none if the sent-by of a Via is not
     * a valid host name.
     */
    private static List<SNIServerName> serverNames(String name) {
        try {
            return List.of(new SNIHostName(name));
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    /** Disables the handler's timeout, because the connection limits the time of the whole handshake. */
    private static SslHandler withoutTimeout(SslHandler handler) {
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }

    /** Returns the identities in the verified certificate of the peer; none if the peer presented no certificate. */
    static SipIdentities identities(SslHandler handler) {
        SSLSession session = handler.engine().getSession();
        try {
            Certificate[] chain = session.getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate own
                    ? SipIdentities.of(own)
                    : SipIdentities.NONE;
        } catch (SSLPeerUnverifiedException e) {
            return SipIdentities.NONE;
        }
    }
}
