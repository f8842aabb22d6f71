package org.sipproxy.core.internal.transaction;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.options.ProxyClock;

/**
 * All live transactions of one proxy. Everything is a hash lookup: what matches nothing costs the same however many
 * transactions live.
 *
 * <p>Client transactions are found by the number in the branch that we chose ({@link Branches}); a CANCEL shares its
 * INVITE's branch (RFC 3261 §9.1), so CANCELs have a table of their own.
 */
public final class TransactionTable {

    private static final long ACCEPTED = 0x4143434550544544L;

    private static final int NO_POINT = 255;

    /** The listening points that INVITEs came in on. */
    private final CopyOnWriteArrayList<Endpoint> points = new CopyOnWriteArrayList<>();

    private final ConcurrentHashMap<TransactionKey, ServerTransaction> servers = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, ClientTransaction> clients = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, ClientTransaction> cancels = new ConcurrentHashMap<>();
    private final AtomicLong unanswered = new AtomicLong();
    private final LongAdder resent = new LongAdder();
    private final LingeringTable lingering;
    private final TransactionBudget budget;
    private final TimerWheel wheel;
    private final ProxyClock clock;
    private final TransactionTimers timers;

    /**
     * An empty table.
     *
     * @param lingeringBytes what the transactions that only wait for retransmissions may take together
     * @param budget what all others count
     */
    public TransactionTable(
            TimerWheel wheel,
            ProxyClock clock,
            TransactionTimers timers,
            long lingeringBytes,
            TransactionBudget budget) {
        this.wheel = wheel;
        this.clock = clock;
        this.timers = timers;
        this.budget = budget;
        this.lingering = new LingeringTable(lingeringBytes, timers.linger(), clock::nanoTime);
    }

    public TransactionTimers timers() {
        return timers;
    }

    /** What the live transactions use, and may use. */
    public TransactionBudget budget() {
        return budget;
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

    /**
     * Where a 2xx with this branch number is sent that repeats, or adds to, one that was forwarded within 64*T1 (RFC 6026 §7.2);
     * null for any other branch. The address is the caller's of that time: what stands in the response, a callee wrote.
     */
    public @Nullable Upstream upstreamOfAccepted(long branch) {
        byte[] kept = lingering.get(branch, ACCEPTED);
        if (kept == null) {
            return null;
        }
        int port = (kept[0] & 0xff) << 8 | kept[1] & 0xff;
        int point = kept[2] & 0xff;
        try {
            InetAddress address = InetAddress.getByAddress(Arrays.copyOfRange(kept, 3, kept.length));
            return new Upstream(new InetSocketAddress(address, port), point < points.size() ? points.get(point) : null);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + (kept.length - 3) + " bytes was kept", e);
        }
    }

    /** From now on the INVITE's client transaction is only its branch number and where it came from, for 64*T1. */
    void lingerAccepted(ClientTransaction transaction, Upstream upstream) {
        byte[] address = upstream.address().getAddress().getAddress();
        byte[] kept = new byte[3 + address.length];
        kept[0] = (byte) (upstream.address().getPort() >>> 8);
        kept[1] = (byte) upstream.address().getPort();
        kept[2] = (byte) numberOf(upstream.point());
        System.arraycopy(address, 0, kept, 3, address.length);
        lingering.put(transaction.branch(), ACCEPTED, kept);
        remove(transaction);
    }

    /** The number of a listening point; {@value #NO_POINT} if it has none. */
    private int numberOf(@Nullable Endpoint point) {
        if (point == null) {
            return NO_POINT;
        }
        int number = points.indexOf(point);
        if (number < 0) {
            points.addIfAbsent(point);
            number = points.indexOf(point);
        }
        return Math.min(number, NO_POINT);
    }

    /** From now on, for 64*T1, the ACK with this key counts as one of a dialog. */
    public void expectAck(TransactionKey key) {
        lingering.put(key.first(), key.second(), ServerTransaction.NOTHING);
    }

    /** True if the ACK with this key acknowledges an INVITE that was accepted within 64*T1. */
    public boolean isExpectedAck(TransactionKey key) {
        return lingering.get(key.first(), key.second()) != null;
    }

    /** Transactions that are over and wait for repetitions. */
    public long lingering() {
        return lingering.size();
    }

    /** How many messages were sent again because their peer was silent. */
    public long resent() {
        return resent.sum();
    }

    void countResent() {
        resent.increment();
    }

    /** How many of the lingering ones had to leave early, for want of memory. */
    public long lingeringEvictions() {
        return lingering.lingeringEvictions();
    }

    /** Adds a new server transaction, or returns the one that another thread added for the same request. */
    public @Nullable ServerTransaction addIfAbsent(ServerTransaction transaction) {
        ServerTransaction other = servers.putIfAbsent(transaction.key(), transaction);
        if (other == null) {
            unanswered.incrementAndGet();
            transaction.added();
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

    public long now() {
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

    /** All server transactions; used at shutdown. */
    public Iterable<ServerTransaction> allServers() {
        return servers.values();
    }

    /** Ends all transactions without a response or a callback: the proxy has closed, and no timer fires any more. */
    public void clear() {
        clients.values().forEach(ClientTransaction::abandon);
        cancels.values().forEach(ClientTransaction::abandon);
        servers.values().forEach(ServerTransaction::abandon);
    }
}
