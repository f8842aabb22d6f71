package org.sipproxy.core.internal.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.core.options.TlsSettings;

/**
 * Content of the files or stores of {@link TlsSettings} when they were read.
 *
 * @param chain the proxy's certificate, followed by those of its issuers
 * @param anchors trusted authorities; empty to use those of the JDK
 * @param warnings problems that do not prevent use but make peers refuse the certificate
 */
public record TlsMaterial(
        PrivateKey key,
        List<X509Certificate> chain,
        List<X509Certificate> anchors,
        List<ConfigurationProblem> warnings) {

    private static final String CERTIFICATE = "certificate";
    private static final String KEY = "key";

    /** Reads what the settings name and returns the problems; empty if there are none. */
    public static List<ConfigurationProblem> problems(TlsSettings settings) {
        try {
            return read(settings).warnings();
        } catch (ConfigurationException e) {
            return e.problems();
        }
    }

    /**
     * Reads the files or stores.
     *
     * @throws ConfigurationException with all problems found
     */
    public static TlsMaterial read(TlsSettings settings) {
        List<ConfigurationProblem> problems = new ArrayList<>();
        Own own = settings.keyStore().isPresent()
                ? KeyStoreEntries.own(settings, problems)
                : own(settings.certificate().orElseThrow(), settings.key().orElseThrow(), settings, problems);
        List<X509Certificate> anchors = settings.trustStore()
                .map(store -> KeyStoreEntries.anchors(store, problems))
                .or(() -> settings.trust().map(path -> certificates("trust", path, problems)))
                .orElse(List.of());
        PrivateKey key = own.key();
        if (key == null || !problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        return new TlsMaterial(key, own.chain(), anchors, expired(own));
    }

    /**
     * The proxy's certificate and key.
     *
     * @param option option of the certificate, for problems
     * @param place value of that option
     */
    record Own(
            String option,
            String place,
            List<X509Certificate> chain,
            @Nullable PrivateKey key) {}

    private static Own own(Path certificate, Path keyFile, TlsSettings settings, List<ConfigurationProblem> problems) {
        List<X509Certificate> chain = certificates(CERTIFICATE, certificate, problems);
        PrivateKey key = key(keyFile, settings.keyPassword().orElse(null), problems);
        if (key != null && !chain.isEmpty() && !belongs(key, chain.get(0).getPublicKey())) {
            problems.add(problem(
                    KEY,
                    keyFile,
                    "is not the key of the first certificate in " + certificate,
                    "put the proxy's own certificate first, or name the key that belongs to it"));
        }
        return new Own(CERTIFICATE, certificate.toString(), chain, key);
    }

    private static ConfigurationProblem problem(String option, Path file, String reason, String remedy) {
        return problem(option, file.toString(), reason, remedy);
    }

    private static ConfigurationProblem problem(String option, String place, String reason, String remedy) {
        return new ConfigurationProblem("tls", option, place, reason, remedy);
    }

    private static List<X509Certificate> certificates(String option, Path path, List<ConfigurationProblem> problems) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            for (PemFile.Part part : PemFile.read(path).parts()) {
                if (part.label().equals("CERTIFICATE")) {
                    certificates.add(certificate(part.der()));
                }
            }
            if (certificates.isEmpty()) {
                problems.add(problem(option, path, "holds no certificate (expected BEGIN CERTIFICATE)", ""));
            }
        } catch (PemFile.Unusable e) {
            problems.add(e.of(option, path));
        } catch (CertificateException e) {
            problems.add(problem(option, path, "holds a certificate that cannot be read: " + e.getMessage(), ""));
            certificates.clear();
        }
        return List.copyOf(certificates);
    }

    private static X509Certificate certificate(byte[] der) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    private static @Nullable PrivateKey key(
            Path path, @Nullable Supplier<char[]> password, List<ConfigurationProblem> problems) {
        try {
            for (PemFile.Part part : PemFile.read(path).parts()) {
                if (part.label().endsWith("PRIVATE KEY")) {
                    return key(path, part, password);
                }
            }
            problems.add(problem(KEY, path, "holds no private key (expected BEGIN PRIVATE KEY)", ""));
        } catch (PemFile.Unusable e) {
            problems.add(e.of(KEY, path));
        }
        return null;
    }

    private static PrivateKey key(Path path, PemFile.Part part, @Nullable Supplier<char[]> password)
            throws PemFile.Unusable {
        switch (part.label()) {
            case "PRIVATE KEY" -> {
                return unencrypted(new PKCS8EncodedKeySpec(part.der()));
            }
            case "ENCRYPTED PRIVATE KEY" -> {
                char[] secret = secret(password);
                if (secret == null) {
                    throw new PemFile.Unusable(
                            "is encrypted",
                            "give its password with {keyPassword}, or decrypt it: openssl pkcs8 -in " + path
                                    + " -out key.pem");
                }
                return unencrypted(decrypted(path, part.der(), secret));
            }
            default ->
                throw new PemFile.Unusable(
                        "holds a key in the format of BEGIN " + part.label() + " (expected PKCS#8, BEGIN PRIVATE KEY)",
                        "convert it: openssl pkcs8 -topk8 -nocrypt -in " + path + " -out key.pem");
        }
    }

    private static char @Nullable [] secret(@Nullable Supplier<char[]> password) throws PemFile.Unusable {
        try {
            return password == null ? null : password.get();
        } catch (RuntimeException e) {
            throw new PemFile.Unusable("cannot be read: " + KeyStoreEntries.reason(e), "");
        }
    }

    private static PKCS8EncodedKeySpec decrypted(Path path, byte[] der, char[] secret) throws PemFile.Unusable {
        PBEKeySpec spec = new PBEKeySpec(secret);
        Arrays.fill(secret, '\0');
        EncryptedPrivateKeyInfo encrypted;
        Cipher cipher;
        try {
            encrypted = new EncryptedPrivateKeyInfo(der);
            AlgorithmParameters parameters = encrypted.getAlgParameters();
            // for PBES2 (RFC 8018) only the parameters name the hash and cipher; older schemes have a name
            String name = encrypted.getAlgName().startsWith("PBEWith") || parameters == null
                    ? encrypted.getAlgName()
                    : parameters.toString();
            SecretKey secretKey = SecretKeyFactory.getInstance(name).generateSecret(spec);
            cipher = Cipher.getInstance(name);
            cipher.init(Cipher.DECRYPT_MODE, secretKey, parameters);
        } catch (IOException | GeneralSecurityException e) {
            throw new PemFile.Unusable(
                    "has an encryption that this JDK (" + Runtime.version().feature() + ") does not support",
                    "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in " + path + " -out key.pem");
        } finally {
            spec.clearPassword();
        }
        try {
            return encrypted.getKeySpec(cipher);
        } catch (GeneralSecurityException e) {
            throw new PemFile.Unusable("cannot be decrypted", "check the password of {keyPassword}");
        }
    }

    /** Returns the key, of one of the two kinds for which the JDK's TLS supports certificates. */
    private static PrivateKey unencrypted(PKCS8EncodedKeySpec spec) throws PemFile.Unusable {
        for (String algorithm : List.of("EC", "RSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                // the other kind of key
            } catch (GeneralSecurityException e) {
                throw new PemFile.Unusable("cannot be read: " + e.getMessage(), "check that the file is complete");
            }
        }
        throw new PemFile.Unusable("is neither an RSA nor an EC key", "create such a key and a certificate");
    }

    static boolean belongs(PrivateKey key, PublicKey certified) {
        if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
            return false;
        }
        byte[] probe = "sipproxy".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        try {
            Signature signature =
                    Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static List<ConfigurationProblem> expired(Own own) {
        List<ConfigurationProblem> warnings = new ArrayList<>();
        Instant now = Instant.now();
        for (X509Certificate one : own.chain()) {
            String subject = one.getSubjectX500Principal().getName();
            if (now.isAfter(one.getNotAfter().toInstant())) {
                warnings.add(problem(
                        own.option(),
                        own.place(),
                        "holds the certificate of " + subject + ", which expired at "
                                + one.getNotAfter().toInstant(),
                        "renew it"));
            } else if (now.isBefore(one.getNotBefore().toInstant())) {
                warnings.add(problem(
                        own.option(),
                        own.place(),
                        "holds the certificate of " + subject + ", which is not valid before "
                                + one.getNotBefore().toInstant(),
                        "check the clock"));
            }
        }
        return List.copyOf(warnings);
    }
}
