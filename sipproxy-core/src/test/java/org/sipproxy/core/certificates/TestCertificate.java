package org.sipproxy.core.certificates;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificate for tests with its key, in PEM files and for sockets. It is self-signed, so a peer must trust this
 * certificate. Created by the JDK's {@code keytool}, once for each use in a JVM. The files are deleted when the JVM
 * exits.
 */
public final class TestCertificate {

    private static final char[] PASSWORD = "test1234".toCharArray();
    private static final Map<List<String>, TestCertificate> MADE = new ConcurrentHashMap<>();

    private final KeyStore store;
    private final Path chain;
    private final Path key;

    private TestCertificate(List<String> arguments) {
        try {
            Path folder = Files.createTempDirectory("sipproxy-certificate");
            folder.toFile().deleteOnExit();
            Path file = folder.resolve("store.p12");
            run(file, arguments);
            store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD);
            }
            Files.delete(file);
            chain = write(
                    folder.resolve("certificate.pem"),
                    "CERTIFICATE",
                    certificate().getEncoded());
            key = write(folder.resolve("key.pem"), "PRIVATE KEY", privateKey().getEncoded());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void run(Path file, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-J-XX:+UseSerialGC",
                "-genkeypair",
                "-alias",
                "test",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD)));
        command.addAll(arguments);
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool: " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /**
     * Returns a certificate for names in the syntax of {@code keytool}: {@code dns:sip.test}, {@code ip:127.0.0.1},
     * {@code uri:sip:sip.test}.
     */
    public static TestCertificate of(String... names) {
        return with("-keyalg", "EC", "-groupname", "secp256r1", "-ext", "san=" + String.join(",", names));
    }

    /** Returns a certificate created with these arguments of {@code keytool}. */
    public static TestCertificate with(String... arguments) {
        List<String> all = new ArrayList<>(List.of("-dname", "CN=sipproxy test"));
        all.addAll(List.of(arguments));
        return MADE.computeIfAbsent(all, TestCertificate::new);
    }

    /** Returns the file of the certificate. */
    public Path chain() {
        return chain;
    }

    /** Returns the file of the key, in PKCS#8. */
    public Path key() {
        return key;
    }

    public X509Certificate certificate() {
        try {
            return (X509Certificate) store.getCertificate("test");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public PrivateKey privateKey() {
        try {
            return (PrivateKey) store.getKey("test", PASSWORD);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the store with the certificate and the key, as {@code test}. */
    public KeyStore store() {
        return store;
    }

    /** Returns the password of the key in {@link #store}. */
    public static char[] password() {
        return PASSWORD.clone();
    }

    /** Returns a store that holds the certificate as a trusted one. */
    public KeyStore trusted() {
        try {
            return anchors(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore anchors(TestCertificate... trusted) throws IOException, GeneralSecurityException {
        KeyStore anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        for (int i = 0; i < trusted.length; i++) {
            anchors.setCertificateEntry("anchor" + i, trusted[i].certificate());
        }
        return anchors;
    }

    /** Returns a context of sockets that present this certificate on request and trust the given ones. */
    public SSLContext context(TestCertificate... trusted) {
        return context(store, trusted);
    }

    /** Returns a context of sockets that have no certificate and trust the given ones. */
    public static SSLContext contextWithout(TestCertificate... trusted) {
        return context(null, trusted);
    }

    private static SSLContext context(KeyStore own, TestCertificate... trusted) {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(anchors(trusted));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a PEM file with several certificates, such as trust anchors. */
    public static Path bundle(TestCertificate... certificates) {
        try {
            Path file = Files.createTempFile("sipproxy-anchors", ".pem");
            file.toFile().deleteOnExit();
            StringBuilder text = new StringBuilder();
            for (TestCertificate one : certificates) {
                text.append(Files.readString(one.chain));
            }
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path write(Path file, String label, byte[] der) throws IOException {
        file.toFile().deleteOnExit();
        return Files.writeString(file, pem(label, der));
    }

    /** Returns one section of a PEM file. */
    public static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }
}
