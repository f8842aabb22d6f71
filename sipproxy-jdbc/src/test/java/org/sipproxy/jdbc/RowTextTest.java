package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;

/** Database of encoding SQL_ASCII, whose columns hold any bytes that their writer sent. */
class RowTextTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.empty();

    private static PGSimpleDataSource ascii;

    @BeforeAll
    static void create() throws Exception {
        POSTGRES.execute("CREATE DATABASE " + POSTGRES.databaseName()
                + "_a ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        ascii = (PGSimpleDataSource) POSTGRES.dataSource();
        ascii.setDatabaseName(POSTGRES.databaseName() + "_a");
        KamailioSchema.on(ascii).create();
    }

    @AfterAll
    static void drop() {
        POSTGRES.execute("DROP DATABASE IF EXISTS " + POSTGRES.databaseName() + "_a WITH (FORCE)");
    }

    private static void execute(String sql) {
        QuietJdbi.over("test", ascii).useHandle(handle -> handle.execute(sql));
    }

    @Test
    void bytesThatAreNotUtf8CostNoOtherRow() {
        RecordingLogger log = new RecordingLogger();
        execute("INSERT INTO location (ruid, username, domain, contact, expires, user_agent) VALUES ('a', 'bob',"
                + " 'sip.test', 'sip:bob@192.0.2.1', '2030-01-01', convert_from('\\xe9'::bytea, 'SQL_ASCII')), ('b',"
                + " 'bob', 'sip.test', 'sip:b' || convert_from('\\xe9'::bytea, 'SQL_ASCII') || '@192.0.2.1', '2030-01-01',"
                + " ''), ('c', 'bob', 'sip.test', 'sip:bob@192.0.2.3', '2030-01-01', 'phone')");
        JdbcBindingRepository repository =
                JdbcBindingRepository.builder(ascii).log(log.logger()).build();

        assertThat(repository.find(new Aor("bob", "sip.test"), NOW))
                .extracting(Binding::id, Binding::userAgent)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a", "\ufffd"),
                        org.assertj.core.groups.Tuple.tuple("c", "phone"));
        assertThat(log.lines()).singleElement().asString().contains("row id 2 of user \"bob\": skipped: it has a");
    }

    @Test
    void passwordThatIsNotUtf8IsLoggedAndTheOtherSubscribersAreFound() {
        RecordingLogger log = new RecordingLogger();
        execute("INSERT INTO subscriber (username, domain, password) VALUES "
                + "('1001', 'sip.test', convert_from('\\xe9'::bytea, 'SQL_ASCII')), ('1002', 'sip.test', 'x')");
        JdbcCredentials credentials = JdbcCredentials.builder(ascii)
                .plainPasswords()
                .log(log.logger())
                .build();

        assertThat(credentials.find("1001", "sip.test")).isPresent();
        assertThat(credentials.find("1002", "sip.test")).isPresent();
        assertThat(log.lines()).singleElement().asString().contains("\"1001@sip.test\": its password is not UTF-8");
    }

    @Test
    void domainsAndAccessRulesAreReadDespiteSuchARow() {
        execute("INSERT INTO domain (domain) VALUES (convert_from('\\xe9'::bytea, 'SQL_ASCII')), ('a.test')");
        execute("INSERT INTO address (ip_addr, tag) VALUES ('192.0.2.1', convert_from('\\xe9'::bytea, 'SQL_ASCII'))");
        JdbcDomains domains = JdbcDomains.of(ascii);
        domains.reload();

        assertThat(domains.domains()).containsExactly("a.test");
        assertThat(JdbcAccessRules.of(ascii).read().addresses()).hasSize(1);
    }
}
