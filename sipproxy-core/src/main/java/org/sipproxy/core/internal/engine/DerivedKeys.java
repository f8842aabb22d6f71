package org.sipproxy.core.internal.engine;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Keys of a proxy, derived from its secret by HKDF with SHA-256 (RFC 5869). A key does not reveal the secret or another
 * key.
 */
final class DerivedKeys {

    private static final String HMAC = "HmacSHA256";
    private static final byte[] SALT = "org.sipproxy".getBytes(StandardCharsets.US_ASCII);
    private static final int RANDOM_BYTES = 32;

    private final byte[] root;

    /**
     * @param secret null for a random one, whose keys are valid in this process only
     */
    DerivedKeys(byte @Nullable [] secret) {
        this.root = hmac(SALT, secret == null ? random() : secret, new byte[0]);
    }

    private static byte[] random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /** Returns a key of 32 bytes for a purpose: the first block of HKDF-Expand. */
    byte[] of(String purpose) {
        if (purpose.isEmpty()) {
            throw new IllegalArgumentException("purpose: empty; name what the key is for");
        }
        return hmac(root, purpose.getBytes(StandardCharsets.UTF_8), new byte[] {1});
    }

    private static byte[] hmac(byte[] key, byte[] text, byte[] more) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            mac.update(text);
            return mac.doFinal(more);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM lacks " + HMAC + ", which every JVM must have", e);
        }
    }
}
