package org.sipproxy.api.routing;

import java.io.Serial;

/**
 * Thrown, instead of waiting, by an operation that was called on a thread that must not wait:
 * {@link RequestStage#handleAtOnce} and the store that {@link org.sipproxy.api.auth.CredentialStore#withoutWaiting}
 * returns. The proxy then runs the whole stage again on a worker thread, where it may wait. Has no stack trace.
 */
public final class NeedsWorkerException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Creates an exception which says that an operation would have to wait. */
    public NeedsWorkerException() {
        super("would have to wait, which this thread must not do", null, false, false);
    }
}
