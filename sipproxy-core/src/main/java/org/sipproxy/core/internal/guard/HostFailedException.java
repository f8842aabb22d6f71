package org.sipproxy.core.internal.guard;

/**
 * Thrown if code of the host application that a request depends on has failed. {@link HostCall} has logged the cause;
 * the request gets a 500.
 */
public final class HostFailedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public HostFailedException(Throwable cause) {
        super(cause);
    }
}
