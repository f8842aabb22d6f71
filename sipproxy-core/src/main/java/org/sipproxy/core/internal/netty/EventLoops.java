package org.sipproxy.core.internal.netty;

import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.ThreadFactory;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Event loops of the Netty version that the host application has: 4.1, which Spring Boot 3 manages, or 4.2. Everything
 * else that the transports use is the same in both.
 */
public final class EventLoops {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    /** How much is read from a channel at once. This name exists in both versions. */
    @SuppressWarnings("deprecation")
    public static final ChannelOption<RecvByteBufAllocator> READ_SIZE = ChannelOption.RCVBUF_ALLOCATOR;

    private static final String SINCE_4_2 = "io.netty.channel.MultiThreadIoEventLoopGroup";

    private EventLoops() {}

    /** Opens event loops whose threads come from this factory. */
    public static EventLoopGroup open(int threads, ThreadFactory threadFactory, boolean epoll) {
        return isPresent(SINCE_4_2)
                ? GuardedLoops.open(threads, threadFactory, epoll)
                : ofNetty41(threads, threadFactory, epoll);
    }

    /** Reports an event loop that an Error has ended. Netty 4.1 cannot keep such a loop running. */
    @SuppressWarnings({"deprecation", "FutureReturnValueIgnored"
    }) // 4.1 has no other type; the termination future does not fail
    static EventLoopGroup ofNetty41(int threads, ThreadFactory threadFactory, boolean epoll) {
        EventLoopGroup group =
                epoll ? new EpollEventLoopGroup(threads, threadFactory) : new NioEventLoopGroup(threads, threadFactory);
        for (EventExecutor loop : group) {
            loop.terminationFuture().addListener(ended -> {
                if (!group.isShuttingDown()) {
                    LOG.error("an event loop was ended by an Error: its stream connections and listening points are"
                            + " closed until the proxy is started again; Netty 4.2 keeps such a loop");
                }
            });
        }
        return group;
    }

    private static boolean isPresent(String className) {
        try {
            Class.forName(className, false, EventLoops.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
