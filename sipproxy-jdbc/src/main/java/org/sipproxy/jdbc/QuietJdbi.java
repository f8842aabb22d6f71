package org.sipproxy.jdbc;

import java.util.Objects;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementExceptions;

/** Jdbi whose exceptions contain PostgreSQL's message without the bound arguments, which may be passwords. */
final class QuietJdbi {

    private QuietJdbi() {}

    static Jdbi over(DataSource dataSource) {
        Jdbi jdbi = Jdbi.create(Objects.requireNonNull(dataSource, "dataSource"));
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(StatementExceptions.MessageRendering.NONE);
        return jdbi;
    }
}
