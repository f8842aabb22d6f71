package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** What a table holds, as psql would show it. */
public final class Rows {

    private Rows() {}

    /** Each row as its columns with a bar between them; NULL is written so. */
    static List<String> of(PostgresFixture postgres, String query) {
        return of(postgres.dataSource(), query);
    }

    /** As {@link #of(PostgresFixture, String)}. */
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
