package org.sipproxy.jdbc;

import java.nio.charset.StandardCharsets;

/** Numbers of PostgreSQL's advisory locks, the same in every process. */
final class AdvisoryLock {

    private AdvisoryLock() {}

    /**
     * Returns the number for a purpose and a subject (64-bit FNV-1a), which other users of such locks are unlikely to
     * use.
     */
    static long number(String purpose, String subject) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : ("sipproxy " + purpose + " " + subject).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return hash;
    }
}
