package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DatabaseRolesTest {

    /** Names that need quoting, and would be harmful without it. */
    private static final String WRITER = "rw\"; DROP TABLE subscriber; -- '";

    private static final String READER = "Read Only\\'";

    private final PostgresFixture postgres = PostgresFixture.withSchema();

    @BeforeEach
    void open() {
        postgres.open();
    }

    @AfterEach
    void close() {
        for (String role : new String[] {WRITER, READER}) {
            String quoted = DatabaseRoles.identifier(role);
            postgres.execute("DROP OWNED BY " + quoted + "; DROP ROLE " + quoted);
        }
        postgres.close();
    }

    @Test
    void eachRoleMayDoItsWorkAndNoMore() throws Exception {
        DatabaseRoles roles = DatabaseRoles.of(WRITER, READER);

        roles.grant(postgres.dataSource());
        roles.grant(postgres.dataSource());

        DataSource writer = withPassword(WRITER);
        Subscribers.in(writer).add("1001", "sip.test", "secret");
        Subscribers.in(writer).changePassword("1001", "sip.test", "secret2");
        assertRefused(writer, "UPDATE version SET table_version = 1");
        assertRefused(writer, "TRUNCATE subscriber");
        assertRefused(writer, "ALTER TABLE subscriber ADD COLUMN x int");
        assertRefused(writer, "CREATE TABLE x (id int)");
        assertRefused(writer, "DROP TABLE location");

        DataSource reader = withPassword(READER);
        assertThat(Subscribers.in(reader).count()).isEqualTo(1);
        assertThat(KamailioSchema.on(reader).verify()).isEmpty();
        assertRefused(reader, "DELETE FROM subscriber");
        assertRefused(reader, "INSERT INTO location (ruid) VALUES ('x')");
        assertRefused(reader, "SELECT nextval('location_id_seq')");
        assertRefused(reader, "CREATE TABLE x (id int)");
        assertThatThrownBy(() -> roles.grant(reader))
                .isInstanceOf(JdbiException.class)
                .hasMessageContaining("permission denied");
    }

    @Test
    void excessiveRightsAreRevoked() throws Exception {
        DatabaseRoles roles = DatabaseRoles.of(WRITER, READER);
        roles.grant(postgres.dataSource());
        postgres.execute(
                "GRANT ALL ON subscriber TO " + DatabaseRoles.identifier(READER) + "; GRANT ALL ON acc TO PUBLIC");

        roles.grant(postgres.dataSource());

        assertRefused(withPassword(READER), "DELETE FROM subscriber");
        assertRefused(withPassword(READER), "DELETE FROM acc");
    }

    @Test
    void sqlForReviewIsTheSqlThatRuns() throws Exception {
        String sql = DatabaseRoles.of(WRITER, READER).sql(postgres.dataSource());

        postgres.execute(sql);

        assertThat(sql).contains("REVOKE ALL ON TABLE \"public\".\"subscriber\" FROM PUBLIC, ");
        Subscribers.in(withPassword(WRITER)).add("1001", "sip.test", "secret");
        assertRefused(withPassword(READER), "DELETE FROM subscriber");
    }

    @Test
    void namesThatCannotBeRolesAreRefusedTogether() {
        DatabaseRoles.of(WRITER, READER).grant(postgres.dataSource()); // for close()

        assertThatThrownBy(() -> DatabaseRoles.of("", "x".repeat(64)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("readWrite: not a usable role name")
                .hasMessageContaining("readOnly: not a usable role name");
        assertThatThrownBy(() -> DatabaseRoles.of("a$sipproxy$", "a")).hasMessageContaining("without $");
        assertThatThrownBy(() -> DatabaseRoles.of("a", "a")).hasMessageContaining("give two different names");
    }

    private DataSource withPassword(String role) {
        postgres.execute("ALTER ROLE " + DatabaseRoles.identifier(role) + " PASSWORD 'pw'");
        return postgres.dataSource(role, "pw");
    }

    private static void assertRefused(DataSource dataSource, String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute(sql))
                    .satisfies(e -> assertThat(SqlStates.of(e))
                            .as(sql + ": " + e.getMessage())
                            .isEqualTo("42501"));
        }
    }
}
