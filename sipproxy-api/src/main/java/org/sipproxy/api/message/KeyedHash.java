package org.sipproxy.api.message;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits over a short text that nobody can make without the key. It tells what we
 * wrote into a message from what somebody made up, and keeps hash tables safe from those who choose the keys, in some 30 ns and
 * without garbage. For a signature that is tried at leisure, offline, 64 bits are too few; online they are not.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class KeyedHash {

    /** Reads eight bytes at once, which saves a fifth of the time over a whole message. */
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long k0;
    private final long k1;

    private KeyedHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    /** A key that nobody else has and that dies with this process. */
    public static KeyedHash random() {
        SecureRandom random = new SecureRandom();
        return new KeyedHash(random.nextLong(), random.nextLong());
    }

    /**
     * A key made of a secret that several proxies may share.
     *
     * @param secret at least 16 random bytes; not kept
     * @param purpose what it is for: hashes for different purposes have nothing in common
     * @throws IllegalArgumentException if the secret is shorter
     */
    public static KeyedHash of(byte[] secret, String purpose) {
        if (secret.length < 16) {
            throw new IllegalArgumentException(
                    "secret: " + secret.length + " bytes (expected at least 16 random bytes)");
        }
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(purpose.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            sha.update((byte) 0);
            byte[] key = sha.digest(secret);
            return new KeyedHash(littleEndian(key, 0, 8), littleEndian(key, 8, 8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no SHA-256, which every JVM must have", e);
        }
    }

    /** For the test vectors. */
    static KeyedHash ofKey(byte[] key) {
        return new KeyedHash(littleEndian(key, 0, 8), littleEndian(key, 8, 8));
    }

    /** The hash of {@code a[from, to)}. */
    public long hash(byte[] a, int from, int to) {
        return hash(a, from, to, false, 0);
    }

    /** The hash of an earlier hash and {@code a[from, to)}: so a text of several parts is hashed without putting it together. */
    public long hash(long before, byte[] a, int from, int to) {
        return hash(a, from, to, true, before);
    }

    private long hash(byte[] a, int from, int to, boolean chained, long before) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        int at = from;
        long length = (long) to - from;
        boolean first = chained;
        if (chained) {
            length += 8;
        }
        boolean last = false;
        while (true) {
            long m;
            int rounds = 2;
            if (first) {
                m = before;
                first = false;
            } else if (to - at >= 8) {
                m = (long) WORDS.get(a, at);
                at += 8;
            } else if (!last) {
                m = length << 56 | littleEndian(a, at, to - at);
                last = true;
            } else {
                v2 ^= 0xff;
                m = 0;
                rounds = 4;
            }
            v3 ^= m;
            for (int i = 0; i < rounds; i++) {
                v0 += v1;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v3;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= m;
            if (rounds == 4) {
                return v0 ^ v1 ^ v2 ^ v3;
            }
        }
    }

    private static long littleEndian(byte[] a, int from, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (a[from + i] & 0xffL) << (8 * i);
        }
        return value;
    }

    /** Shows nothing of the key. */
    @Override
    public String toString() {
        return "KeyedHash[key hidden]";
    }
}
