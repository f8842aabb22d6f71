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
 * Event loops that survive every Error. Netty guards handlers and tasks, but an Error in the loop's own work ends the
 * loop and all connections of its thread, for example an OutOfMemoryError while it takes a scheduled task. Needs Netty
 * 4.2 or later.
 */
final class GuardedLoops extends MultiThreadIoEventLoopGroup {

    private static final Guard GUARD = new Guard(LoggerFactory.getLogger(LoggerNames.PROXY), "an event loop failed");

    /** How long tasks may run before the loop checks its sockets again; Netty's default. */
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

        /** Runs as Netty's method does, with a catch block in addition. */
        @Override
        protected void run() {
            ioHandler().initialize();
            while (runOnce()) {
                // runs until the group is shut down
            }
        }

        private boolean runOnce() {
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
