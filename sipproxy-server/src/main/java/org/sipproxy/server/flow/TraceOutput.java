package org.sipproxy.server.flow;

import java.io.Closeable;
import java.io.IOException;

/** Output of a trace. Not thread-safe. */
public interface TraceOutput extends Closeable {

    /** Shows the next message. */
    void add(TracedMessage message) throws IOException;

    /** Shows that messages are missing here, because they arrived faster than they were read. */
    default void missed(long count) throws IOException {}

    /** Completes the output. */
    @Override
    default void close() throws IOException {}
}
