package org.sipproxy.core.status;

import java.net.UnknownHostException;
import java.util.Objects;
import org.sipproxy.api.transport.Endpoint;

/**
 * Thrown if a listening point could not be opened. Nothing stays open: free the address or choose another one, and
 * start again.
 */
public final class BindFailedException extends RuntimeException {

    private final Endpoint endpoint;

    /**
     * Creates an exception whose message explains how to fix the problem, if the cause is a known one.
     *
     * @param endpoint the listening point that could not be opened
     * @param cause the error that the operating system reported
     */
    public BindFailedException(Endpoint endpoint, Throwable cause) {
        super("listen: " + Objects.requireNonNull(endpoint, "endpoint") + " " + explain(endpoint, cause), cause);
        this.endpoint = endpoint;
    }

    /** Returns the listening point that could not be opened. */
    public Endpoint endpoint() {
        return endpoint;
    }

    private static String explain(Endpoint endpoint, Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return "names a host that cannot be resolved; write a numeric address of this machine";
        }
        // Neither the JDK nor Netty has a type or number for these, only the system's message.
        String said = String.valueOf(cause.getMessage());
        if (said.contains("already in use")) {
            return "is already in use; stop the other process or listen on another port";
        }
        if (said.contains("assign requested address")) {
            return "is not an address of this machine; listen on one that is, or on "
                    + (endpoint.host().indexOf(':') >= 0 ? "[::]" : "0.0.0.0");
        }
        if (said.contains("ermission denied")) {
            return "is not permitted; listen on a port above 1023 or grant CAP_NET_BIND_SERVICE";
        }
        return "cannot be opened: " + said.replaceAll("\\s+", " ");
    }
}
