package org.sipproxy.core.internal.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Array of {@code struct mmsghdr}, each with a socket address and one buffer, in native memory. The layout is that of
 * 64-bit Linux. Not thread-safe.
 *
 * <p>Lengths that the kernel has written are returned as they are: the caller checks them. There is no control data yet;
 * {@code msg_control} and {@code msg_controllen}, at 32 and 40, are null and 0.
 */
final class MessageHeaders {

    private static final int HEADER = 64;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int VECTORS = 16;
    private static final int VECTOR_COUNT = 24;
    private static final int FLAGS = 48;
    private static final int LENGTH = 56;

    private static final int VECTOR = 16;
    private static final int VECTOR_LENGTH = 8;

    private static final int ADDRESS_ROOM = 32;

    private final int vectors;
    private final int addresses;
    private final ByteBuffer memory;
    private final long start;

    MessageHeaders(int count) {
        vectors = count * HEADER;
        addresses = vectors + count * VECTOR;
        memory = ByteBuffer.allocateDirect(addresses + count * ADDRESS_ROOM).order(ByteOrder.nativeOrder());
        start = ForeignFunctions.address(memory);
        for (int i = 0; i < count; i++) {
            memory.putLong(i * HEADER + NAME, start + addressAt(i));
            memory.putLong(i * HEADER + VECTORS, start + vectors + (long) i * VECTOR);
            memory.putLong(i * HEADER + VECTOR_COUNT, 1);
        }
    }

    /** Returns the native address of a header and those after it. */
    long from(int index) {
        return start + (long) index * HEADER;
    }

    /** Sets the buffer of a message. */
    void buffer(int index, long address, int length) {
        memory.putLong(vectors + index * VECTOR, address);
        memory.putLong(vectors + index * VECTOR + VECTOR_LENGTH, length);
    }

    /** Returns the memory that has the socket addresses. */
    ByteBuffer memory() {
        return memory;
    }

    /** Returns where in {@link #memory} a socket address begins. */
    int addressAt(int index) {
        return addresses + index * ADDRESS_ROOM;
    }

    /** Returns the native address of a socket address. */
    long addressOf(int index) {
        return start + addressAt(index);
    }

    int addressLength(int index) {
        return memory.getInt(index * HEADER + NAME_LENGTH);
    }

    void addressLength(int index, int length) {
        memory.putInt(index * HEADER + NAME_LENGTH, length);
    }

    int flags(int index) {
        return memory.getInt(index * HEADER + FLAGS);
    }

    /** Returns the number of bytes that were received. */
    int length(int index) {
        return memory.getInt(index * HEADER + LENGTH);
    }
}
