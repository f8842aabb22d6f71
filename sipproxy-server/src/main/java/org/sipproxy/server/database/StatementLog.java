package org.sipproxy.server.database;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** DataSource that delegates to another one and records the statements that are prepared. */
public final class StatementLog implements DataSource {

    private final DataSource database;
    /** Statements in the order of their first use; guarded by itself. */
    private final Collection<String> statements = new LinkedHashSet<>();

    public StatementLog(DataSource database) {
        this.database = database;
    }

    /** Returns the statements so far, each once and on one line. */
    public List<String> statements() {
        synchronized (statements) {
            return List.copyOf(statements);
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        return watched(database.getConnection());
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        return watched(database.getConnection(username, password));
    }

    private Connection watched(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                StatementLog.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (self, method, arguments) -> call(connection, method, arguments));
    }

    private Object call(Connection connection, Method method, Object[] arguments) throws Throwable {
        if (method.getName().equals("prepareStatement")) {
            synchronized (statements) {
                statements.add(
                        String.valueOf(arguments[0]).replaceAll("\\s+", " ").strip());
            }
        }
        try {
            return method.invoke(connection, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return database.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter out) throws SQLException {
        database.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getLogger(StatementLog.class.getName());
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return database.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return database.isWrapperFor(type);
    }
}
