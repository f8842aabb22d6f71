package org.sipproxy.jdbc;

import java.util.Objects;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Jdbi of one component. Its exceptions name the component, the database and the remedy, and do not contain the bound
 * arguments, which may be passwords.
 */
final class QuietJdbi {

    private final String component;
    private final DataSource dataSource;
    private final Jdbi jdbi;

    private QuietJdbi(String component, DataSource dataSource) {
        this.component = component;
        this.dataSource = dataSource;
        this.jdbi = Jdbi.create(dataSource);
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(StatementExceptions.MessageRendering.NONE);
    }

    /**
     * Returns the Jdbi of a component.
     *
     * @param component its name in exceptions, such as {@code domains}
     */
    static QuietJdbi over(String component, DataSource dataSource) {
        return new QuietJdbi(component, Objects.requireNonNull(dataSource, "dataSource"));
    }

    <R, X extends Exception> R withHandle(HandleCallback<R, X> callback) throws X {
        return named(() -> jdbi.withHandle(callback));
    }

    <X extends Exception> void useHandle(HandleConsumer<X> consumer) throws X {
        withHandle(consumer.asCallback());
    }

    <R, X extends Exception> R inTransaction(HandleCallback<R, X> callback) throws X {
        return named(() -> jdbi.inTransaction(callback));
    }

    <X extends Exception> void useTransaction(HandleConsumer<X> consumer) throws X {
        inTransaction(consumer.asCallback());
    }

    <X extends Exception> void useTransaction(TransactionIsolationLevel level, HandleConsumer<X> consumer) throws X {
        named(() -> jdbi.inTransaction(level, consumer.asCallback()));
    }

    /** Opens a connection, which the caller closes. Exceptions of its statements are Jdbi's own. */
    Handle open() {
        return named(jdbi::open);
    }

    /** Returns the result of a use of Jdbi, whose exceptions get the name of the component. */
    private <R, X extends Exception> R named(Use<R, X> use) throws X {
        try {
            return use.run();
        } catch (NamedJdbiException e) {
            throw e;
        } catch (JdbiException e) {
            throw new NamedJdbiException(component + ": " + DatabaseProblem.text(dataSource, e), e);
        }
    }

    @FunctionalInterface
    private interface Use<R, X extends Exception> {

        R run() throws X;
    }

    /** Failure whose message names the component, the database and the remedy; the cause is Jdbi's exception. */
    private static final class NamedJdbiException extends JdbiException {

        private static final long serialVersionUID = 1;

        NamedJdbiException(String message, JdbiException cause) {
            super(message, cause);
        }
    }
}
