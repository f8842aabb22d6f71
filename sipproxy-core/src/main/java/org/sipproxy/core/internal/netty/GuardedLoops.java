package org.sipproxy.core.internal.netty;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.LoggerFactory;

/**
 * Event loops that no Error ends. Netty guards handlers and tasks, but lets an Error of the loop's own work, such as an
 * OutOfMemoryError while it takes a scheduled task, end the loop and with it every connection of its thread. Netty 4.2 or later.
 */
final class GuardedLoops extends MultiThreadIoEventLoopGroup {

    private static final Guard GUARD = new Guard(LoggerFactory.getLogger(LoggerNames.PROXY), "an event loop failed");

    /** How long tasks may run before the loop looks at its sockets again; Netty's default. */
    private static final long TASK_NANOS = TimeUnit.SECONDS.toNanos(1);

    GuardedLoops(int threads, ThreadFactory threadFactory, IoHandlerFactory handlers) {
        super(threads, threadFactory, handlers);
    }

    static GuardedLoops open(int threads, ThreadFactory threadFactory, boolean epoll) {
        return new GuardedLoops(
                threads, threadFactory, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    @Override
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... none) {
        return new Loop(this, executor, handlers);
    }

    private static final class Loop extends SingleThreadIoEventLoop {

        Loop(GuardedLoops parent, Executor executor, IoHandlerFactory handlers) {
            super(parent, executor, handlers);
        }

        /** As Netty's, but for the catch block. */
        @Override
        protected void run() {
            ioHandler().initialize();
            while (goesOn()) {
                // until it is shut down
            }
        }

        private boolean goesOn() {
            try {
                runIo();
                if (isShuttingDown()) {
                    ioHandler().prepareToDestroy();
                }
                runAllTasks(TASK_NANOS);
                return !confirmShutdown() && !canSuspend();
            } catch (Throwable e) {
                GUARD.caught(e);
                return true;
            }
        }
    }
}
