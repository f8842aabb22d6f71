package org.sipproxy.server.control;

/** Error of a method: what a client reads in the error object of JSON-RPC. The message is one lower-case line. */
public final class ControlException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Kind of error, with its code in JSON-RPC. */
    public enum Kind {
        /** The text is not JSON. */
        PARSE_ERROR(-32700),
        /** The JSON is not a request. */
        INVALID_REQUEST(-32600),
        /** There is no such method. */
        METHOD_NOT_FOUND(-32601),
        /** A parameter is missing, unknown, or has a wrong value. */
        INVALID_PARAMS(-32602),
        /** The method failed unexpectedly; the server logs why. */
        INTERNAL_ERROR(-32603),
        /** The operation failed, such as a write to a database that is down. */
        FAILED(-32000),
        /** What the parameters name does not exist, such as an AOR without bindings. */
        NOT_FOUND(-32001),
        /** This server is configured without what the method needs, such as {@code --calls}. */
        NOT_CONFIGURED(-32002),
        /** The channel is busy. */
        BUSY(-32003);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** Returns the code in JSON-RPC. */
        public int code() {
            return code;
        }
    }

    private final Kind kind;
    private final String remedy;

    /**
     * Creates an error.
     *
     * @param message what is wrong, with the value
     * @param remedy how to fix it; empty if there is nothing to add
     */
    public ControlException(Kind kind, String message, String remedy) {
        super(message);
        this.kind = kind;
        this.remedy = remedy;
    }

    /** Returns an error of a parameter. */
    public static ControlException invalid(String message, String remedy) {
        return new ControlException(Kind.INVALID_PARAMS, message, remedy);
    }

    /** Returns the kind. */
    public Kind kind() {
        return kind;
    }

    /** Returns how to fix it; empty if there is nothing to add. */
    public String remedy() {
        return remedy;
    }

    /** Returns what is wrong and how to fix it, in one line. */
    public String text() {
        return remedy.isEmpty() ? String.valueOf(getMessage()) : getMessage() + "; " + remedy;
    }
}
