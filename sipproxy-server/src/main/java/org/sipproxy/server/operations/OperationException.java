package org.sipproxy.server.operations;

/** An operation is not possible. The message is one lower-case line: what is wrong, and how to fix it. */
public final class OperationException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Kind of failure. */
    public enum Kind {
        /** An argument is wrong. */
        INVALID,
        /** What was named does not exist. */
        NOT_FOUND,
        /** The server was started without the option that the operation needs. */
        NOT_CONFIGURED,
        /** The operation failed, for example because the database is down. */
        FAILED
    }

    private final Kind kind;

    public OperationException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Returns the kind. */
    public Kind kind() {
        return kind;
    }
}
