package org.sipproxy.security;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.sipproxy.api.message.KeyedHash;

/** Who failed how often, and who is locked out for it; see {@link Lockout}. Safe for use by several threads. */
final class Lockouts {

    /** What a failure led to. */
    record Lock(boolean wholeSource, long seconds) {

        private static final Lock NONE = new Lock(false, 0);

        boolean isNone() {
            return seconds == 0;
        }
    }

    /** Of one request: hashes of its source and of its user there. */
    record Subject(long user, long source) {}

    private final KeyedHash key = KeyedHash.random();
    private final Lockout policy;
    /** Failures with a nonce that was sent to the source. */
    private final FailureTable proven;
    /** Failures that anybody may have sent under the source's address. */
    private final FailureTable unproven;

    Lockouts(Lockout policy) {
        this.policy = policy;
        long first = policy.first().toMillis();
        long longest = policy.longest().toMillis();
        this.proven = new FailureTable(first, longest);
        this.unproven = new FailureTable(first, longest);
    }

    Subject subject(String user, InetAddress source) {
        byte[] address = source.getAddress();
        // an IPv6 host has a /64 to choose from
        long s = key.hash(address, 0, Math.min(address.length, 8));
        byte[] name = user.getBytes(StandardCharsets.UTF_8);
        return new Subject(key.hash(s, name, 0, name.length), s);
    }

    boolean isLocked(Subject subject, boolean isProven, long nowMillis) {
        FailureTable table = table(isProven);
        return table.isLocked(subject.source, nowMillis) || table.isLocked(subject.user, nowMillis);
    }

    Lock failed(Subject subject, boolean isProven, long nowMillis) {
        FailureTable table = table(isProven);
        long user = table.failed(subject.user, policy.userFailures(), nowMillis);
        long source = table.failed(subject.source, policy.sourceFailures(), nowMillis);
        if (user == 0 && source == 0) {
            return Lock.NONE;
        }
        return new Lock(source > 0, Math.max(user, source) / 1_000);
    }

    void succeeded(Subject subject) {
        proven.forgive(subject.user, Integer.MAX_VALUE);
        proven.forgive(subject.source, 1);
    }

    private FailureTable table(boolean isProven) {
        return isProven ? proven : unproven;
    }
}
