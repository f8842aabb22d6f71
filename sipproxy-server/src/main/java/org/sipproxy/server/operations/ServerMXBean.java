package org.sipproxy.server.operations;

import java.util.Map;

/** MXBean {@code org.sipproxy:type=Server}. See {@link ServerOperations}. */
public interface ServerMXBean {

    /** Returns {@link ServerStatus} as texts. */
    Map<String, String> getStatus();

    /** Returns the state of the proxy, such as {@code RUNNING}. */
    String getState();

    /** Returns {@code READY}, {@code DEGRADED} or {@code NOT_READY}. */
    String getHealth();

    /** Stops taking new work. */
    void drain();

    /** Stops the server. */
    void stop();

    /** Sets a log level; see {@link LogLevels#set}. */
    Map<String, String> setLogLevel(String level, String logger);
}
