package org.sipproxy.core.internal.tls;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.core.options.TlsSettings;

/** Certificates and key in a {@link KeyStore} of the host application. */
final class KeyStoreEntries {

    private static final String OWN = "keyStore";
    private static final String TRUSTED = "trustStore";

    private KeyStoreEntries() {}

    /** What makes a store unusable. */
    private static final class Unusable extends Exception {

        private static final long serialVersionUID = 1;

        private final String remedy;

        Unusable(String reason, String remedy) {
            super(reason);
            this.remedy = remedy;
        }

        ConfigurationProblem of(String option, String value) {
            return new ConfigurationProblem("tls", option, value, String.valueOf(getMessage()), remedy);
        }
    }

    /** Returns the proxy's certificate and key, and adds what is wrong with them. */
    static TlsMaterial.Own own(TlsSettings settings, List<ConfigurationProblem> problems) {
        String place = quoted(settings.keyAlias());
        try {
            KeyStore store = loaded(settings.keyStore().orElseThrow());
            String alias = settings.keyAlias().isEmpty() ? onlyKey(store) : settings.keyAlias();
            place = quoted(alias);
            if (!store.isKeyEntry(alias)) {
                throw new Unusable(
                        "is not the alias of a key in the store, which has " + aliases(store), "name one of them");
            }
            PrivateKey key = key(store, alias, settings.keyPassword().orElse(null));
            List<X509Certificate> chain = x509(store.getCertificateChain(alias));
            if (chain.isEmpty()) {
                throw new Unusable("has no X.509 certificate in the store", "add the certificate of the key");
            }
            if (!TlsMaterial.belongs(key, chain.get(0).getPublicKey())) {
                throw new Unusable(
                        "is not the key of its first certificate in the store",
                        "put the proxy's own certificate first");
            }
            return new TlsMaterial.Own(OWN, place, chain, key);
        } catch (Unusable e) {
            problems.add(e.of(OWN, place));
        } catch (KeyStoreException e) {
            problems.add(notLoaded(e).of(OWN, place));
        }
        return new TlsMaterial.Own(OWN, place, List.of(), null);
    }

    /** Returns the trusted authorities, and adds what is wrong with them. */
    static List<X509Certificate> anchors(Supplier<KeyStore> source, List<ConfigurationProblem> problems) {
        try {
            KeyStore store = loaded(source);
            List<X509Certificate> anchors = new ArrayList<>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.isCertificateEntry(alias)) {
                    anchors.addAll(x509(store.getCertificate(alias)));
                }
            }
            if (anchors.isEmpty()) {
                throw new Unusable(
                        "holds no X.509 certificate without a key", "add those of the authorities, or omit the store");
            }
            return List.copyOf(anchors);
        } catch (Unusable e) {
            problems.add(e.of(TRUSTED, ""));
        } catch (KeyStoreException e) {
            problems.add(notLoaded(e).of(TRUSTED, ""));
        }
        return List.of();
    }

    private static KeyStore loaded(Supplier<KeyStore> source) throws Unusable {
        try {
            KeyStore store = source.get();
            if (store != null) {
                return store;
            }
        } catch (RuntimeException e) {
            throw notLoaded(e);
        }
        throw new Unusable("is null", "return a loaded KeyStore");
    }

    private static Unusable notLoaded(Exception e) {
        return new Unusable("cannot be loaded: " + reason(e), "");
    }

    /** Returns the messages of an exception and its causes. */
    static String reason(Exception e) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = e; cause != null && text.length() < 500; cause = cause.getCause()) {
            String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            text.append(text.length() == 0 ? "" : ": ").append(message);
        }
        return text.toString();
    }

    private static String onlyKey(KeyStore store) throws KeyStoreException, Unusable {
        List<String> keys = aliases(store);
        if (keys.isEmpty()) {
            throw new Unusable("holds no private key", "add one with its certificate");
        }
        if (keys.size() > 1) {
            throw new Unusable("holds several keys: " + keys, "name the alias of one");
        }
        return keys.get(0);
    }

    /** Returns the aliases of the keys. */
    private static List<String> aliases(KeyStore store) throws KeyStoreException {
        List<String> keys = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                keys.add(alias);
            }
        }
        return keys;
    }

    private static PrivateKey key(KeyStore store, String alias, @Nullable Supplier<char[]> password) throws Unusable {
        char[] secret = null;
        Key key;
        try {
            secret = password == null ? null : password.get();
            key = store.getKey(alias, secret == null || secret.length == 0 ? null : secret);
        } catch (UnrecoverableKeyException e) {
            throw new Unusable("cannot be decrypted", "check the password of the key");
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new Unusable("cannot be read: " + reason(e), "");
        } finally {
            if (secret != null) {
                Arrays.fill(secret, '\0');
            }
        }
        if (key instanceof PrivateKey own && List.of("EC", "RSA").contains(own.getAlgorithm())) {
            return own;
        }
        throw new Unusable("is neither an RSA nor an EC key", "create such a key and a certificate");
    }

    private static List<X509Certificate> x509(Certificate @Nullable ... certificates) {
        List<X509Certificate> found = new ArrayList<>();
        if (certificates != null) {
            for (Certificate one : certificates) {
                if (one instanceof X509Certificate usable) {
                    found.add(usable);
                }
            }
        }
        return List.copyOf(found);
    }

    private static String quoted(String alias) {
        return alias.isEmpty() ? "" : '"' + alias + '"';
    }
}
