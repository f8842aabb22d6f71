package org.sipproxy.core.options;

import java.net.UnknownHostException;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.transport.Endpoint;

/**
 * Thrown if a listening point could not be opened. Nothing stays open: free the address or choose another one, and
 * start again.
 */
public final class BindFailedException extends RuntimeException {

    private final Endpoint endpoint;
    private final transient ConfigurationProblem problem;

    /**
     * Creates an exception whose message explains how to fix the problem, if the cause is a known one.
     *
     * @param endpoint the listening point that could not be opened
     * @param cause the error that the operating system reported
     */
    public BindFailedException(Endpoint endpoint, Throwable cause) {
        this(endpoint, cause, explain(Objects.requireNonNull(endpoint, "endpoint"), cause));
    }

    private BindFailedException(Endpoint endpoint, Throwable cause, ConfigurationProblem problem) {
        super(problem.text(), cause);
        this.endpoint = endpoint;
        this.problem = problem;
    }

    /** Returns the listening point that could not be opened. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /** Returns the problem of the option {@code listen}. */
    public ConfigurationProblem problem() {
        return problem;
    }

    private static ConfigurationProblem explain(Endpoint endpoint, Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return problem(endpoint, "names a host that cannot be resolved", "write a numeric address of this machine");
        }
        // Neither the JDK nor Netty has a type or number for these, only the system's message.
        String said = String.valueOf(cause.getMessage());
        if (said.contains("already in use")) {
            return problem(endpoint, "is already in use", "stop the other process or listen on another port");
        }
        if (said.contains("assign requested address")) {
            String any = endpoint.host().indexOf(':') >= 0 ? "[::]" : "0.0.0.0";
            return problem(endpoint, "is not an address of this machine", "listen on one that is, or on " + any);
        }
        if (said.contains("ermission denied")) {
            return problem(endpoint, "is not permitted", "listen on a port above 1023 or grant CAP_NET_BIND_SERVICE");
        }
        return problem(endpoint, "cannot be opened: " + said.replaceAll("\\s+", " "), "");
    }

    private static ConfigurationProblem problem(Endpoint endpoint, String reason, String remedy) {
        return ConfigurationProblem.of("listen", endpoint.toString(), reason, remedy);
    }
}
