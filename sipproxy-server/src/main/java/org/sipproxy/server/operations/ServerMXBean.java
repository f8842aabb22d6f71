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

    /**
     * Returns what the server would do with a request, as JSON; see {@link Explanations#explain}.
     *
     * @param text the text of the request
     * @param source the sender's address over UDP, such as {@code 192.0.2.7:5060}; empty for that in the topmost Via
     * @param as the user whose proof of a password is assumed; empty for none
     */
    String explain(String text, String source, String as);

    /** Sets a log level; see {@link LogLevels#set}. */
    Map<String, String> setLogLevel(String level, String logger);
}
