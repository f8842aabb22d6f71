package org.sipproxy.core.internal.guard;

/** Host code that a request depends on failed, and {@link HostCall} has logged how: the request is answered with 500. */
public final class HostFailedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public HostFailedException(Throwable cause) {
        super(cause);
    }
}
