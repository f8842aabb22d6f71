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
 * Routing table of all live transactions of one proxy. Every operation is a hash look-up, so a message without a match
 * costs the same however many transactions are live.
 *
 * <p>Client transactions are found by the number in the branch that this proxy chose ({@link Branches}). A CANCEL
 * shares its INVITE's branch (RFC 3261 §9.1), so CANCELs have a separate table.
 */
public final class TransactionTable {

    private static final long ACCEPTED = 0x4143434550544544L;

    private static final int NO_POINT = 255;

    /** The listening points on which INVITEs arrived. */
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
    private volatile TransactionTimers timers;

    /**
     * Creates an empty table.
     *
     * @param lingeringBytes limit in bytes for the transactions that only wait for retransmissions
     * @param budget charged for all other transactions
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

    /**
     * Sets the timers of transactions that begin from now on. Must have the same T1, which determines how long finished
     * transactions are kept.
     */
    public void timers(TransactionTimers changed) {
        timers = changed;
    }

    public TransactionTimers timers() {
        return timers;
    }

    /** Returns the memory budget of the live transactions. */
    public TransactionBudget budget() {
        return budget;
    }

    public @Nullable ServerTransaction server(TransactionKey key) {
        return servers.get(key);
    }

    /**
     * Returns the response to a retransmission of a request whose transaction is over: empty for none, null if it is
     * not a retransmission.
     */
    public byte @Nullable [] lingering(TransactionKey key) {
        return lingering.get(key.first(), key.second());
    }

    /** Replaces the transaction by its key and the response to retransmit, for 64*T1. */
    void linger(ServerTransaction transaction, byte[] response) {
        TransactionKey key = transaction.key();
        lingering.put(key.first(), key.second(), response);
        remove(transaction);
    }

    /**
     * Returns where to send a 2xx with this branch number that is a retransmission of, or an addition to, one that was
     * forwarded within 64*T1 (RFC 6026 §7.2); null for any other branch. The address is the caller's at that time,
     * because the callee controls the contents of the response.
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
            throw new IllegalStateException("kept address has an invalid length of " + (kept.length - 3) + " bytes", e);
        }
    }

    /** Replaces the INVITE's client transaction by its branch number and the INVITE's source, for 64*T1. */
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

    /** Returns the number of a listening point; {@value #NO_POINT} if it has none. */
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

    /** Accepts the ACK with this key as one of a dialog, for 64*T1. */
    public void expectAck(TransactionKey key) {
        lingering.put(key.first(), key.second(), ServerTransaction.NOTHING);
    }

    /** Returns true if the ACK with this key acknowledges an INVITE that was accepted within 64*T1. */
    public boolean isExpectedAck(TransactionKey key) {
        return lingering.get(key.first(), key.second()) != null;
    }

    /** Returns the number of transactions that are over and wait for retransmissions. */
    public long lingering() {
        return lingering.size();
    }

    /** Returns how many messages were retransmitted because their peer was silent. */
    public long resent() {
        return resent.sum();
    }

    void countResent() {
        resent.increment();
    }

    /** Returns how many lingering transactions were evicted early because their memory limit was reached. */
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

    /** Returns the transaction to which a response with this branch number and CSeq method belongs. */
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

    /** Fires {@code timer} after a time; one that is scheduled already is moved. */
    public void schedule(Timer timer, long delayNanos) {
        wheel.schedule(timer, clock.nanoTime(), delayNanos);
    }

    /** Removes {@code timer} from the wheel. */
    public void cancel(Timer timer) {
        wheel.cancel(timer);
    }

    public long now() {
        return clock.nanoTime();
    }

    /** Returns the number of server transactions without a final response. */
    public long unanswered() {
        return unanswered.get();
    }

    /** Returns the number of server transactions in any state. */
    public int servers() {
        return servers.size();
    }

    /** Returns the number of client transactions in any state. */
    public int clients() {
        return clients.size() + cancels.size();
    }

    /** Returns all server transactions; used at shutdown. */
    public Iterable<ServerTransaction> allServers() {
        return servers.values();
    }

    /** Ends all transactions without a response or a callback, after the proxy has closed and timers no longer fire. */
    public void clear() {
        clients.values().forEach(ClientTransaction::abandon);
        cancels.values().forEach(ClientTransaction::abandon);
        servers.values().forEach(ServerTransaction::abandon);
    }
}
