package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** Contents of a table, as psql would show them. */
public final class Rows {

    private Rows() {}

    /** Returns each row as its columns separated by a bar; NULL is written as NULL. */
    static List<String> of(PostgresFixture postgres, String query) {
        return of(postgres.dataSource(), query);
    }

    /** Returns the same as {@link #of(PostgresFixture, String)}, for a data source. */
    public static List<String> of(DataSource dataSource, String query) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> all = new ArrayList<>();
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                StringBuilder row = new StringBuilder();
                for (int i = 1; i <= columns; i++) {
                    row.append(i == 1 ? "" : "|").append(rows.getString(i) == null ? "NULL" : rows.getString(i));
                }
                all.add(row.toString());
            }
            return all;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
