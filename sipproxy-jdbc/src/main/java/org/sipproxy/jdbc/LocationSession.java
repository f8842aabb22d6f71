package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.RequestDeadline;

/**
 * Session of work on {@code location} over one borrowed connection. A single statement is its own transaction.
 *
 * <p>Two limits prevent a database that hangs from blocking the thread. A statement that may wait for a lock is
 * cancelled in the server after its timeout. A connection on which nothing arrives for one second longer is given up.
 */
final class LocationSession implements AutoCloseable {

    private final Connection connection;
    private final LocationTable table;
    private final RowProblems problems;
    private final int timeoutSeconds;
    private final int networkTimeoutBefore;
    private final boolean autoCommitBefore;
    private boolean inTransaction;

    LocationSession(Connection connection, LocationTable table, RowProblems problems, int timeoutSeconds)
            throws SQLException {
        this.connection = connection;
        this.table = table;
        this.problems = problems;
        this.timeoutSeconds = timeoutSeconds;
        this.networkTimeoutBefore = connection.getNetworkTimeout();
        this.autoCommitBefore = connection.getAutoCommit();
        connection.setNetworkTimeout(Runnable::run, (int) RequestDeadline.within((timeoutSeconds + 1) * 1000L));
    }

    // ---- transactions

    void begin() throws SQLException {
        connection.setAutoCommit(false);
        inTransaction = true;
    }

    void commit() throws SQLException {
        connection.commit();
        inTransaction = false;
    }

    /** Commits a transaction that must not be repeated if the outcome of the commit is unknown. */
    void commitOnce() throws SQLException {
        try {
            commit();
        } catch (SQLException e) {
            throw new CommitFailedException(e);
        }
    }

    void rollback() throws SQLException {
        connection.rollback();
        inTransaction = false;
    }

    /** Returns the connection in its original state, unless it is broken; then the pool discards it. */
    @Override
    public void close() throws SQLException {
        if (connection.isClosed()) {
            return;
        }
        if (inTransaction || !autoCommitBefore) {
            connection.rollback();
        }
        if (connection.getAutoCommit() != autoCommitBefore) {
            connection.setAutoCommit(autoCommitBefore);
        }
        connection.setNetworkTimeout(Runnable::run, networkTimeoutBefore);
    }

    // ---- reading

    List<Binding> find(Aor aor, Instant now) throws SQLException {
        if (!table.holds(aor)) {
            return List.of();
        }
        try (PreparedStatement statement = connection.prepareStatement(table.find)) {
            setAddress(statement, 1, aor, now);
            try (ResultSet rows = statement.executeQuery()) {
                return new RowReader(table.layout, problems).bindings(rows, table, aor);
            }
        }
    }

    /**
     * Returns the rows, locked until the transaction ends. With an advisory lock no other transaction can add one
     * either.
     */
    List<Binding> findAndLock(Aor aor, Instant now, boolean advisoryLock) throws SQLException {
        if (!table.holds(aor)) {
            return List.of();
        }
        try (PreparedStatement statement =
                connection.prepareStatement(advisoryLock ? table.lockAndFind : table.findAndLock)) {
            statement.setQueryTimeout(timeoutSeconds);
            if (advisoryLock) {
                statement.setLong(1, AdvisoryLock.number("location", aor.user() + "@" + aor.domain()));
            }
            setAddress(statement, advisoryLock ? 2 : 1, aor, now);
            statement.execute();
            if (advisoryLock) {
                statement.getMoreResults();
            }
            try (ResultSet rows = statement.getResultSet()) {
                return new RowReader(table.layout, problems).bindings(rows, table, aor);
            }
        }
    }

    private void setAddress(PreparedStatement statement, int from, Aor aor, Instant now) throws SQLException {
        int at = from;
        statement.setString(at++, aor.user());
        statement.setString(at++, aor.domain());
        table.setTime(statement, at++, now.getEpochSecond());
        table.setTime(statement, at, LocationLayout.PERMANENT);
    }

    /**
     * Reads the next rows by id.
     *
     * @return the id of the last of them, or the greatest number if there is none
     */
    long page(long afterId, int most, Instant now, RowReader reader) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(table.page)) {
            statement.setLong(1, afterId);
            table.setTime(statement, 2, now.getEpochSecond());
            table.setTime(statement, 3, LocationLayout.PERMANENT);
            statement.setInt(4, most);
            try (ResultSet rows = statement.executeQuery()) {
                return reader.read(rows, table);
            }
        }
    }

    // ---- writing

    /** Writes the batch completely or not at all. */
    void write(LocationBatch batch) throws SQLException {
        if (batch.hasPuts() && batch.hasDeletes()) {
            begin();
            writeInTransaction(batch);
            commit();
        } else {
            writeInTransaction(batch);
            if (!autoCommitBefore) {
                connection.commit();
            }
        }
    }

    void writeInTransaction(LocationBatch batch) throws SQLException {
        if (batch.hasDeletes()) {
            try (PreparedStatement statement = connection.prepareStatement(table.delete)) {
                statement.setQueryTimeout(timeoutSeconds);
                batch.setDeletes(statement);
                statement.executeUpdate();
            }
        }
        if (batch.hasPuts()) {
            try (PreparedStatement statement = connection.prepareStatement(table.put)) {
                statement.setQueryTimeout(timeoutSeconds);
                batch.setPuts(statement, table);
                statement.executeUpdate();
            }
        }
    }

    /**
     * Deletes at most {@code most} rows and returns their number. Rows that another transaction has locked are skipped.
     */
    long deleteExpired(Instant endedAt, boolean ofThisServerOnly, int most, RowReader reader) throws SQLException {
        String sql = ofThisServerOnly ? table.deleteOwnExpired : table.deleteExpired;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setQueryTimeout(timeoutSeconds);
            int at = 1;
            table.setTime(statement, at++, endedAt.getEpochSecond());
            table.setTime(statement, at++, LocationLayout.PERMANENT);
            if (ofThisServerOnly) {
                statement.setInt(at++, table.layout.serverId());
            }
            statement.setInt(at++, most);
            table.setTime(statement, at, endedAt.getEpochSecond());
            long before = reader.rows();
            try (ResultSet rows = statement.executeQuery()) {
                reader.read(rows, table);
            }
            if (!autoCommitBefore) {
                connection.commit();
            }
            return reader.rows() - before;
        }
    }
}
