package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.options.StreamLimits;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receiving side of one connection, whatever its messages are cut out of: answers to pings, the idle and the slow-sender
 * timeout. Event loop only.
 *
 * <p>Both timeouts are lazy: traffic only notes the time, and one task a connection looks at it when it could have run out.
 */
abstract class StreamInbound extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private static final int MOST_UNWRITTEN_BYTES = 65_536;

    /** For {@link #watchUnfinished}: no message is. */
    static final long COMPLETE = -1;

    final StreamConnection connection;
    final StreamEnvironment environment;
    private final long idleNanos;
    private final long messageNanos;

    private int pings;
    /** The stream is given up: what still comes is thrown away until the peer closes. */
    boolean discarding;

    private @Nullable Future<?> silenceTask;
    private @Nullable Future<?> idleTask;
    private @Nullable Future<?> slowTask;
    /** Which message, counted from 0, is unfinished since {@link #unfinishedSince}; or {@link #COMPLETE}. */
    private long unfinished = COMPLETE;

    private long unfinishedSince;

    StreamInbound(StreamConnection connection) {
        this.connection = connection;
        this.environment = connection.transport().environment();
        this.idleNanos = environment.limits.idleTimeout().toNanos();
        this.messageNanos = environment.limits.messageTimeout().toNanos();
    }

    /** When reading pauses and goes on: well below the cap at which the connection is closed. */
    static WriteBufferWaterMark waterMark(StreamLimits limits) {
        int high = Math.max(2, Math.min(MOST_UNWRITTEN_BYTES, limits.bufferedBytes() / 2));
        return new WriteBufferWaterMark(high / 2, high);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        idleTask = ctx.executor().schedule(() -> checkIdle(ctx), idleNanos, TimeUnit.NANOSECONDS);
        if (connection.isAwaitingFirstMessage()) {
            silenceTask = ctx.executor()
                    .schedule(
                            this::checkSilent,
                            environment.limits.firstMessageTimeout().toNanos(),
                            TimeUnit.NANOSECONDS);
        }
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        // a task left in the loop's queue would keep the connection in memory until it is due
        cancel(silenceTask);
        cancel(idleTask);
        cancel(slowTask);
        ctx.fireChannelInactive();
    }

    private static void cancel(@Nullable Future<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        answerPings();
        connection.readComplete();
    }

    /** Hands up one whole message; the array is given away. */
    final void deliver(byte[] wire) {
        answerPings(); // in the stream's order
        environment.counters.streamMessages.increment();
        connection.transport().upcall(inbound -> inbound.onMessage(wire, connection));
    }

    /** The peer wants a CR LF back. */
    final void pinged() {
        environment.counters.pings.increment();
        pings++;
    }

    private void answerPings() {
        if (pings == 0) {
            return;
        }
        byte[] crlfs = new byte[pings * 2];
        for (int i = 0; i < crlfs.length; i += 2) {
            crlfs[i] = '\r';
            crlfs[i + 1] = '\n';
        }
        pings = 0;
        if (connection.transport().ask(inbound -> inbound.onNonSip(crlfs.clone(), connection))) {
            connection.send(crlfs, SendFailure.IGNORE);
        }
    }

    /** A peer that does not read gets no more of its requests served. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        if (!discarding) {
            channel.config().setAutoRead(channel.isWritable());
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What a peer sends instead of TLS, HTTP or frames is no error of ours.
        if (!(cause instanceof IOException) && !(cause instanceof DecoderException)) {
            environment.throttle.error(LOG, "a connection failed", cause);
        }
        connection.close(String.valueOf(cause.getMessage()), cause);
    }

    private void checkSilent() {
        silenceTask = null;
        if (connection.isAwaitingFirstMessage()) {
            connection.closeSilent();
        }
    }

    private void checkIdle(ChannelHandlerContext ctx) {
        long left = idleNanos - (System.nanoTime() - connection.lastActivityNanos());
        if (left > 0) {
            idleTask = ctx.executor().schedule(() -> checkIdle(ctx), left, TimeUnit.NANOSECONDS);
        } else if (connection.close("idle for " + environment.limits.idleTimeout(), null)) {
            environment.counters.closedIdle.increment();
        }
    }

    /**
     * Gives the peer its time for a message that has begun.
     *
     * @param number which message that is, or {@link #COMPLETE} if none has begun
     */
    final void watchUnfinished(ChannelHandlerContext ctx, long number) {
        if (number == COMPLETE) {
            unfinished = COMPLETE;
        } else if (unfinished != number) {
            unfinished = number;
            unfinishedSince = System.nanoTime();
            if (slowTask == null) {
                slowTask = ctx.executor().schedule(() -> checkSlow(ctx), messageNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    private void checkSlow(ChannelHandlerContext ctx) {
        slowTask = null;
        if (unfinished == COMPLETE) {
            return;
        }
        long now = System.nanoTime();
        if (!ctx.channel().config().isAutoRead()) {
            unfinishedSince = now; // it is we who do not read
        }
        long left = messageNanos - (now - unfinishedSince);
        if (left > 0) {
            slowTask = ctx.executor().schedule(() -> checkSlow(ctx), left, TimeUnit.NANOSECONDS);
        } else if (connection.close("a message was not complete after " + environment.limits.messageTimeout(), null)) {
            environment.counters.closedSlow.increment();
        }
    }
}
