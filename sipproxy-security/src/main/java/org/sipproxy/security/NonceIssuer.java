package org.sipproxy.security;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.security.DigestResponse.Field;

/**
 * Makes nonces and recognises them again without keeping any state: 40 characters of base64url over
 *
 * <pre>
 *   version (1 byte) · time of issue (6 bytes, ms) · random (7 bytes) · signature (16 bytes)
 * </pre>
 *
 * The signature covers all before it and the realm. The random part only makes nonces differ, so that uses of one can be told
 * from uses of another; that nobody can make one comes from the signature.
 */
final class NonceIssuer {

    enum State {
        FRESH,
        /** Ours, but too old, or from a clock that is ahead of this one by more than {@link #MAX_DRIFT_MILLIS}. */
        EXPIRED,
        /** Not made with our secret. */
        FOREIGN
    }

    /** How far in the future a nonce may be issued: clocks of proxies that share a secret differ. As Kamailio's default. */
    static final long MAX_DRIFT_MILLIS = 3_000;

    private static final byte VERSION = 1;
    private static final int HEAD = 14;
    private static final int LENGTH = HEAD + Hashes.SIGNATURE_LENGTH;
    private static final int TEXT_LENGTH = LENGTH / 3 * 4;

    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder();
    private static final byte[] DECODE = decodeTable();

    private final long lifetimeMillis;

    NonceIssuer(long lifetimeMillis) {
        this.lifetimeMillis = lifetimeMillis;
    }

    private static byte[] decodeTable() {
        byte[] table = new byte[128];
        Arrays.fill(table, (byte) -1);
        byte[] sextets = new byte[1];
        for (int value = 0; value < 64; value++) {
            sextets[0] = (byte) (value << 2);
            table[ENCODER.encode(sextets)[0]] = (byte) value;
        }
        return table;
    }

    String issue(Realm realm, long nowMillis, Hashes hashes) {
        byte[] nonce = new byte[LENGTH];
        long random = ThreadLocalRandom.current().nextLong();
        nonce[0] = VERSION;
        for (int i = 0; i < 6; i++) {
            nonce[1 + i] = (byte) (nowMillis >> (8 * (5 - i)));
        }
        for (int i = 0; i < 7; i++) {
            nonce[7 + i] = (byte) (random >> (8 * i));
        }
        hashes.sign(nonce, HEAD, realm.bytes(), nonce, HEAD);
        return ENCODER.encodeToString(nonce);
    }

    State check(DigestResponse response, Realm realm, long nowMillis, Hashes hashes) {
        byte[] nonce = new byte[LENGTH];
        if (response.length(Field.NONCE) != TEXT_LENGTH
                || !decode(response.bytes(), response.from(Field.NONCE), nonce)
                || nonce[0] != VERSION) {
            return State.FOREIGN;
        }
        byte[] signed = new byte[LENGTH];
        hashes.sign(nonce, HEAD, realm.bytes(), signed, HEAD);
        System.arraycopy(nonce, 0, signed, 0, HEAD);
        if (!MessageDigest.isEqual(signed, nonce)) {
            return State.FOREIGN;
        }
        long issuedMillis = 0;
        for (int i = 1; i <= 6; i++) {
            issuedMillis = issuedMillis << 8 | (nonce[i] & 0xff);
        }
        long age = nowMillis - issuedMillis;
        return age > lifetimeMillis || age < -MAX_DRIFT_MILLIS ? State.EXPIRED : State.FRESH;
    }

    private static boolean decode(byte[] text, int from, byte[] target) {
        for (int i = from, at = 0; at < target.length; i += 4, at += 3) {
            int bits =
                    sextet(text[i]) << 18 | sextet(text[i + 1]) << 12 | sextet(text[i + 2]) << 6 | sextet(text[i + 3]);
            if (bits < 0) {
                return false;
            }
            target[at] = (byte) (bits >> 16);
            target[at + 1] = (byte) (bits >> 8);
            target[at + 2] = (byte) bits;
        }
        return true;
    }

    /** The character's value, -1 for one that base64url does not use; -1 shifted and joined with others stays negative. */
    private static int sextet(byte b) {
        return b < 0 ? -1 : DECODE[b];
    }
}
