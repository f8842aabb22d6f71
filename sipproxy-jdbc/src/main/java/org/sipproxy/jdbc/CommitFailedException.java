package org.sipproxy.jdbc;

import java.io.Serial;
import java.sql.SQLException;

/** A commit failed, and may have happened all the same. */
final class CommitFailedException extends SQLException {

    @Serial
    private static final long serialVersionUID = 1L;

    CommitFailedException(SQLException cause) {
        super(cause.getMessage(), cause.getSQLState(), cause);
    }
}
