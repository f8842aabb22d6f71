package org.sipproxy.server.control;

/** Receiver of the events of one {@link ControlStream}. Thread-safe; no method blocks. */
public interface ControlSink {

    /**
     * Sends an event. A client that reads more slowly than events arrive is disconnected when a megabyte waits.
     *
     * @param event a value as {@link org.sipproxy.server.json.Json} describes
     * @return false if the client has left; the sender should stop
     */
    boolean send(Object event);

    /** Ends the stream. Does nothing if it has ended. */
    void end();
}
