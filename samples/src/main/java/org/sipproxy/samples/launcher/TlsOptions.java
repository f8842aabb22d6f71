package org.sipproxy.samples.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.options.TlsSettings.ClientAuthentication;
import picocli.CommandLine.Option;

/** The options about certificates and WebSockets, kept as text like those of {@link ProxyOptions}. */
final class TlsOptions {

    @Option(
            names = "--tls-certificate",
            paramLabel = "FILE",
            description = {
                "The certificate of this proxy in PEM, those of its issuers behind it; needed by --listen tls: and wss:.",
                "It has to name (subjectAltName) the domains and hosts that phones are told to use. A renewed one is read",
                "within a minute; connections that are open keep the old one."
            })
    String certificate = "";

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "Its private key, RSA or EC, in PEM as PKCS#8 (BEGIN PRIVATE KEY), not encrypted.")
    String key = "";

    @Option(
            names = "--tls-trust",
            paramLabel = "FILE",
            description = {
                "The authorities, in PEM, whose certificates are believed: those of servers that calls go to, and of clients.",
                "Default: the JDK's."
            })
    String trust = "";

    @Option(
            names = "--tls-client-auth",
            paramLabel = "MODE",
            description = {
                "Whether who connects is asked for a certificate: none; want, and one that is not believed is refused;",
                "need, and nobody comes in without. Default: none."
            })
    String clientAuth = "";

    @Option(
            names = "--tls-self-signed",
            description = {
                "Makes a certificate for the domains and addresses of this proxy, for laboratories: nobody believes it",
                "unless told to. The log says where its file is, until the proxy ends."
            })
    boolean selfSigned;

    @Option(
            names = "--ws-origin",
            paramLabel = "ORIGIN",
            description = {
                "A web page that may connect over ws or wss, such as https://phone.example.org. Repeat it for more.",
                "Default: all pages."
            })
    List<String> origins = new ArrayList<>();

    private @Nullable TlsSettings settings;

    /** Adds what was asked for; what is wrong goes to {@code problems}. No file of a certificate is looked at. */
    void addTo(SipProxyBuilder builder, List<Endpoint> endpoints, List<String> domains, List<String> problems) {
        boolean needed = endpoints.stream().anyMatch(endpoint -> endpoint.kind().isSecure());
        if (!origins.isEmpty()) {
            builder.webSocketOrigins(origins.toArray(new String[0]));
        }
        String given = firstGiven();
        if (!needed) {
            if (!given.isEmpty()) {
                problems.add(given + ": has no use without an endpoint of TLS; add --listen tls:HOST:PORT or wss:");
            }
            return;
        }
        int before = problems.size();
        ClientAuthentication mode = clientAuthentication(problems);
        Optional<Files> files = files(endpoints, domains, problems);
        if (files.isEmpty() || problems.size() > before) {
            builder.tls(TlsSettings.builder()
                    .certificate(Path.of("missing"), Path.of("missing"))
                    .build()); // told above; build() need not tell it again
            return;
        }
        TlsSettings.Builder tls = TlsSettings.builder()
                .certificate(files.get().certificate(), files.get().key())
                .clientAuthentication(mode);
        if (!trust.isEmpty()) {
            tls.trust(Path.of(trust));
        }
        settings = tls.build();
        builder.tls(settings);
    }

    private record Files(Path certificate, Path key) {}

    private Optional<Files> files(List<Endpoint> endpoints, List<String> domains, List<String> problems) {
        boolean both = !certificate.isEmpty() && !key.isEmpty();
        if (selfSigned) {
            if (!certificate.isEmpty() || !key.isEmpty()) {
                problems.add("--tls-self-signed: there is --tls-certificate or --tls-key; leave one of them away");
                return Optional.empty();
            }
            try {
                SelfSignedCertificate made = SelfSignedCertificate.of(domains, endpoints);
                return Optional.of(new Files(made.certificate(), made.key()));
            } catch (IOException e) {
                problems.add("--tls-self-signed: no certificate was made: " + Launcher.messageOf(e));
                return Optional.empty();
            }
        }
        if (!both) {
            problems.add("--tls-certificate: --listen tls: and wss: need a certificate and its key;"
                    + " add --tls-certificate FILE --tls-key FILE, or --tls-self-signed for a laboratory");
            return Optional.empty();
        }
        return Optional.of(new Files(Path.of(certificate), Path.of(key)));
    }

    private ClientAuthentication clientAuthentication(List<String> problems) {
        if (clientAuth.isEmpty()) {
            return ClientAuthentication.NONE;
        }
        for (ClientAuthentication mode : ClientAuthentication.values()) {
            if (mode.name().equals(clientAuth.toUpperCase(Locale.ROOT))) {
                return mode;
            }
        }
        problems.add("--tls-client-auth: \"" + clientAuth + "\" (expected none, want or need)");
        return ClientAuthentication.NONE;
    }

    private String firstGiven() {
        if (selfSigned) {
            return "--tls-self-signed";
        }
        if (!certificate.isEmpty()) {
            return "--tls-certificate";
        }
        if (!key.isEmpty()) {
            return "--tls-key";
        }
        if (!trust.isEmpty()) {
            return "--tls-trust";
        }
        return clientAuth.isEmpty() ? "" : "--tls-client-auth";
    }

    /** The certificate; empty if no endpoint needs one. */
    Optional<TlsSettings> settings() {
        return Optional.ofNullable(settings);
    }

    /** Returns what is wrong with the files, for {@code check}; {@code run} fails with it at its start. */
    List<String> fileProblems() {
        TlsSettings read = settings;
        return read == null ? List.of() : SipProxy.tlsProblems(read);
    }

    /** One line for {@code check}. */
    String summary() {
        if (settings == null) {
            return "none";
        }
        return (selfSigned ? "self-signed" : certificate)
                + ", trusts " + (trust.isEmpty() ? "the JDK's authorities" : trust)
                + ", client certificates: " + (clientAuth.isEmpty() ? "none" : clientAuth.toLowerCase(Locale.ROOT));
    }
}
