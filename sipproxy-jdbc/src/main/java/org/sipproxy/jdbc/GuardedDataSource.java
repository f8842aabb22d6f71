package org.sipproxy.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLTransientConnectionException;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Data source behind its circuit breaker. While the breaker is open, connections are refused; a failed connection opens
 * it.
 */
final class GuardedDataSource implements DataSource {

    /** SQLSTATE of a connection that could not be established. */
    private static final String NO_CONNECTION = "08001";

    private final CircuitBreaker breaker;
    private final DataSource real;

    GuardedDataSource(CircuitBreaker breaker, DataSource real) {
        this.breaker = breaker;
        this.real = real;
    }

    /** Returns the data source of the host application. */
    DataSource real() {
        return real;
    }

    @Override
    public Connection getConnection() throws SQLException {
        refuseIfOpen();
        try {
            return real.getConnection();
        } catch (SQLException e) {
            breaker.failed(e);
            throw e;
        }
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        refuseIfOpen();
        return real.getConnection(username, password);
    }

    private void refuseIfOpen() throws SQLException {
        if (breaker.isOpen()) {
            throw new SQLTransientConnectionException("the database does not respond", NO_CONNECTION);
        }
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return real.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        real.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        real.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return real.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return real.getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return type.isInstance(real) ? type.cast(real) : real.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return type.isInstance(real) || real.isWrapperFor(type);
    }
}
