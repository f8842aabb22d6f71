package org.sipproxy.api.routing;

import java.io.Serial;

/**
 * Thrown, instead of waiting, by an operation that was called on a thread that must not wait: {@link RequestStage#handleAtOnce} and
 * the store of {@link org.sipproxy.api.auth.CredentialStore#withoutWaiting}. The proxy then repeats the whole stage on a worker
 * thread, where it may wait. Has no stack trace.
 */
public final class NeedsWorkerException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** That an operation would have to wait. */
    public NeedsWorkerException() {
        super("has to wait, which this thread must not", null, false, false);
    }
}
