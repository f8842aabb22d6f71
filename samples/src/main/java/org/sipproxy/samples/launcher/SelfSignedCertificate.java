package org.sipproxy.samples.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.IpLiteral;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate that vouches for itself, made by the JDK's {@code keytool}. Its files are readable by this user only and are
 * deleted with the JVM.
 *
 * @param certificate a PEM file, for whoever shall believe it
 * @param key a PEM file
 */
record SelfSignedCertificate(Path certificate, Path key) {

    private static final Logger LOG = LoggerFactory.getLogger(SelfSignedCertificate.class);

    private static final String ALIAS = "sipproxy";
    /** Of a store that exists for a second, in a folder of our own. */
    private static final String PASSWORD = "sipproxy";

    /** One for these domains and for the hosts of these endpoints, valid for 90 days. */
    static SelfSignedCertificate of(List<String> domains, List<Endpoint> endpoints) throws IOException {
        Path folder = Files.createTempDirectory("sipproxy-tls");
        folder.toFile().deleteOnExit();
        Path store = folder.resolve("store.p12");
        try {
            run(store, names(domains, endpoints));
            KeyStore read = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                read.load(in, PASSWORD.toCharArray());
            }
            SelfSignedCertificate made = new SelfSignedCertificate(
                    write(
                            folder.resolve("certificate.pem"),
                            "CERTIFICATE",
                            read.getCertificate(ALIAS).getEncoded()),
                    write(
                            folder.resolve("key.pem"),
                            "PRIVATE KEY",
                            read.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
            LOG.info("certificate made: {}", made.certificate());
            return made;
        } catch (GeneralSecurityException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            Files.deleteIfExists(store);
        }
    }

    private static Set<String> names(List<String> domains, List<Endpoint> endpoints) {
        Set<String> names = new LinkedHashSet<>();
        domains.forEach(domain -> names.add("dns:" + domain));
        names.add("dns:localhost");
        names.add("ip:127.0.0.1");
        for (Endpoint endpoint : endpoints) {
            names.add((IpLiteral.parse(endpoint.host()).isPresent() ? "ip:" : "dns:") + endpoint.host());
        }
        return names;
    }

    private static void run(Path store, Set<String> names) throws IOException {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-dname",
                        "CN=sipproxy laboratory",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-validity",
                        "90",
                        "-ext",
                        "san=" + String.join(",", names),
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (keytool.waitFor() != 0) {
                throw new IOException(said.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Path write(Path file, String label, byte[] der) throws IOException {
        file.toFile().deleteOnExit();
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(file, "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n");
    }
}
