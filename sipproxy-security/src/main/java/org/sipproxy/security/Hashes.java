package org.sipproxy.security;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.security.DigestResponse.Field;

/**
 * Hash functions of one request at a time, with their working memory; reused through {@link HashPool}. Not thread-safe.
 */
final class Hashes {

    /** Length of a nonce's signature in bytes: HMAC-SHA256 truncated to 128 bits (RFC 2104 §5). */
    static final int SIGNATURE_LENGTH = 16;

    private static final String HMAC = "HmacSHA256";
    private static final int LONGEST = 32;
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private final Mac[] macs;
    private final Map<DigestAlgorithm, MessageDigest> digests = new EnumMap<>(DigestAlgorithm.class);
    private MessageDigest digest;
    /** Hash length of the current algorithm: 16 or 32 bytes. */
    private int bytes;

    private final byte[] out = new byte[LONGEST];
    private final byte[] ha1 = new byte[2 * LONGEST];
    private final byte[] ha2 = new byte[2 * LONGEST];
    private final byte[] expected = new byte[LONGEST];
    private final byte[] presented = new byte[LONGEST];

    /** @param keys the first one signs; all of them are accepted */
    Hashes(List<SecretKeySpec> keys) {
        this.macs = keys.stream().map(Hashes::mac).toArray(Mac[]::new);
        this.digest = made(DigestAlgorithm.MD5);
        digests.put(DigestAlgorithm.MD5, digest);
        this.bytes = DigestAlgorithm.MD5.hexLength() / 2;
    }

    private static Mac mac(SecretKeySpec key) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            return mac;
        } catch (InvalidKeyException e) {
            throw new IllegalStateException("the nonce secret is not a key for " + HMAC, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + HMAC + "; digest authentication needs it", e);
        }
    }

    private static MessageDigest made(DigestAlgorithm algorithm) {
        try {
            return MessageDigest.getInstance(algorithm.javaName());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no " + algorithm.javaName(), e);
        }
    }

    static SecretKeySpec key(byte[] secret) {
        return new SecretKeySpec(secret, HMAC);
    }

    /** Returns the number of secrets. */
    int secrets() {
        return macs.length;
    }

    /** Signs {@code head[0, headLength)} and the realm. Writes {@link #SIGNATURE_LENGTH} bytes into {@code target}. */
    void sign(int secret, byte[] head, int headLength, byte[] realm, byte[] target, int at) {
        System.arraycopy(signature(secret, head, headLength, realm), 0, target, at, SIGNATURE_LENGTH);
    }

    /**
     * Returns true if {@code nonce} has this signature after its head. Takes constant time, wherever the first
     * difference is.
     */
    boolean isSigned(int secret, byte[] nonce, int headLength, byte[] realm) {
        byte[] right = signature(secret, nonce, headLength, realm);
        int difference = 0;
        for (int i = 0; i < SIGNATURE_LENGTH; i++) {
            difference |= right[i] ^ nonce[headLength + i];
        }
        return difference == 0;
    }

    private byte[] signature(int secret, byte[] head, int headLength, byte[] realm) {
        Mac mac = macs[secret];
        mac.update(head, 0, headLength);
        mac.update(realm);
        try {
            mac.doFinal(out, 0);
            return out;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("32 bytes hold an " + HMAC, e);
        }
    }

    /** Sets the algorithm of the following computations. */
    void use(DigestAlgorithm algorithm) {
        MessageDigest known = digests.get(algorithm);
        if (known == null) {
            known = made(algorithm);
            digests.put(algorithm, known);
        }
        digest = known;
        bytes = algorithm.hexLength() / 2;
    }

    /** Computes HA1 = H(username:realm:password) of the credentials' user name and keeps it for {@link #matches}. */
    void ha1OfPassword(DigestResponse response, byte[] realm, byte[] password) {
        update(response, Field.USERNAME);
        colon();
        digest.update(realm);
        colon();
        digest.update(password);
        hexDigestInto(ha1);
    }

    /** Uses a known HA1 instead of the computed one: lower-case hexadecimal, with the algorithm's number of digits. */
    void ha1(byte[] hex) {
        System.arraycopy(hex, 0, ha1, 0, 2 * bytes);
    }

    /** Returns {@link #matches(DigestResponse, byte[], byte[])} for a response that does not cover the body. */
    boolean matches(DigestResponse response, byte[] method) {
        return matches(response, method, null);
    }

    /**
     * Returns true if the response was computed with the HA1 set last (RFC 7616 §3.4.1, without qop RFC 2069 §2.4).
     * Takes constant time, wherever the first difference is.
     *
     * @param response has nonce, uri and a response of the algorithm's length, and with qop also nc and cnonce
     * @param body the body that the response covers (qop=auth-int); null if it covers none
     */
    boolean matches(DigestResponse response, byte[] method, byte @Nullable [] body) {
        if (body != null) {
            digest.update(body);
            hexDigestInto(ha2);
        }
        digest.update(method);
        colon();
        update(response, Field.URI);
        if (body != null) {
            colon();
            digest.update(ha2, 0, 2 * bytes);
        }
        hexDigestInto(ha2);

        digest.update(ha1, 0, 2 * bytes);
        colon();
        update(response, Field.NONCE);
        colon();
        if (response.has(Field.QOP)) {
            update(response, Field.NC);
            colon();
            update(response, Field.CNONCE);
            colon();
            update(response, Field.QOP);
            colon();
        }
        digest.update(ha2, 0, 2 * bytes);
        digestInto(expected);

        byte[] a = response.bytes();
        int difference = 0;
        for (int i = 0, at = response.from(Field.RESPONSE); i < bytes; i++, at += 2) {
            presented[i] = (byte) (Character.digit(a[at], 16) << 4 | Character.digit(a[at + 1], 16));
            difference |= presented[i] ^ expected[i];
        }
        return difference == 0;
    }

    private void colon() {
        digest.update((byte) ':');
    }

    private void update(DigestResponse response, Field field) {
        digest.update(response.bytes(), response.from(field), response.length(field));
    }

    private void hexDigestInto(byte[] hex) {
        digestInto(out);
        for (int i = 0; i < bytes; i++) {
            hex[2 * i] = HEX[(out[i] >> 4) & 15];
            hex[2 * i + 1] = HEX[out[i] & 15];
        }
    }

    private void digestInto(byte[] target) {
        try {
            digest.digest(target, 0, bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("32 bytes hold a hash of any algorithm", e);
        }
    }
}
