package org.sipproxy.jdbc;

import java.io.Serial;
import java.sql.SQLException;

/** Thrown if a commit failed, although it may have taken effect. */
final class CommitFailedException extends SQLException {

    @Serial
    private static final long serialVersionUID = 1L;

    CommitFailedException(SQLException cause) {
        super(cause.getMessage(), cause.getSQLState(), cause);
    }
}
