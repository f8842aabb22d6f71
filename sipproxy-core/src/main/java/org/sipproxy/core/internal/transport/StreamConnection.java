package org.sipproxy.core.internal.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.tls.SipIdentities;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream connection, accepted or opened by the proxy. It has its own number, so that a new connection from the same
 * address is another flow. CONNECTING lasts until the handshake of its {@link StreamProtocol} is complete.
 *
 * <pre>
 * state          event               next     action
 * CONNECTING     handshake complete  OPEN     write what is queued
 * CONNECTING     connect or          CLOSED   fail what is queued
 *                handshake failed
 * OPEN           finish              CLOSING  write what is queued, end the output, close when the peer does
 * any            close               CLOSING  close the channel
 * OPEN, CLOSING  channel closed      CLOSED   fail what is queued; onClosed if it was ever OPEN
 * </pre>
 *
 * <p>All messages pass through {@link OutgoingQueue}. It keeps them in the order of {@link #send}, and each one fails
 * at most once: the thread that removes a message from the queue handles its failure. A sender adds the message first
 * and then checks the state. A state change sets the state first and then empties the queue. So no message stays in the
 * queue of a closed connection.
 */
final class StreamConnection implements TransportFlow {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    /**
     * Time that the peer of an abandoned stream has for reading the response; closing at once would reset the
     * connection and discard it.
     */
    private static final long LINGER_MILLIS = 1_000;

    /** A proof keeps a source known for an hour; recording one a minute is enough. */
    private static final long PROOF_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A row dates its registration in whole seconds. */
    private static final long SEEN_PRECISION_MILLIS = 1_000;

    private enum State {
        CONNECTING,
        OPEN,
        CLOSING,
        CLOSED
    }

    private final StreamTransport transport;
    private final StreamEnvironment environment;
    private final InetSocketAddress remote;
    private final boolean accepted;
    /** The host that a TLS connection was opened to; otherwise empty. */
    private final String peerName;

    private final Optional<Long> id;
    /** In the proxy's time. */
    private final long createdAtMillis;

    private final AtomicReference<State> state = new AtomicReference<>(State.CONNECTING);
    private final OutgoingQueue outgoing;
    private volatile @Nullable Channel channel;
    /** Why it was closed, if the proxy closed it; the first cause stays. */
    private final AtomicReference<@Nullable Throwable> closeCause = new AtomicReference<>();

    /** The place in the budget; written before anything is read. Null for a connection that the proxy opened. */
    private volatile ConnectionBudget.@Nullable Place place;

    /** True when the peer has delivered a valid message. Written by the thread that has parsed it. */
    private volatile boolean messageAccepted;

    /** Time at which the peer's proof of a password was last recorded; 0 for never. */
    private volatile long provenNanos;

    private volatile @Nullable SentBy advertised;
    /** Written before the connection is open. */
    private volatile SipIdentities identities = SipIdentities.NONE;

    // event loop only
    private boolean wasOpen;
    private @Nullable Future<?> handshakeLimit;
    private long lastActivityNanos = System.nanoTime();

    private StreamConnection(StreamTransport transport, InetSocketAddress remote, boolean accepted, String peerName) {
        this.transport = transport;
        this.environment = transport.environment();
        this.remote = remote;
        this.accepted = accepted;
        this.peerName = peerName;
        this.id = Optional.of(environment.nextConnectionId());
        this.createdAtMillis = environment.millis();
        this.outgoing = new OutgoingQueue(this, environment);
    }

    static StreamConnection accepted(StreamTransport transport, InetSocketAddress remote) {
        return new StreamConnection(transport, remote, true, "");
    }

    static StreamConnection made(StreamTransport transport, InetSocketAddress remote, String peerName) {
        return new StreamConnection(transport, remote, false, peerName);
    }

    // TransportFlow

    @Override
    public TransportKind kind() {
        return transport.protocol().kind();
    }

    @Override
    public Set<String> peerIdentities() {
        return identities.domains();
    }

    @Override
    public boolean isPeerInitiated() {
        return accepted && kind() != TransportKind.TCP;
    }

    @Override
    public boolean isAccepted() {
        return accepted;
    }

    @Override
    public boolean wasOpenAt(long seenAtMillis) {
        return !accepted || createdAtMillis - SEEN_PRECISION_MILLIS < seenAtMillis;
    }

    @Override
    public Endpoint endpoint() {
        return transport.boundEndpoint();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public InetSocketAddress localAddress() {
        Channel open = state.get() == State.CONNECTING ? null : channel;
        return open != null && open.localAddress() instanceof InetSocketAddress local
                ? local
                : TransportFlow.super.localAddress();
    }

    @Override
    public Optional<Long> connectionId() {
        return id;
    }

    long number() {
        return id.orElseThrow();
    }

    @Override
    public boolean isOpen() {
        State now = state.get();
        return now == State.OPEN || now == State.CONNECTING;
    }

    @Override
    public SentBy advertised() {
        SentBy known = advertised;
        if (known == null) {
            Channel open = state.get() == State.CONNECTING ? null : channel;
            known = transport.advertised(open == null ? null : (InetSocketAddress) open.localAddress(), remote);
            advertised = known;
        }
        return known;
    }

    @Override
    public void messageAccepted() {
        if (messageAccepted) {
            return;
        }
        messageAccepted = true;
        ConnectionBudget.Place mine = place;
        if (mine != null) {
            environment.budget.received(mine);
        }
    }

    /** Returns true if the peer has to deliver a valid message soon. */
    boolean isAwaitingFirstMessage() {
        return accepted && !messageAccepted;
    }

    @Override
    public void peerProven() {
        ConnectionBudget.Place mine = place;
        long now = System.nanoTime();
        if (mine != null && (provenNanos == 0 || now - provenNanos > PROOF_NANOS)) {
            provenNanos = now == 0 ? 1 : now;
            environment.budget.proven(mine);
        }
    }

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        if (!outgoing.reserve(wire.length) && overflow(wire, onFailure)) {
            return;
        }
        outgoing.add(wire, onFailure);
        State now = state.get();
        if (now == State.OPEN) {
            write();
        } else if (now != State.CONNECTING) {
            outgoing.failAll();
        }
    }

    /**
     * Returns true if the message has failed. Before the connection is open, only this message fails. Later the
     * connection is closed, and all its messages fail.
     */
    private boolean overflow(byte[] wire, SendFailure onFailure) {
        String reason = "more than " + environment.limits.bufferedBytes() + " bytes wait to be sent";
        if (state.get() == State.CONNECTING) {
            outgoing.refuse(
                    wire,
                    onFailure,
                    new SendFailedException("connection " + this + " is not open yet and " + reason, null));
            return true;
        }
        if (close("the peer does not read: " + reason, null)) {
            environment.counters.closedFull.increment();
        }
        return false;
    }

    private void write() {
        Channel open = channel;
        if (open == null) {
            return;
        }
        try {
            outgoing.write(open);
        } catch (RejectedExecutionException e) {
            close("the event loops are stopped", e);
            outgoing.failAll();
        }
    }

    // called by StreamInbound on the event loop

    /**
     * Starts a batch: messages sent on this loop from now on wait for {@link #readComplete} and are flushed together.
     */
    void readBegins() {
        outgoing.beginBatch();
        lastActivityNanos = System.nanoTime();
    }

    void readComplete() {
        outgoing.endBatch(channel);
    }

    /** Records that the peer has taken a message. On the event loop. */
    void sent() {
        lastActivityNanos = System.nanoTime();
    }

    /** Returns why the proxy closed the connection; null if it did not. */
    @Nullable
    Throwable closeCause() {
        return closeCause.get();
    }

    @Nullable
    Channel channel() {
        return channel;
    }

    long lastActivityNanos() {
        return lastActivityNanos;
    }

    /** Sends what is queued, then closes. The peer has a moment to read it. */
    @SuppressWarnings("FutureReturnValueIgnored") // shutting down and closing end in closeFuture
    void finish() {
        Channel open = channel;
        if (open == null || !state.compareAndSet(State.OPEN, State.CLOSING)) {
            return;
        }
        closeCause.compareAndSet(null, new SendFailedException("connection " + this + " is closing", null));
        transport.unlist(this);
        outgoing.writeAll(open);
        open.config().setAutoRead(true);
        open.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (written.isSuccess()) {
                transport.protocol().endOutput(open);
            } else {
                closeChannel(open);
            }
        });
        open.eventLoop().schedule(() -> closeChannel(open), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    // Called by StreamTransport.

    /** Starts to serve a connection that a peer opened. It has no handler yet. On the event loop. */
    void accepting(Channel open, ConnectionBudget.Place taken) {
        place = taken;
        channel = open;
        open.closeFuture().addListener(done -> closed());
        transport.protocol().accept(open, this);
        if (state.get() == State.CLOSING) {
            closeChannel(open); // evicted already
        }
    }

    /** Closes the connection because another one has taken its place in the budget. Thread-safe. */
    void evict() {
        if (close("all connections allowed are in use", null)) {
            environment.counters.evicted.increment();
            transport.limitReached(remote, "connections of the source");
        }
    }

    /** Closes the connection because no valid message arrived in time. On the event loop. */
    void closeSilent() {
        if (close("no valid message within " + environment.limits.firstMessageTimeout(), null)) {
            environment.counters.closedSilent.increment();
            transport.limitReached(remote, "time for the first message");
        }
    }

    /** Starts to connect; {@code attempt} is the result of the bootstrap. */
    void connecting(ChannelFuture attempt) {
        Throwable failed = attempt.cause();
        if (failed != null) {
            connectFailed(failed); // its channel may not have a loop
            return;
        }
        channel = attempt.channel();
        attempt.addListener(done -> {
            if (done.isSuccess() && isToItself(attempt.channel())) {
                closeChannel(attempt.channel());
                connectFailed(new ConnectException("the port is not open: the connection reached itself"));
            } else if (done.isSuccess()) {
                transport.protocol().connected(attempt.channel(), this);
            } else {
                connectFailed(done.cause());
            }
        });
        if (state.get() == State.CLOSING) {
            closeChannel(attempt.channel());
        }
    }

    /**
     * TCP lets a socket connect to itself (RFC 9293 §3.5, simultaneous open). This happens if the peer is a free port
     * of this machine and the system chooses the same port as the local one.
     */
    private static boolean isToItself(Channel open) {
        return open.localAddress() != null && open.localAddress().equals(open.remoteAddress());
    }

    // called by its protocol on the event loop

    /** Returns true while the connection is open; false once it is being closed. */
    boolean isEstablished() {
        return state.get() == State.OPEN;
    }

    StreamTransport transport() {
        return transport;
    }

    String peerName() {
        return peerName;
    }

    /** Records the identities in the peer's certificate after the handshake. */
    void identified(SipIdentities found) {
        identities = found;
    }

    /**
     * Returns true if the proxy opened the connection and the peer has proved to be this host, under whatever name it
     * was opened.
     */
    boolean isMadeTo(String name) {
        return !accepted && identities.covers(name);
    }

    /** Sets the time limit for opening the connection. */
    void opensWithin(Channel open, Duration limit) {
        open.closeFuture().addListener(done -> closed());
        handshakeLimit = open.eventLoop()
                .schedule(
                        () -> handshakeFailed(new TimeoutException("no handshake after " + limit)),
                        limit.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    /** Marks the connection as open. Nothing but the handshake has been read so far. */
    void opened(Channel open) {
        channel = open;
        lastActivityNanos = System.nanoTime();
        cancelHandshakeLimit();
        transport.list(this);
        if (!state.compareAndSet(State.CONNECTING, State.OPEN)) {
            transport.unlist(this);
            closeChannel(open);
            closed();
            return;
        }
        wasOpen = true;
        (accepted ? environment.counters.accepted : environment.counters.connected).increment();
        LOG.debug("connection {} opened", this);
        if (!accepted) {
            open.closeFuture().addListener(done -> closed());
        }
        outgoing.writeAndFlush();
    }

    private void cancelHandshakeLimit() {
        Future<?> limit = handshakeLimit;
        if (limit != null) {
            limit.cancel(false); // otherwise the task would keep the connection in memory
            handshakeLimit = null;
        }
    }

    /** Closes the connection because its handshake failed. Ignored once the connection is open. */
    void handshakeFailed(Throwable cause) {
        if (state.get() != State.CONNECTING) {
            return;
        }
        Channel open = channel;
        connectFailed(cause);
        if (open != null) {
            closeChannel(open);
        }
    }

    private void connectFailed(Throwable cause) {
        String said = String.valueOf(cause.getMessage());
        String what = accepted ? "no handshake with " : "cannot connect to ";
        closeCause.compareAndSet(null, new SendFailedException(what + peer() + ": " + said, cause));
        LOG.debug("connection {} failed: {}", this, said);
        if (accepted) {
            transport.connectionRefused(remoteAddress(), "its handshake failed: " + said);
        }
        closed();
    }

    /** Closes a connection that was refused before it had a channel. */
    void refused(String reason) {
        close(reason, null);
        state.set(State.CLOSED);
    }

    /**
     * Closes the connection and fails the messages that are not sent yet. Thread-safe.
     *
     * @return true if it was open until now
     */
    boolean close(String reason, @Nullable Throwable cause) {
        closeCause.compareAndSet(null, new SendFailedException("connection " + this + " closed: " + reason, cause));
        State before = state.getAndUpdate(now -> now == State.CLOSED ? State.CLOSED : State.CLOSING);
        boolean first = before == State.OPEN || before == State.CONNECTING;
        if (first) {
            LOG.debug("closing connection {}: {}", this, reason);
            transport.unlist(this);
        }
        Channel open = channel;
        if (open != null) {
            closeChannel(open);
        }
        return first;
    }

    private void closed() {
        if (state.getAndSet(State.CLOSED) == State.CLOSED) {
            return;
        }
        closeCause.compareAndSet(null, new SendFailedException("connection " + this + " was closed by the peer", null));
        LOG.debug("connection {} closed", this);
        cancelHandshakeLimit();
        if (!wasOpen) {
            (accepted ? environment.counters.handshakeFailures : environment.counters.connectFailures).increment();
        }
        ConnectionBudget.Place mine = place;
        if (mine != null) {
            environment.budget.release(mine);
        } else if (!accepted) {
            environment.budget.releaseMade();
        }
        outgoing.failAll();
        if (wasOpen) {
            transport.upcall(inbound -> inbound.onClosed(this));
        }
        transport.remove(this);
    }

    private void closeChannel(Channel open) {
        transport.protocol().close(open);
    }

    /** Returns false while reading is paused because the peer does not read. Tests have no other sign of it. */
    boolean isReading() {
        Channel open = channel;
        return open != null && open.config().isAutoRead();
    }

    long pendingBytes() {
        return outgoing.pendingBytes();
    }

    private String peer() {
        String address = kind().lowerCase() + ":" + NumericAddress.text(remote);
        return peerName.isEmpty() ? address : address + " as " + peerName;
    }

    /** Returns a text such as {@code 17 from tcp:192.0.2.1:40001}. */
    @Override
    public String toString() {
        return id.orElseThrow() + (accepted ? " from " : " to ") + peer();
    }
}
