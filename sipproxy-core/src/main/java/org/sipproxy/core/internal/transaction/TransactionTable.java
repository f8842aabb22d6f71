package org.sipproxy.core.internal.transaction;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.ProxyClock;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * All live transactions of one proxy. Everything is a hash lookup: what matches nothing costs the same however many
 * transactions live.
 *
 * <p>Client transactions are found by the number in the branch that we chose ({@link Branches}); a CANCEL shares its
 * INVITE's branch (RFC 3261 §9.1), so CANCELs have a table of their own.
 */
public final class TransactionTable {

    private static final long ACCEPTED = 0x4143434550544544L;
    private static final byte[] NOTHING = {};

    private final ConcurrentHashMap<TransactionKey, ServerTransaction> servers = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, ClientTransaction> clients = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, ClientTransaction> cancels = new ConcurrentHashMap<>();
    private final AtomicLong unanswered = new AtomicLong();
    private final LingeringTable lingering;
    private final TimerWheel wheel;
    private final ProxyClock clock;
    private final TransactionTimers timers;

    /**
     * An empty table.
     *
     * @param lingeringBytes what the transactions that only wait for repetitions may take together
     */
    public TransactionTable(TimerWheel wheel, ProxyClock clock, TransactionTimers timers, long lingeringBytes) {
        this.wheel = wheel;
        this.clock = clock;
        this.timers = timers;
        this.lingering = new LingeringTable(lingeringBytes, timers.linger(), clock::nanoTime);
    }

    public TransactionTimers timers() {
        return timers;
    }

    public @Nullable ServerTransaction server(TransactionKey key) {
        return servers.get(key);
    }

    /** What a repetition of a request whose transaction is over is answered with: empty for nothing, null if it is no repetition. */
    public byte @Nullable [] lingering(TransactionKey key) {
        return lingering.get(key.first(), key.second());
    }

    /** From now on the transaction is only its key and the response to repeat, for 64*T1. */
    void linger(ServerTransaction transaction, byte[] response) {
        TransactionKey key = transaction.key();
        lingering.put(key.first(), key.second(), response);
        remove(transaction);
    }

    /** True if a 2xx with this branch number repeats, or adds to, one that was forwarded within 64*T1 (RFC 6026 §7.2). */
    public boolean isAccepted(long branch) {
        return lingering.get(branch, ACCEPTED) != null;
    }

    /** From now on the INVITE's client transaction is only its branch number, for 64*T1. */
    void lingerAccepted(ClientTransaction transaction) {
        lingering.put(transaction.branch(), ACCEPTED, NOTHING);
        remove(transaction);
    }

    /** From now on, for 64*T1, the ACK with this key counts as one of a dialog. */
    public void expectAck(TransactionKey key) {
        lingering.put(key.first(), key.second(), NOTHING);
    }

    /** True if the ACK with this key acknowledges an INVITE that was accepted within 64*T1. */
    public boolean isExpectedAck(TransactionKey key) {
        return lingering.get(key.first(), key.second()) != null;
    }

    /** Transactions that are over and wait for repetitions. */
    public long lingering() {
        return lingering.size();
    }

    /** How many of them had to leave early, for want of memory. */
    public long forgottenEarly() {
        return lingering.forgottenEarly();
    }

    /** Adds a new server transaction, or returns the one that another thread added for the same request. */
    public @Nullable ServerTransaction addIfAbsent(ServerTransaction transaction) {
        ServerTransaction other = servers.putIfAbsent(transaction.key(), transaction);
        if (other == null) {
            unanswered.incrementAndGet();
        }
        return other;
    }

    /** The transaction that a response with this branch number and CSeq method belongs to. */
    public @Nullable ClientTransaction client(long branch, boolean cancel) {
        return (cancel ? cancels : clients).get(branch);
    }

    void add(ClientTransaction transaction) {
        (transaction.isCancel() ? cancels : clients).put(transaction.branch(), transaction);
    }

    void remove(ClientTransaction transaction) {
        (transaction.isCancel() ? cancels : clients).remove(transaction.branch(), transaction);
    }

    void remove(ServerTransaction transaction) {
        servers.remove(transaction.key(), transaction);
    }

    void answered() {
        unanswered.decrementAndGet();
    }

    void schedule(Timer timer, long delayNanos) {
        wheel.schedule(timer, clock.nanoTime(), delayNanos);
    }

    void cancel(Timer timer) {
        wheel.cancel(timer);
    }

    long now() {
        return clock.nanoTime();
    }

    /** Server transactions that have no final response yet. */
    public long unanswered() {
        return unanswered.get();
    }

    /** Server transactions in any state. */
    public int servers() {
        return servers.size();
    }

    /** Client transactions in any state. */
    public int clients() {
        return clients.size() + cancels.size();
    }

    /** Shows the server transactions, for the end of the proxy. */
    public Iterable<ServerTransaction> allServers() {
        return servers.values();
    }
}
