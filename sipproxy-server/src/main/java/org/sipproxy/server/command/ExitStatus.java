package org.sipproxy.server.command;

/** Exit statuses of all commands. */
public final class ExitStatus {

    /** Success. */
    public static final int OK = 0;
    /** Failure, or what was named does not exist. */
    public static final int FAILED = 1;
    /** Wrong usage or configuration. */
    public static final int MISCONFIGURED = 2;
    /** The database, or the running server, cannot be reached. */
    public static final int UNREACHABLE = 3;

    private ExitStatus() {}
}
