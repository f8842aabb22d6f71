package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;

/** What a {@link Phone} needs of a transport: the way to one proxy and back. One class each. */
interface Wire extends AutoCloseable {

    /** Where what was received goes. Called by the wire's own thread, for one message after the other. */
    interface Receiver {

        /** One message, or what stands between messages to keep the way open. The array is the receiver's to keep. */
        void received(byte[] bytes);

        /** The other side has closed the connection; nothing more comes. */
        void ended();
    }

    /** The transport, for Via and for whether requests are repeated. */
    TransportKind kind();

    /** The phone's own address, as the network knows it. */
    InetSocketAddress localAddress();

    /** Starts to receive. Called once. */
    void start(String threadName, Receiver receiver);

    /** Sends one message. What cannot be sent is lost, as it is on a network. Any thread may call it. */
    void send(byte[] bytes);

    /** Ends the receiving thread, and returns when it has ended. */
    @Override
    void close();
}
