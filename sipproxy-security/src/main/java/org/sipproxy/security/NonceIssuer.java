package org.sipproxy.security;

import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.message.SipParseException;
import org.sipproxy.security.DigestResponse.Field;

/**
 * Issuer of nonces, which verifies them without stored state: 52 characters of base64url over
 *
 * <pre>
 *   version (1 byte) · time of issue (6 bytes, ms) · period of the clock (3 bytes) · number (7 bytes) · binding (6
 *   bytes)
 *   · signature (16 bytes)
 * </pre>
 *
 * <p>The signature covers all preceding bytes and the realm. The number is random: it only makes nonces differ, so that
 * the uses of each are counted separately. The signature is what prevents forged nonces. The binding is a keyed hash,
 * so that it does not disclose what it is bound to.
 */
final class NonceIssuer {

    enum State {
        FRESH,
        /**
         * Signed with a secret of this proxy, but too old. Or issued by another process, by a clock that is ahead of
         * this one by more than {@link #MAX_DRIFT_MILLIS}, or with a date that this clock showed before it was set.
         */
        EXPIRED,
        /** Signed with a secret of this proxy, but bound to another context: see {@link NonceBinding}. */
        ELSEWHERE,
        /** Not signed with a secret of this proxy. */
        FOREIGN
    }

    /**
     * Result of the check of a nonce.
     *
     * @param number distinguishes it from other nonces; 0 if it is foreign
     * @param issuedMillis when it was issued, in the proxy's time; 0 if it is foreign
     * @param isOwn true if this process issued it
     */
    record Nonce(State state, long number, long issuedMillis, boolean isOwn) {

        private static final Nonce FOREIGN = new Nonce(State.FOREIGN, 0, 0, false);
    }

    /** Tolerated future date of a nonce, because clocks of proxies with a shared secret differ. Kamailio's default. */
    static final long MAX_DRIFT_MILLIS = 3_000;

    private static final byte VERSION = 3;
    private static final int TIME = 1;
    private static final int CLOCK = 7;
    private static final int NUMBER = 10;
    private static final int BINDING = 17;
    private static final int HEAD = 23;
    private static final int LENGTH = HEAD + Hashes.SIGNATURE_LENGTH;
    private static final int TEXT_LENGTH = LENGTH / 3 * 4;

    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder();
    private static final byte[] DECODE = decodeTable();

    private final long lifetimeMillis;
    private final NonceBinder binder;
    private final NonceClock clock = new NonceClock();

    NonceIssuer(long lifetimeMillis, NonceBinder binder) {
        this.lifetimeMillis = lifetimeMillis;
        this.binder = binder;
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

    /** Returns a nonce for the next attempt at the request in the context. */
    String issue(StageContext context, Realm realm, Hashes hashes) throws SipParseException {
        byte[] nonce = new byte[LENGTH];
        nonce[0] = VERSION;
        long wallMillis = context.wallClock().toEpochMilli();
        put(nonce, TIME, 6, wallMillis);
        put(
                nonce,
                CLOCK,
                3,
                clock.current(context.now().toEpochMilli(), wallMillis).id());
        put(nonce, NUMBER, 7, ThreadLocalRandom.current().nextLong());
        put(nonce, BINDING, 6, binder.of(context, 0));
        hashes.sign(0, nonce, HEAD, realm.bytes(), nonce, HEAD);
        return ENCODER.encodeToString(nonce);
    }

    Nonce check(StageContext context, DigestResponse response, Realm realm, Hashes hashes) throws SipParseException {
        byte[] nonce = new byte[LENGTH];
        if (response.length(Field.NONCE) != TEXT_LENGTH
                || !decode(response.bytes(), response.from(Field.NONCE), nonce)
                || nonce[0] != VERSION) {
            return Nonce.FOREIGN;
        }
        int secret = 0;
        while (!hashes.isSigned(secret, nonce, HEAD, realm.bytes())) {
            if (++secret == hashes.secrets()) {
                return Nonce.FOREIGN;
            }
        }
        long nowMillis = context.now().toEpochMilli();
        NonceClock.Period current = clock.current(nowMillis, context.wallClock().toEpochMilli());
        NonceClock.Period own = clock.own((int) take(nonce, CLOCK, 3));
        long date = take(nonce, TIME, 6);
        long issuedMillis = date - (own == null ? current : own).shift();
        long age = nowMillis - issuedMillis;
        State state = State.FRESH;
        if (age > lifetimeMillis || age < -MAX_DRIFT_MILLIS || (own == null && clock.wasShown(date))) {
            state = State.EXPIRED;
        } else if (take(nonce, BINDING, 6) != binder.of(context, secret)) {
            state = State.ELSEWHERE;
        }
        return new Nonce(state, take(nonce, NUMBER, 7), issuedMillis, own != null);
    }

    private static void put(byte[] target, int at, int count, long value) {
        for (int i = 0; i < count; i++) {
            target[at + i] = (byte) (value >> (8 * (count - 1 - i)));
        }
    }

    private static long take(byte[] from, int at, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 8 | (from[at + i] & 0xff);
        }
        return value;
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

    /**
     * Returns the character's value; -1 if base64url does not use it. -1 stays negative when shifted and joined with
     * others.
     */
    private static int sextet(byte b) {
        return b < 0 ? -1 : DECODE[b];
    }
}
