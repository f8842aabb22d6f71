package org.sipproxy.server.control;

/** Result of a method that sends events until the client leaves or the stream ends, such as messages as they arrive. */
public interface ControlStream {

    /**
     * Begins to send. Must not block.
     *
     * @param sink where events go
     * @return what ends the stream; closed once, when the client has left or the sink has ended. Its {@code close} must
     *     not block
     */
    Subscription open(ControlSink sink);

    /** An open stream. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
