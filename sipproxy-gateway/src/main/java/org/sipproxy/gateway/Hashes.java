package org.sipproxy.gateway;

import java.nio.charset.StandardCharsets;

/** Hashes that are the same in every process, so that proxies with the same members choose the same one. */
final class Hashes {

    private Hashes() {}

    /**
     * Returns the 64-bit FNV-1a hash of a text, mixed: texts that differ in their last character only differ in all
     * bits.
     */
    static long of(String text) {
        long h = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ (b & 0xff)) * 0x100000001b3L;
        }
        return mixed(h);
    }

    /** Returns the hash of two hashes. */
    static long of(long one, long other) {
        return mixed(one ^ Long.rotateLeft(other, 23));
    }

    /** The finalizer of SplitMix64. */
    private static long mixed(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
