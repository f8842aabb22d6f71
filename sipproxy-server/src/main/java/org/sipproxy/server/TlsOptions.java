package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.options.TlsSettings.ClientAuthentication;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for certificates and WebSockets, kept as text like those of {@link ProxyOptions}. */
@Section("Certificates and WebSockets")
final class TlsOptions {

    @Reloadable
    @Option(
            names = "--tls-certificate",
            paramLabel = "FILE",
            description = {
                "The certificate of this proxy in PEM, followed by those of its issuers; required by --listen tls: and",
                "wss:.",
                "Its subjectAltName must have the domains and hosts that phones connect to. A renewed file is read",
                "within a minute; open connections keep the old certificate."
            })
    String certificate = "";

    @Reloadable
    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "The private key of the certificate, RSA or EC, in PEM as PKCS#8 (BEGIN PRIVATE KEY).")
    String key = "";

    @Reloadable
    @Option(
            names = "--tls-key-password-file",
            paramLabel = "FILE",
            description = "File whose first line is the password of an encrypted key.")
    String keyPasswordFile = "";

    @Reloadable
    @Option(
            names = "--tls-protocol",
            paramLabel = "VERSION",
            description = "TLS version in use: TLSv1.3 or TLSv1.2. May be repeated. Default: both.")
    List<String> protocols = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--tls-handshake-timeout",
            paramLabel = "DURATION",
            description = "How long the handshake of a client may take, 100ms to 2m. Default: 10s.")
    String handshakeTimeout = "";

    @Reloadable
    @Option(
            names = "--tls-trust",
            paramLabel = "FILE",
            description = {
                "Trusted authorities in PEM, for the certificates of servers that the proxy connects to, and of",
                "clients.",
                "Default: the JDK's."
            })
    String trust = "";

    @Reloadable
    @Option(
            names = "--tls-client-auth",
            paramLabel = "MODE",
            description = {
                "Whether clients are asked for a certificate: none; want: optional, but refused if it is not trusted;",
                "need: required. Default: none."
            })
    String clientAuth = "";

    @Option(
            names = "--tls-self-signed",
            description = {
                "Generates a certificate for the domains and addresses of this proxy, for laboratories: clients must",
                "be configured to trust it. The log names its file, which is deleted when the proxy ends."
            })
    boolean selfSigned;

    @Option(
            names = "--ws-origin",
            paramLabel = "ORIGIN",
            description = {
                "Origin of web pages that may connect over ws or wss, such as https://phone.example.org. May be",
                "repeated.",
                "Default: all pages."
            })
    List<String> origins = new ArrayList<>();

    private @Nullable TlsSettings settings;
    /** The generated certificate; null if there is none. */
    private @Nullable SelfSignedCertificate generated;

    /** Applies the options to the builder, and adds errors to {@code problems}. Does not read the given files. */
    void addTo(SipProxyBuilder builder, List<Endpoint> endpoints, List<String> domains, List<String> problems) {
        boolean needed = endpoints.stream().anyMatch(endpoint -> endpoint.kind().isSecure());
        if (!origins.isEmpty()) {
            builder.webSocketOrigins(origins.toArray(new String[0]));
        }
        String given = firstGiven();
        if (!needed) {
            if (!given.isEmpty()) {
                problems.add(given + ": has no effect without a TLS endpoint; add --listen tls:HOST:PORT or"
                        + " wss:HOST:PORT");
            }
            return;
        }
        int before = problems.size();
        ClientAuthentication mode = clientAuthentication(problems);
        Optional<Files> files = files(endpoints, domains, problems);
        if (files.isEmpty() || problems.size() > before) {
            builder.tls(standIn());
            return;
        }
        TlsSettings.Builder tls = TlsSettings.builder()
                .certificate(files.get().certificate(), files.get().key())
                .clientAuthentication(mode);
        if (!trust.isEmpty()) {
            tls.trust(Path.of(trust));
        }
        OptionReader reader = new OptionReader(problems);
        if (!keyPasswordFile.isEmpty()) {
            reader.read(
                    "--tls-key-password-file", keyPasswordFile, TlsOptions::password); // fails now if it cannot be read
            tls.keyPassword(() -> password(keyPasswordFile));
        }
        if (!protocols.isEmpty()) {
            tls.protocols(protocols.toArray(new String[0]));
        }
        reader.duration("--tls-handshake-timeout", handshakeTimeout, tls::handshakeTimeout);
        reader.apply(() -> settings = tls.build());
        builder.tls(settings != null ? settings : standIn());
    }

    /** Returns settings that are never used: their problem is reported, and build() must not add that they are missing. */
    private static TlsSettings standIn() {
        return TlsSettings.builder()
                .certificate(Path.of("missing"), Path.of("missing"))
                .build();
    }

    private static char[] password(String file) {
        try {
            return java.nio.file.Files.readAllLines(Path.of(file)).stream()
                    .findFirst()
                    .orElse("")
                    .toCharArray();
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(file + " is not a readable file", e);
        }
    }

    private record Files(Path certificate, Path key) {}

    private Optional<Files> files(List<Endpoint> endpoints, List<String> domains, List<String> problems) {
        boolean both = !certificate.isEmpty() && !key.isEmpty();
        if (selfSigned) {
            if (!certificate.isEmpty() || !key.isEmpty()) {
                problems.add("--tls-self-signed: --tls-certificate or --tls-key is given too; use one or the other");
                return Optional.empty();
            }
            try {
                SelfSignedCertificate made = generated;
                if (made == null) {
                    made = SelfSignedCertificate.of(domains, endpoints);
                    generated = made;
                }
                return Optional.of(new Files(made.certificate(), made.key()));
            } catch (IOException e) {
                problems.add("--tls-self-signed: the certificate cannot be generated: " + Launcher.messageOf(e));
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
        Map<String, String> given = new LinkedHashMap<>();
        given.put("--tls-certificate", certificate);
        given.put("--tls-key", key);
        given.put("--tls-key-password-file", keyPasswordFile);
        given.put("--tls-trust", trust);
        given.put("--tls-client-auth", clientAuth);
        given.put("--tls-protocol", String.join("", protocols));
        given.put("--tls-handshake-timeout", handshakeTimeout);
        given.values().removeIf(String::isEmpty);
        return given.keySet().stream().findFirst().orElse("");
    }

    /** Deletes the files of the generated certificate, if there is one. */
    void deleteGenerated() {
        if (generated != null) {
            generated.delete();
        }
    }

    /** Uses the generated certificate of a running proxy. */
    void reuse(TlsOptions running) {
        generated = running.generated;
    }

    /** Returns the TLS settings; empty if no endpoint needs them. */
    Optional<TlsSettings> settings() {
        return Optional.ofNullable(settings);
    }

    /** Returns the problems of the files, for {@code check}. {@code run} fails with them when it starts. */
    List<String> fileProblems() {
        TlsSettings read = settings;
        return read == null
                ? List.of()
                : SipProxy.tlsProblems(read).stream().map(LibraryProblems::text).toList();
    }

    /** Returns what is not safe, or not right for every phone, of files that can be used. */
    List<String> warnings(List<String> domains, List<Endpoint> endpoints) {
        if (settings == null || selfSigned) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        CertificateCheck.wrongName("--tls-certificate", Path.of(certificate), domains, endpoints)
                .ifPresent(warnings::add);
        warnings.addAll(CertificateCheck.readableByOthers("--tls-key", key));
        warnings.addAll(CertificateCheck.readableByOthers("--tls-key-password-file", keyPasswordFile));
        return warnings;
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        if (settings == null) {
            return "none";
        }
        return (selfSigned ? "self-signed" : certificate)
                + ", trusts " + (trust.isEmpty() ? "the JDK's authorities" : trust)
                + ", client certificates: " + (clientAuth.isEmpty() ? "none" : clientAuth.toLowerCase(Locale.ROOT));
    }
}
