package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class JdbcSecretTest {

    private static final String ROLE = "sipproxy_secret_test";

    private final PostgresFixture postgres = PostgresFixture.withSchema();

    @BeforeEach
    void open() {
        postgres.open();
        postgres.execute("DROP ROLE IF EXISTS " + ROLE + "; CREATE ROLE " + ROLE + " LOGIN PASSWORD 'pw'");
    }

    @AfterEach
    void close() {
        postgres.execute("DROP OWNED BY " + ROLE + "; DROP ROLE " + ROLE);
        postgres.close();
    }

    @Test
    void proxiesThatStartAtOnceGetTheSameSecret() throws Exception {
        ExecutorService proxies = Executors.newFixedThreadPool(8);
        Set<String> seen = new HashSet<>();
        try {
            Callable<String> start = () -> hex(JdbcSecret.readOrCreate(postgres.dataSource()));
            for (var secret :
                    proxies.invokeAll(IntStream.range(0, 8).mapToObj(i -> start).toList())) {
                seen.add(secret.get());
            }
        } finally {
            proxies.shutdown();
        }

        assertThat(seen).hasSize(1);
        assertThat(hex(JdbcSecret.readOrCreate(postgres.dataSource())))
                .isEqualTo(seen.iterator().next())
                .hasSize(64);
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    @Test
    void missingTableAndAMissingPrivilegeNameTheRemedy() {
        assertThatThrownBy(() -> JdbcSecret.readOrCreate(postgres.dataSource(ROLE, "pw")))
                .isInstanceOf(SecretUnavailableException.class)
                .hasMessageContaining("permission denied")
                .hasMessageContaining("db grants");

        postgres.execute("DROP TABLE sipproxy_secret");

        assertThatThrownBy(() -> JdbcSecret.readOrCreate(postgres.dataSource()))
                .isInstanceOf(SecretUnavailableException.class)
                .hasMessageContaining("no table sipproxy_secret")
                .hasMessageContaining("db create");
        List<Finding> findings =
                DatabaseDoctor.builder(postgres.dataSource()).build().examine();
        assertThat(findings)
                .filteredOn(finding -> finding.what().equals("table sipproxy_secret"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Finding.Severity.WARNING));
    }

    @Test
    void readWriteRoleOfDbGrantsCreatesTheSecretAndCannotChangeIt() {
        DatabaseRoles.of(ROLE, ROLE + "_ro").grant(postgres.dataSource());
        try {
            byte[] created = JdbcSecret.readOrCreate(postgres.dataSource(ROLE, "pw"));

            assertThat(JdbcSecret.readOrCreate(postgres.dataSource())).isEqualTo(created);
            assertThatThrownBy(() -> QuietJdbi.over("test", postgres.dataSource(ROLE, "pw"))
                            .useHandle(handle -> handle.execute("UPDATE sipproxy_secret SET secret = ''")))
                    .hasMessageContaining("permission denied");
        } finally {
            postgres.execute("DROP OWNED BY " + ROLE + "_ro; DROP ROLE " + ROLE + "_ro");
        }
    }

    @Test
    void rowThatIsNotASecretIsRefusedWithoutShowingIt() {
        postgres.execute("INSERT INTO sipproxy_secret (name, secret) VALUES ('proxy', 'hunter2')");

        assertThatThrownBy(() -> JdbcSecret.readOrCreate(postgres.dataSource()))
                .isInstanceOf(SecretUnavailableException.class)
                .hasMessageContaining("delete it")
                .hasMessageNotContaining("hunter2");
    }
}
