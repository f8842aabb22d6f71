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
 * Inbound handler of one connection, for any framing. Responds to pings and enforces the idle and slow-sender timeouts.
 * Event loop only.
 *
 * <p>Both timeouts are lazy: traffic only records the time, and one task for each connection checks it when the timeout
 * could have expired.
 */
abstract class StreamInbound extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private static final int MOST_UNWRITTEN_BYTES = 65_536;

    /** Argument of {@link #watchUnfinished}: no message has begun. */
    static final long COMPLETE = -1;

    final StreamConnection connection;
    final StreamEnvironment environment;
    private final long idleNanos;
    private final long messageNanos;

    private int pings;
    /** True when the stream is abandoned: further bytes are discarded until the peer closes. */
    boolean discarding;

    private @Nullable Future<?> silenceTask;
    private @Nullable Future<?> idleTask;
    private @Nullable Future<?> slowTask;
    /**
     * The number, counted from 0, of the message that is unfinished since {@link #unfinishedSince}; or
     * {@link #COMPLETE}.
     */
    private long unfinished = COMPLETE;

    private long unfinishedSince;

    StreamInbound(StreamConnection connection) {
        this.connection = connection;
        this.environment = connection.transport().environment();
        this.idleNanos = environment.limits.idleTimeout().toNanos();
        this.messageNanos = environment.limits.messageTimeout().toNanos();
    }

    /** Returns when reading pauses and resumes: well below the limit at which the connection is closed. */
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
        // otherwise the task would keep the connection in memory until it is due
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

    /** Delivers one complete message. The handler keeps the array. */
    final void deliver(byte[] wire) {
        answerPings(); // keeps the order of the stream
        connection.transport().upcall(inbound -> inbound.onMessage(wire, connection));
    }

    /** Records a ping, to which the peer expects a CR LF. */
    final void pinged() {
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

    /** Pauses reading while the peer does not read its responses. */
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
        // bytes that are not TLS, HTTP or WebSocket frames are a fault of the peer
        if (!(cause instanceof IOException) && !(cause instanceof DecoderException)) {
            environment.failures.error(LOG, "a connection failed", cause);
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
        } else {
            connection.close("idle for " + environment.limits.idleTimeout(), null);
        }
    }

    /**
     * Starts the time limit of a message that has begun.
     *
     * @param number the number of the message, or {@link #COMPLETE} if none has begun
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
            unfinishedSince = now; // the proxy is not reading, so the sender is not slow
        }
        long left = messageNanos - (now - unfinishedSince);
        if (left > 0) {
            slowTask = ctx.executor().schedule(() -> checkSlow(ctx), left, TimeUnit.NANOSECONDS);
        } else if (connection.close("a message was not complete after " + environment.limits.messageTimeout(), null)) {
            environment.counters.closedSlow.increment();
        }
    }
}
