package org.sipproxy.api.support;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Keyed hash of 64 bits over short texts: SipHash-2-4 (Aumasson and Bernstein, 2012). It cannot be computed without the
 * key. It is used to recognize what this proxy wrote into a message, and to protect hash tables from chosen keys. A
 * hash takes some 30 ns and allocates no garbage. 64 bits are sufficient if each guess needs a request to the proxy,
 * but not for a signature that can be attacked offline.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class KeyedHash {

    /** Reads eight bytes at once, which is a fifth faster over a whole message. */
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long k0;
    private final long k1;

    private KeyedHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    /** Creates a hash with a random key that exists only in this process. */
    public static KeyedHash random() {
        SecureRandom random = new SecureRandom();
        return new KeyedHash(random.nextLong(), random.nextLong());
    }

    /**
     * Creates a hash whose key is derived from a secret that several proxies may share.
     *
     * @param secret at least 16 random bytes; not kept
     * @param purpose what the hash is for: hashes for different purposes are unrelated
     * @throws ConfigurationException if the secret is shorter than 16 bytes
     */
    public static KeyedHash of(byte[] secret, String purpose) {
        if (secret.length < 16) {
            throw problem("secret", secret.length + " bytes", "expected at least 16 random bytes", "");
        }
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(purpose.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            sha.update((byte) 0);
            byte[] key = sha.digest(secret);
            return new KeyedHash(littleEndian(key, 0, 8), littleEndian(key, 8, 8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM does not provide SHA-256, which every JVM must provide", e);
        }
    }

    private static ConfigurationException problem(String option, String value, String reason, String remedy) {
        return new ConfigurationException(ConfigurationProblem.of(option, value, reason, remedy));
    }

    /** Creates a hash with the key of a test vector. */
    static KeyedHash ofKey(byte[] key) {
        return new KeyedHash(littleEndian(key, 0, 8), littleEndian(key, 8, 8));
    }

    /** Returns the hash of {@code a[from, to)}. */
    public long hash(byte[] a, int from, int to) {
        return hash(new State(k0, k1), 0, a, from, to);
    }

    /**
     * Returns the hash of an earlier hash and {@code a[from, to)}, so that a text of several parts need not be copied.
     */
    public long hash(long before, byte[] a, int from, int to) {
        State state = new State(k0, k1);
        state.word(before);
        return hash(state, 8, a, from, to);
    }

    /** Returns the hash of {@code [from, to)} of a message, which equals that of the same bytes in an array. */
    public long hash(MessageIndex message, int from, int to) {
        return hash(new State(k0, k1), 0, message, from, to);
    }

    /** Returns the hash of an earlier hash and {@code [from, to)} of a message. */
    public long hash(long before, MessageIndex message, int from, int to) {
        State state = new State(k0, k1);
        state.word(before);
        return hash(state, 8, message, from, to);
    }

    private static long hash(State state, int lengthBefore, byte[] a, int from, int to) {
        int at = from;
        for (; to - at >= 8; at += 8) {
            state.word((long) WORDS.get(a, at));
        }
        return state.end((long) lengthBefore + to - from, littleEndian(a, at, to - at));
    }

    private static long hash(State state, int lengthBefore, MessageIndex message, int from, int to) {
        int at = from;
        for (; to - at >= 8; at += 8) {
            state.word(message.longAt(at));
        }
        long rest = 0;
        for (int i = 0; i < to - at; i++) {
            rest |= (message.byteAt(at + i) & 0xffL) << (8 * i);
        }
        return state.end((long) lengthBefore + to - from, rest);
    }

    /** The four words of the algorithm; escape analysis keeps it on the caller's stack. */
    private static final class State {

        private long v0;
        private long v1;
        private long v2;
        private long v3;

        State(long k0, long k1) {
            v0 = k0 ^ 0x736f6d6570736575L;
            v1 = k1 ^ 0x646f72616e646f6dL;
            v2 = k0 ^ 0x6c7967656e657261L;
            v3 = k1 ^ 0x7465646279746573L;
        }

        void word(long m) {
            v3 ^= m;
            rounds(2);
            v0 ^= m;
        }

        long end(long length, long rest) {
            word(length << 56 | rest);
            v2 ^= 0xff;
            rounds(4);
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void rounds(int count) {
            for (int i = 0; i < count; i++) {
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
        }
    }

    private static long littleEndian(byte[] a, int from, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (a[from + i] & 0xffL) << (8 * i);
        }
        return value;
    }

    /** Returns a text without the key. */
    @Override
    public String toString() {
        return "KeyedHash[key hidden]";
    }
}
