package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class PostgresServerTest {

    @Test
    void dataAndPortSurviveAStopAndAKill() throws Exception {
        try (PostgresServer server = PostgresServer.launch()) {
            int port = server.port();
            KamailioSchema schema = KamailioSchema.on(server.createDatabase("kept"));
            schema.create();

            server.stop();
            assertThatThrownBy(() -> server.dataSource("kept").getConnection()).isInstanceOf(SQLException.class);
            server.start();
            assertThat(schema.verify()).isEmpty();

            try (Connection open = server.dataSource("kept").getConnection()) {
                server.kill();
                assertThat(open.isValid(1)).isFalse();
            }
            server.start();
            assertThat(schema.verify()).isEmpty();
            assertThat(server.port()).isEqualTo(port);
        }
    }
}
