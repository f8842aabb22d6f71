package org.sipproxy.server.control;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One client of the channel. The selector's thread reads and writes; other threads only queue what is to be written.
 * While a request is in progress, or its response is not written, nothing more is read from the client.
 */
final class ControlConnection {

    private static final int READ_BYTES = 16 * 1024;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final ControlLimits limits;

    /** What arrived after the last complete line. Selector's thread only. */
    private byte[] received = new byte[1024];

    private int receivedBytes;

    /** True if the client has closed its sending side. Selector's thread only. */
    private boolean isEnded;

    /** When the client connected or its latest request was completed, on the monotonic clock. */
    private volatile long idleSince;

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final Deque<ByteBuffer> unsent = new ArrayDeque<>();
    private int unsentBytes;
    private long stalledSince;
    private boolean isBusy;
    private boolean isStreaming;
    private boolean isClosing;
    private boolean isClosed;
    private ControlStream.@Nullable Subscription subscription;

    ControlConnection(SocketChannel channel, SelectionKey key, ControlLimits limits, long now) {
        this.channel = channel;
        this.key = key;
        this.limits = limits;
        this.idleSince = now;
    }

    /** Reads what has arrived. The end of the stream ends the last line. Selector's thread only. */
    void read() throws IOException {
        if (received.length - receivedBytes < READ_BYTES) {
            received = Arrays.copyOf(received, receivedBytes + READ_BYTES);
        }
        int count = channel.read(ByteBuffer.wrap(received, receivedBytes, received.length - receivedBytes));
        if (count >= 0) {
            receivedBytes += count;
            return;
        }
        isEnded = true;
        if (receivedBytes > 0) {
            received[receivedBytes++] = '\n';
        }
    }

    /**
     * Takes the next complete line if the connection is ready for a request, and marks it busy. Selector's thread only.
     */
    Optional<String> takeLine() {
        int end = lineBytes();
        synchronized (lock) {
            if (end == receivedBytes || !isReady()) {
                return Optional.empty();
            }
            isBusy = true;
        }
        String line = new String(received, 0, end, StandardCharsets.UTF_8);
        System.arraycopy(received, end + 1, received, 0, receivedBytes - end - 1);
        receivedBytes -= end + 1;
        if (receivedBytes == 0) {
            received = new byte[1024];
        }
        return Optional.of(line);
    }

    /** Returns true if a request is longer than allowed. Selector's thread only. */
    boolean isTooLong() {
        return lineBytes() > limits.requestBytes();
    }

    private int lineBytes() {
        int end = 0;
        while (end < receivedBytes && received[end] != '\n') {
            end++;
        }
        return end;
    }

    private boolean isReady() {
        return !isBusy && !isClosing && (isStreaming || unsentBytes == 0);
    }

    /** Returns false if a stream is already open; otherwise from now on events may be sent. */
    boolean beginStream() {
        synchronized (lock) {
            boolean isFirst = !isStreaming;
            isStreaming = true;
            return isFirst;
        }
    }

    /** Keeps what ends the stream. Closes it at once if the client has already left. */
    void keep(ControlStream.Subscription opened) {
        synchronized (lock) {
            if (!isClosed && isStreaming) {
                subscription = opened;
                return;
            }
        }
        opened.close();
    }

    void endStream() {
        ControlStream.Subscription ended;
        synchronized (lock) {
            isStreaming = false;
            ended = subscription;
            subscription = null;
        }
        if (ended != null) {
            ended.close();
        }
    }

    /**
     * Queues a message.
     *
     * @return false if the connection is closed, or closes because too much waits for a client that reads a stream
     */
    boolean send(JsonElement message, long now) {
        byte[] text = (message + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (lock) {
            if (isClosed || isClosing) {
                return false;
            }
            if (isStreaming && unsentBytes + text.length > limits.streamBytes()) {
                isClosing = true;
                unsent.clear();
                unsentBytes = 0;
                return false;
            }
            if (unsentBytes == 0) {
                stalledSince = now;
            }
            unsent.add(ByteBuffer.wrap(text));
            unsentBytes += text.length;
            return true;
        }
    }

    /** Marks the request as completed. */
    void completed(long now) {
        synchronized (lock) {
            isBusy = false;
            idleSince = now;
        }
    }

    /** Closes the connection when what is queued has been written. */
    void closeWhenSent() {
        synchronized (lock) {
            isClosing = true;
        }
    }

    /** Writes what the client accepts now. Selector's thread only. */
    void write(long now) throws IOException {
        synchronized (lock) {
            ByteBuffer next = unsent.peek();
            while (next != null) {
                int count = channel.write(next);
                unsentBytes -= count;
                if (count > 0) {
                    stalledSince = now;
                    idleSince = now;
                }
                if (next.hasRemaining()) {
                    return;
                }
                unsent.remove();
                next = unsent.peek();
            }
        }
    }

    /** Sets what the selector waits for. Selector's thread only. */
    void updateInterest() {
        synchronized (lock) {
            int wanted =
                    (unsentBytes > 0 ? SelectionKey.OP_WRITE : 0) | (isReady() && !isEnded ? SelectionKey.OP_READ : 0);
            if (key.isValid() && key.interestOps() != wanted) {
                key.interestOps(wanted);
            }
        }
    }

    /**
     * Returns true if the connection is to be closed now: its work is done, the client has left, or it is idle or
     * stalled. Selector's thread only.
     */
    boolean isOver(long now) {
        synchronized (lock) {
            if (unsentBytes > 0) {
                return now - stalledSince > limits.stalled().toNanos();
            }
            if (isClosing || (isEnded && !isBusy)) {
                return true;
            }
            return !isBusy && !isStreaming && now - idleSince > limits.idle().toNanos();
        }
    }

    /** Closes the connection and its stream. */
    void close() {
        synchronized (lock) {
            isClosed = true;
            unsent.clear();
            unsentBytes = 0;
        }
        endStream();
        try {
            channel.close();
        } catch (IOException e) {
            // the connection is over
        }
    }
}
