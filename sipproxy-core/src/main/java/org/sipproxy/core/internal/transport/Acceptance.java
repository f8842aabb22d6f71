package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Accepting side of a listening point. Connections are accepted on an event loop of their own, because a loop that also
 * reads connections accepts one of them in a turn, and a turn serves all of its busy connections. An accepted
 * connection then waits until the loop that will read it takes it.
 *
 * <p>When {@value #MOST_WAITING} connections wait, further ones stay in the system's queue, so that a flood of
 * connections does not use up the file descriptors before the limits of {@link ConnectionBudget} apply.
 */
@Sharable
final class Acceptance extends ChannelInboundHandlerAdapter {

    static final int MOST_WAITING = 256;

    private final AtomicInteger waiting = new AtomicInteger();
    /** Written on the accepting loop only. */
    private volatile boolean paused;

    /** A connection was accepted. On the accepting loop. */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object connection) {
        if (waiting.incrementAndGet() >= MOST_WAITING) {
            paused = true;
            ctx.channel().config().setAutoRead(false);
            resumeIfPossible(ctx.channel()); // the last one may have been taken meanwhile
        }
        ctx.fireChannelRead(connection);
    }

    /** Notes that the loop of an accepted connection has taken it. On that loop. */
    void taken(Channel connection) {
        waiting.decrementAndGet();
        Channel listening = connection.parent();
        if (paused && listening != null) {
            try {
                listening.eventLoop().execute(() -> resumeIfPossible(listening));
            } catch (RejectedExecutionException e) {
                // the proxy is closed: nothing more is accepted
            }
        }
    }

    private void resumeIfPossible(Channel listening) {
        if (paused && waiting.get() < MOST_WAITING) {
            paused = false;
            listening.config().setAutoRead(true);
        }
    }

    /** Returns how many accepted connections wait for the loop that will read them. */
    int waiting() {
        return waiting.get();
    }
}
