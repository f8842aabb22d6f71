package org.sipproxy.security;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.sipproxy.api.support.KeyedHash;

/**
 * Failure counts and active lockouts; see {@link Lockout}. Thread-safe.
 *
 * <p>Several users may share a source, and an attacker may be one of them. A user who proved the password there within
 * the last {@link ProofTable#SECONDS day} is exempt from the source's lockout. On the address and port of the proof,
 * the user is also exempt from the user's lockout, because such a flow has its own count. The attempts of an attacker
 * at the same address are therefore limited by two counts: the source's, for users without a proof there, and the
 * user's, for each user with one.
 */
final class Lockouts {

    /** The lockout that a failure caused. */
    record Lock(boolean wholeSource, long seconds) {

        private static final Lock NONE = new Lock(false, 0);

        boolean isNone() {
            return seconds == 0;
        }
    }

    /**
     * Hashes for one request: of its source, of its user at the source, and of its user at the exact address and port.
     * With the user and the address themselves, for {@link LockoutList}.
     */
    record Subject(long source, long user, long flow, String name, InetSocketAddress from) {}

    private final KeyedHash key = KeyedHash.random();
    private final Lockout policy;
    /** Failures with a nonce that was sent to the source. */
    private final FailureTable proven;
    /** Failures that any client may have sent by forging the source's address. */
    private final FailureTable unproven;
    /** Users at their sources, and at their flows, that proved a password. */
    private final ProofTable proofs = new ProofTable();

    private final LockoutList list = new LockoutList();

    Lockouts(Lockout policy) {
        this.policy = policy;
        long first = policy.first().toMillis();
        long longest = policy.longest().toMillis();
        this.proven = new FailureTable(first, longest);
        this.unproven = new FailureTable(first, longest);
    }

    Subject subject(String user, InetSocketAddress from) {
        byte[] address = from.getAddress().getAddress();
        // an IPv6 host can use any address of its /64
        long source = key.hash(address, 0, Math.min(address.length, 8));
        byte[] name = user.getBytes(StandardCharsets.UTF_8);
        long atSource = key.hash(source, name, 0, name.length);
        long atFlow = key.hash(atSource + from.getPort(), address, 0, address.length);
        return new Subject(source, atSource, atFlow, user, from);
    }

    /**
     * Returns true if credentials are refused without being checked.
     *
     * @param isProven true if the nonce was sent to the source
     */
    boolean isLocked(Subject subject, boolean isProven, long nowMillis) {
        FailureTable table = table(isProven);
        if (proofs.contains(subject.flow, nowMillis)) {
            return table.isLocked(subject.flow, nowMillis);
        }
        return table.isLocked(subject.user, nowMillis)
                || (table.isLocked(subject.source, nowMillis) && !proofs.contains(subject.user, nowMillis));
    }

    /** Counts a failure of credentials that were checked. */
    Lock failed(Subject subject, boolean isProven, long nowMillis) {
        FailureTable table = table(isProven);
        long who = proofs.contains(subject.flow, nowMillis) ? subject.flow : subject.user;
        long user = table.failed(who, policy.userFailures(), nowMillis);
        // guesses at exempt users must not prolong the lockout of others
        long source = table.isLocked(subject.source, nowMillis)
                ? 0
                : table.failed(subject.source, policy.sourceFailures(), nowMillis);
        if (user == 0 && source == 0) {
            return Lock.NONE;
        }
        CidrBlock network = networkOf(subject.from);
        if (user > 0) {
            list.add(table, who, subject.name, network, isProven, nowMillis + user);
        }
        if (source > 0) {
            list.add(table, subject.source, "", network, isProven, nowMillis + source);
        }
        return new Lock(source > 0, Math.max(user, source) / 1_000);
    }

    private static CidrBlock networkOf(InetSocketAddress from) {
        InetAddress address = from.getAddress();
        return CidrBlock.around(address, address instanceof Inet6Address ? 64 : 32);
    }

    /** Returns the active lockouts, in the order of their latest failures. */
    List<ActiveLockout> active(long nowMillis) {
        return list.list(nowMillis);
    }

    /** Ends lockouts. Returns how many. */
    int end(Predicate<? super ActiveLockout> which, long nowMillis) {
        return list.end(which, nowMillis);
    }

    /**
     * Records a right password with a nonce that was sent to the source. A further proof on the same flow does not
     * reduce the counts from which the flow is exempt. Otherwise each re-registration of a phone would allow an
     * attacker at the same source more guesses.
     */
    void succeeded(Subject subject, long nowMillis) {
        if (proofs.contains(subject.flow, nowMillis)) {
            proven.forgive(subject.flow, Integer.MAX_VALUE);
        } else {
            proven.forgive(subject.user, Integer.MAX_VALUE);
            proven.forgive(subject.source, 1);
        }
        proofs.add(subject.flow, nowMillis);
        proofs.add(subject.user, nowMillis);
    }

    private FailureTable table(boolean isProven) {
        return isProven ? proven : unproven;
    }
}
