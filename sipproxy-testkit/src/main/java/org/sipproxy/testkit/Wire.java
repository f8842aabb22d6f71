package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;

/** Transport between a {@link Phone} and its proxy, with one implementation per kind. */
interface Wire extends AutoCloseable {

    /** Receiver of messages. Called on the wire's thread, one message at a time. */
    interface Receiver {

        /**
         * Receives one message, or a keepalive between messages. The receiver may keep the array.
         *
         * @param source address that the bytes came from
         */
        void received(byte[] bytes, InetSocketAddress source);

        /** Called when the other side has closed the connection. */
        void ended();
    }

    /** Returns the transport. It is written into Via and determines whether requests are retransmitted. */
    TransportKind kind();

    /** Returns the phone's own address on the network. */
    InetSocketAddress localAddress();

    /** Starts receiving. Called once. */
    void start(String threadName, Receiver receiver);

    /**
     * Sends one message to the proxy. A message that cannot be sent is lost, as on a network. Any thread may call it.
     */
    void send(byte[] bytes);

    /**
     * Sends a response to the source of its request (RFC 3261 §18.2.2). Default: on the connection to the proxy, from
     * which the request came.
     */
    default void respond(byte[] bytes, InetSocketAddress source) {
        send(bytes);
    }

    /** Closes the wire. The receiver thread has ended on return. */
    @Override
    void close();
}
