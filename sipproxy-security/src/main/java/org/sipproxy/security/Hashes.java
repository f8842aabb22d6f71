package org.sipproxy.security;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.sipproxy.security.DigestResponse.Field;

/**
 * The hash functions of one request at a time, with their working memory; {@link HashPool} hands it from request to request.
 * Not safe for use by two threads at once.
 */
final class Hashes {

    /** Length of an MD5 hash in hex digits. */
    static final int HEX_LENGTH = 32;

    /** Length of a nonce's signature in bytes: HMAC-SHA256 cut to 128 bits (RFC 2104 §5). */
    static final int SIGNATURE_LENGTH = 16;

    private static final String HMAC = "HmacSHA256";
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private final MessageDigest md5;
    private final Mac mac;
    private final byte[] out = new byte[32];
    private final byte[] ha1 = new byte[HEX_LENGTH];
    private final byte[] ha2 = new byte[HEX_LENGTH];
    private final byte[] expected = new byte[16];
    private final byte[] presented = new byte[16];

    Hashes(SecretKeySpec key) {
        try {
            md5 = MessageDigest.getInstance("MD5");
            mac = Mac.getInstance(HMAC);
            mac.init(key);
        } catch (InvalidKeyException e) {
            throw new IllegalStateException("the nonce secret is no key for " + HMAC, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "this JVM has no MD5 or no " + HMAC + "; digest authentication needs both", e);
        }
    }

    static SecretKeySpec key(byte[] secret) {
        return new SecretKeySpec(secret, HMAC);
    }

    /** Signs {@code head[0, headLength)} and the realm into {@code target}, which gets {@link #SIGNATURE_LENGTH} bytes. */
    void sign(byte[] head, int headLength, byte[] realm, byte[] target, int at) {
        mac.update(head, 0, headLength);
        mac.update(realm);
        System.arraycopy(hmac(), 0, target, at, SIGNATURE_LENGTH);
    }

    private byte[] hmac() {
        try {
            mac.doFinal(out, 0);
            return out;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("32 bytes hold an " + HMAC, e);
        }
    }

    /** Computes HA1 = MD5(username:realm:password) of the user name in the credentials and keeps it for {@link #matches}. */
    void ha1OfPassword(DigestResponse response, byte[] realm, byte[] password) {
        update(response, Field.USERNAME);
        md5.update((byte) ':');
        md5.update(realm);
        md5.update((byte) ':');
        md5.update(password);
        hexDigestInto(ha1);
    }

    /** Takes an HA1 that is known, 32 lower-case hex digits, in place of the computed one. */
    void ha1(byte[] hex) {
        System.arraycopy(hex, 0, ha1, 0, HEX_LENGTH);
    }

    /**
     * True if the response was computed with the HA1 that was given last (RFC 7616 §3.4.1, without qop RFC 2069 §2.4). The time
     * does not depend on where the first difference is.
     *
     * @param response has nonce, uri and a response of 32 hex digits, and with qop also nc and cnonce
     */
    boolean matches(DigestResponse response, byte[] method) {
        md5.update(method);
        md5.update((byte) ':');
        update(response, Field.URI);
        hexDigestInto(ha2);

        md5.update(ha1);
        md5.update((byte) ':');
        update(response, Field.NONCE);
        md5.update((byte) ':');
        if (response.has(Field.QOP)) {
            update(response, Field.NC);
            md5.update((byte) ':');
            update(response, Field.CNONCE);
            md5.update((byte) ':');
            update(response, Field.QOP);
            md5.update((byte) ':');
        }
        md5.update(ha2);
        digestInto(expected);

        byte[] a = response.bytes();
        for (int i = 0, at = response.from(Field.RESPONSE); i < presented.length; i++, at += 2) {
            presented[i] = (byte) (Character.digit(a[at], 16) << 4 | Character.digit(a[at + 1], 16));
        }
        return MessageDigest.isEqual(expected, presented);
    }

    private void update(DigestResponse response, Field field) {
        md5.update(response.bytes(), response.from(field), response.length(field));
    }

    private void hexDigestInto(byte[] hex) {
        digestInto(out);
        for (int i = 0; i < 16; i++) {
            hex[2 * i] = HEX[(out[i] >> 4) & 15];
            hex[2 * i + 1] = HEX[out[i] & 15];
        }
    }

    private void digestInto(byte[] target) {
        try {
            md5.digest(target, 0, 16);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("16 bytes hold an MD5", e);
        }
    }
}
