package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One bound UDP socket. One thread, its receiver, calls {@link #receive}, {@link #receiveNow},
 * {@link #isBehind}, {@link #source}, {@link #datagram}, {@link #collect} and {@link #flush}. Any thread calls the others.
 *
 * <p>What has been collected is on the wire before anything that another thread sends after it: {@link #send} and
 * {@link #pushOut} send it first.
 */
interface UdpSocket {

    /**
     * A datagram that was collected and could not be sent.
     *
     * @param owner notified by the receiver after the handler has returned, so without locks
     */
    record FailedSend(SendFailure owner, IOException cause) {}

    /**
     * Waits for datagrams. Returns as soon as there is one, with those that have arrived by then. They are valid until
     * the next call.
     *
     * @return their number, possibly 0
     * @throws IOException if nothing can be received; the socket is lost if it is closed then
     */
    int receive() throws IOException;

    /**
     * Does the same without waiting for datagrams, or for a millisecond at most.
     *
     * @return their number; 0 if none has arrived
     */
    int receiveNow() throws IOException;

    /** Returns true if, by the latest calls that received, more datagrams have arrived than were returned. */
    boolean isBehind();

    /** Returns the sender of a received datagram; null if the datagram cannot be used. */
    @Nullable
    InetSocketAddress source(int index);

    /** Returns a copy of a received datagram. */
    byte[] datagram(int index);

    /**
     * Sends a datagram at the latest with the next {@link #flush}. If that fails, {@link #flush} returns
     * {@code onFailure}.
     *
     * @throws IOException if it is known at once that the datagram cannot be sent
     */
    void collect(byte[] wire, InetSocketAddress remote, SendFailure onFailure) throws IOException;

    /** Sends what has been collected, and returns what could not be sent since the previous call. */
    List<FailedSend> flush();

    /** Sends a datagram at once. */
    void send(byte[] wire, InetSocketAddress remote) throws IOException;

    /** Sends what has been collected. Failures are left to {@link #flush}. */
    void pushOut();

    /** Returns true after {@link #close}, and if something else closed the socket. */
    boolean isClosed();

    /** Sends what has been collected, wakes the receiver and releases the port. */
    void close();
}
