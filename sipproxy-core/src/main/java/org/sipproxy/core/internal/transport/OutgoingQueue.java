package org.sipproxy.core.internal.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.EventLoop;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages of one stream connection that wait to be sent, in their order. Any thread adds them; the event loop writes
 * them. What is sent while a batch is read waits for its end and is flushed together.
 */
final class OutgoingQueue {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private final StreamConnection connection;
    private final StreamEnvironment environment;
    private final Queue<Outgoing> queue = new ConcurrentLinkedQueue<>();
    /** In {@link #queue} and in the channel's buffer. */
    private final AtomicLong pendingBytes = new AtomicLong();

    private final AtomicBoolean writeScheduled = new AtomicBoolean();

    // event loop only
    private boolean flushWanted;
    private boolean inBatch;

    OutgoingQueue(StreamConnection connection, StreamEnvironment environment) {
        this.connection = connection;
        this.environment = environment;
    }

    long pendingBytes() {
        return pendingBytes.get();
    }

    /** Counts a message, which is then added or refused. Returns false if it exceeds the limit. */
    boolean reserve(int length) {
        return pendingBytes.addAndGet(length) <= environment.limits.bufferedBytes();
    }

    /** Adds a message that was counted. */
    void add(byte[] wire, SendFailure onFailure) {
        queue.add(new Outgoing(wire, onFailure));
    }

    /** Fails a message that was counted and not added. */
    void refuse(byte[] wire, SendFailure onFailure, Throwable cause) {
        new Outgoing(wire, onFailure).fail(cause);
    }

    /**
     * Writes the queued messages, or lets the event loop do so.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the event loop is stopped
     */
    void write(Channel open) {
        EventLoop loop = open.eventLoop();
        if (!loop.inEventLoop()) {
            if (writeScheduled.compareAndSet(false, true)) {
                loop.execute(this::writeAndFlush);
            }
            return;
        }
        writeAll(open);
        if (!open.isWritable()) {
            // A peer that sends much at once reads much, too. What waits only for the end of the batch must not
            // count as unread.
            open.flush();
        } else if (!flushWanted) {
            flushWanted = true;
            if (!inBatch) {
                loop.execute(() -> flushIfWanted(open));
            }
        }
    }

    /** Writes and flushes the queued messages. On the event loop. */
    void writeAndFlush() {
        writeScheduled.set(false);
        flushWanted = true;
        Channel open = connection.channel();
        if (open != null) {
            writeAll(open);
            flushIfWanted(open);
        }
    }

    /** Writes the queued messages without a flush. On the event loop. */
    void writeAll(Channel open) {
        for (Outgoing out = queue.poll(); out != null; out = queue.poll()) {
            connection.transport().onSend(out.wire, connection);
            open.write(Unpooled.wrappedBuffer(out.wire)).addListener(out);
        }
    }

    private void flushIfWanted(Channel open) {
        if (flushWanted) {
            flushWanted = false;
            open.flush();
        }
    }

    /** Begins a batch: messages sent on this event loop from now on are flushed at its end. */
    void beginBatch() {
        inBatch = true;
    }

    void endBatch(@Nullable Channel open) {
        inBatch = false;
        if (open != null) {
            flushIfWanted(open);
        }
    }

    /** Fails all queued messages. */
    void failAll() {
        for (Outgoing out = queue.poll(); out != null; out = queue.poll()) {
            out.fail(null);
        }
    }

    /** One message to be sent. It is its own listener, which saves an object for each message. */
    private final class Outgoing implements ChannelFutureListener {

        final byte[] wire;
        private final SendFailure onFailure;

        Outgoing(byte[] wire, SendFailure onFailure) {
            this.wire = wire;
            this.onFailure = onFailure;
        }

        @Override
        public void operationComplete(ChannelFuture written) {
            if (written.isSuccess()) {
                pendingBytes.addAndGet(-wire.length);
                connection.sent();
            } else {
                fail(written.cause());
            }
        }

        void fail(@Nullable Throwable written) {
            pendingBytes.addAndGet(-wire.length);
            environment.counters.sendFailures.increment();
            Throwable closed = connection.closeCause();
            Throwable cause = closed != null ? closed : written;
            try {
                onFailure.sendFailed(cause != null ? cause : new SendFailedException("connection closed", null));
            } catch (Throwable e) {
                environment.failures.error(LOG, "the handler of a send failure failed", e);
            }
        }
    }
}
