package org.sipproxy.core.internal.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.netty.EventLoops;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;

/**
 * Resources that all stream listening points of one proxy share: event loops, limits, the count and the numbers of open
 * connections, and the counters. Close it after the transports.
 */
public final class StreamEnvironment implements AutoCloseable {

    private static final int SCRATCH_BYTES = 65_536;
    private static final int TURN_BYTES = 4_096;
    private static final int FIRST_READ_BYTES = 2_048;
    private static final int SMALLEST_READ_BYTES = 512;
    private static final long SHUTDOWN_SECONDS = 5;

    /**
     * Read buffer of a loop's thread; consumed before the next read. Static, because Netty never reuses the index of a
     * FastThreadLocal.
     */
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[SCRATCH_BYTES];
        }
    };

    final StreamLimits limits;
    final ParseLimits parseLimits;
    final TransportCounters counters;
    final ConnectionBudget budget;
    final FailureLog failures = new FailureLog();

    private final LongSupplier clock;
    private final boolean nativeIo;
    /** One loop, which accepts only. */
    private final EventLoopGroup acceptors;

    private final EventLoopGroup group;
    private final AtomicLong lastConnectionId = new AtomicLong();
    /** Peer-initiated connections, which are the only path to their peers. */
    private final ConcurrentMap<Long, StreamConnection> peersOwn = new ConcurrentHashMap<>();

    /**
     * Creates an environment.
     *
     * @param clock the proxy's time, in milliseconds
     * @param nativeIo true to use epoll, false to use the selectors of the JDK
     */
    StreamEnvironment(
            int threads,
            ProxyThreads names,
            StreamLimits limits,
            ParseLimits parseLimits,
            TransportCounters counters,
            LongSupplier clock,
            boolean nativeIo) {
        this.clock = clock;
        this.limits = limits;
        this.parseLimits = parseLimits;
        this.counters = counters;
        this.budget = new ConnectionBudget(limits);
        this.nativeIo = nativeIo;
        this.acceptors = EventLoops.open(1, names.factory("accept"), nativeIo);
        this.group = EventLoops.open(threads, names.factory("stream"), nativeIo);
    }

    /**
     * Creates an environment that uses epoll if it loads, and the selectors of the JDK otherwise.
     *
     * @param clock the proxy's time, in milliseconds
     */
    public static StreamEnvironment create(
            int threads,
            ProxyThreads names,
            StreamLimits limits,
            ParseLimits parseLimits,
            TransportCounters counters,
            LongSupplier clock) {
        return new StreamEnvironment(threads, names, limits, parseLimits, counters, clock, Epoll.isAvailable());
    }

    /** Returns true if the loops serve epoll channels. */
    public boolean usesEpoll() {
        return nativeIo;
    }

    /** Returns one of the loops, for work that is not bound to a connection. */
    public EventLoop eventLoop() {
        return group.next();
    }

    ServerBootstrap serverBootstrap() {
        ServerBootstrap bootstrap = new ServerBootstrap().group(acceptors, group);
        if (nativeIo) {
            bootstrap.channelFactory(EpollServerSocketChannel::new);
        } else {
            bootstrap.channelFactory(NioServerSocketChannel::new);
        }
        return bootstrap
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(EventLoops.READ_SIZE, turns())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, StreamInbound.waterMark(limits));
    }

    Bootstrap bootstrap() {
        // no resolver: next hops are resolved already, and the JDK's resolver would block the loop
        Bootstrap bootstrap = new Bootstrap().group(group).resolver(NoopAddressResolverGroup.INSTANCE);
        if (nativeIo) {
            // otherwise the kernel uses each local port for one connection only, even to different peers
            bootstrap.channelFactory(EpollSocketChannel::new).option(EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true);
        } else {
            bootstrap.channelFactory(NioSocketChannel::new);
        }
        return bootstrap
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        limits.connectTimeout().toMillis())
                .option(EventLoops.READ_SIZE, turns())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, StreamInbound.waterMark(limits));
    }

    /**
     * Limits a connection to one read of at most {@value #TURN_BYTES} bytes, some 10 messages, in a turn of its event
     * loop. Further bytes wait in the kernel's receive buffer, which slows the peer down, until the other connections
     * have had their turn.
     */
    private static RecvByteBufAllocator turns() {
        return new AdaptiveRecvByteBufAllocator(SMALLEST_READ_BYTES, FIRST_READ_BYTES, TURN_BYTES)
                .maxMessagesPerRead(1);
    }

    /** Returns the proxy's time in milliseconds. */
    long millis() {
        return clock.getAsLong();
    }

    /** Returns a positive number that is never used twice. */
    long nextConnectionId() {
        return lastConnectionId.incrementAndGet();
    }

    void list(StreamConnection peersOwnOne) {
        peersOwn.put(peersOwnOne.number(), peersOwnOne);
    }

    void unlist(StreamConnection peersOwnOne) {
        peersOwn.remove(peersOwnOne.number(), peersOwnOne);
    }

    /**
     * Returns the connection with this number if its peer opened it over TLS or WebSocket; null if there is no such
     * connection.
     */
    public @Nullable TransportFlow peersOwn(long number) {
        return peersOwn.get(number);
    }

    static byte[] scratch() {
        return SCRATCH.get();
    }

    /** Returns the number of accepted connections on which no password was proved. */
    public int unprovenConnections() {
        return budget.unproven();
    }

    boolean isOnEventLoop() {
        return isOn(group) || isOn(acceptors);
    }

    private static boolean isOn(EventLoopGroup loops) {
        for (EventExecutor loop : loops) {
            if (loop.inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    /** Ends the loops. Waits for their threads unless called by one of them. */
    @Override
    public void close() {
        Future<?> accepting = acceptors.shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS);
        Future<?> stopping = group.shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS);
        if (!isOnEventLoop()) {
            Deadline limit = Deadline.in(Duration.ofSeconds(SHUTDOWN_SECONDS));
            accepting.awaitUninterruptibly(limit.leftMillis());
            stopping.awaitUninterruptibly(limit.leftMillis());
        }
    }
}
