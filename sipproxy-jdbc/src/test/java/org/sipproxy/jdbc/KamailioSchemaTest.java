package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class KamailioSchemaTest {

    private static final Path KAMAILIO_SCRIPTS = Path.of("/usr/share/kamailio/postgres");

    private static final List<String> SCRIPTS =
            List.of("standard", "auth_db", "usrloc", "acc", "permissions", "dispatcher", "domain", "alias_db", "uac");

    private static final String ALL_COLUMNS =
            "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, "
                    + "character_maximum_length, numeric_precision, is_nullable, column_default) FROM information_schema.columns "
                    + "WHERE table_schema = 'public' AND table_name <> 'domain_attrs' ORDER BY 1";

    private static final String ALL_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' "
            + "AND tablename <> 'domain_attrs' ORDER BY 1";

    private static final String ALL_VERSIONS = "SELECT table_name || ' ' || table_version FROM version "
            + "WHERE table_name NOT IN ('domain_attrs', 'acc_cdrs') ORDER BY 1";

    private final PostgresFixture postgres = PostgresFixture.empty();
    private KamailioSchema schema;

    @BeforeEach
    void open() {
        postgres.open();
        schema = KamailioSchema.on(postgres.dataSource());
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void createdTablesVerify() {
        assertThat(schema.create()).isEqualTo(KamailioSchema.tables()).hasSize(15);

        assertThat(schema.verify()).isEmpty();
    }

    @Test
    void creatingAgainChangesNothing() {
        schema.create();
        Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "secret");

        assertThat(schema.create()).isEmpty();

        assertThat(Subscribers.in(postgres.dataSource()).count()).isEqualTo(1);
    }

    @Test
    void concurrentCreationsDoNotFail() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<List<String>> create = schema::create;
            for (Future<List<String>> future : threads.invokeAll(List.of(create, create, create, create))) {
                future.get();
            }
        } finally {
            threads.shutdown();
        }

        assertThat(schema.verify()).isEmpty();
    }

    @Test
    void tablesAreThoseOfKamailiosOwnScripts() throws IOException {
        assumeThat(KAMAILIO_SCRIPTS)
                .as("Kamailio's schema scripts, of its package for PostgreSQL")
                .isDirectory();
        try (PostgresFixture kamailio = PostgresFixture.empty().open()) {
            for (String script : SCRIPTS) {
                kamailio.execute(Files.readString(KAMAILIO_SCRIPTS.resolve(script + "-create.sql")));
            }
            schema.create();
            for (String own : KamailioSchema.OWN.keySet()) {
                postgres.execute("DROP TABLE " + own + "; DELETE FROM version WHERE table_name = '" + own + "'");
            }

            for (String query : List.of(ALL_COLUMNS, ALL_INDEXES, ALL_VERSIONS)) {
                assertThat(rows(postgres, query))
                        .isEqualTo(rows(kamailio, query))
                        .hasSizeGreaterThan(10);
            }
            assertThat(KamailioSchema.on(kamailio.dataSource()).create())
                    .containsExactlyInAnyOrderElementsOf(KamailioSchema.OWN.keySet());
            assertThat(KamailioSchema.on(kamailio.dataSource()).verify())
                    .as("an older acc_cdrs is accepted")
                    .isEmpty();
        }
    }

    @Test
    void databaseWithoutAccountsAtProvidersIsAccepted() {
        schema.create();
        postgres.execute("DROP TABLE uacreg; DELETE FROM version WHERE table_name = 'uacreg'");

        assertThat(schema.verify()).isEmpty();
        assertThat(schema.create()).containsExactly("uacreg");
    }

    @Test
    void tablesWithRowsAreCountedExceptThoseThatAreOnlyWritten() {
        assertThat(schema.filledTables()).as("an empty database").isEmpty();
        schema.create();
        assertThat(schema.filledTables()).isEmpty();

        postgres.execute("INSERT INTO domain (domain) VALUES ('a.test'), ('b.test');"
                + " INSERT INTO acc (time) VALUES (now());"
                + " CREATE TABLE speed_dial (id INT); INSERT INTO speed_dial SELECT generate_series(1, 100002);"
                + " CREATE TABLE not_of_kamailio (id INT); INSERT INTO not_of_kamailio VALUES (1)");

        assertThat(schema.filledTables()).isEqualTo(Map.of("domain", 2L, "speed_dial", 100_001L));
    }

    @Test
    void mismatchNamesTableFoundAndWanted() {
        schema.create();
        postgres.execute("UPDATE version SET table_version = 8 WHERE table_name = 'location'");
        postgres.execute("DROP TABLE dbaliases");
        postgres.execute("DELETE FROM version WHERE table_name = 'domain'");
        postgres.execute("ALTER TABLE acc DROP COLUMN sip_code");

        assertThat(schema.verify())
                .extracting(SchemaMismatch::toString)
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text).startsWith("table location: version 8 (expected version 9)"),
                        text -> assertThat(text)
                                .startsWith("table dbaliases: no such table (expected version 1); create"),
                        text -> assertThat(text)
                                .startsWith("table domain: no row in table version (expected version 2)"),
                        text -> assertThat(text).startsWith("table acc: no column sip_code"));
    }

    @Test
    void tableOfAnotherVersionIsNotTouched() {
        postgres.execute("CREATE TABLE location (id int)");

        assertThat(schema.create()).doesNotContain("location");

        assertThat(schema.verify()).extracting(SchemaMismatch::table).containsExactly("location");
    }

    @Test
    void olderDispatchersAndFurtherColumnsAreAccepted() {
        schema.create();
        for (int version = 1; version <= 4; version++) {
            postgres.execute("UPDATE version SET table_version = " + version + " WHERE table_name = 'dispatcher'");
            assertThat(schema.verify()).isEmpty();
        }
        postgres.execute("ALTER TABLE acc ADD COLUMN src_user VARCHAR(64) NOT NULL DEFAULT ''");

        assertThat(schema.verify()).isEmpty();
    }

    @Test
    void droppingRemovesTheTablesOfTheSchemaOnly() {
        schema.create();
        schema.addSubscriberNotifications();
        schema.addSha256Column();
        postgres.execute("CREATE TABLE mine (id int)");

        schema.drop();
        schema.drop();

        assertThat(rows(postgres, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                .containsExactly("mine");
        assertThat(rows(postgres, "SELECT proname FROM pg_proc WHERE proname LIKE 'sipproxy%'"))
                .isEmpty();
    }

    @Test
    void additionsAreIdempotentAndDetected() {
        schema.create();
        assertThat(schema.hasSubscriberNotifications()).isFalse();
        assertThat(schema.hasSha256Column()).isFalse();

        for (int i = 0; i < 2; i++) {
            schema.addSubscriberNotifications();
            schema.addSha256Column();
        }

        assertThat(schema.hasSubscriberNotifications()).isTrue();
        assertThat(schema.hasSha256Column()).isTrue();
        assertThat(schema.verify()).isEmpty();
        postgres.execute("ALTER TABLE subscriber DISABLE TRIGGER sipproxy_subscriber_changed");
        assertThat(schema.hasSubscriberNotifications()).isFalse();
    }

    @Test
    void roleThatDoesNotOwnTheAccountingTablesAddsNothing() {
        schema.create();
        postgres.execute(
                "DROP ROLE IF EXISTS visitor; CREATE ROLE visitor LOGIN PASSWORD 'v'; GRANT ALL ON ALL TABLES IN SCHEMA"
                        + " public TO visitor");
        PGSimpleDataSource visitor = (PGSimpleDataSource) postgres.dataSource();
        visitor.setUser("visitor");
        visitor.setPassword("v");
        try {
            assertThat(KamailioSchema.on(visitor).addAccountingColumns()).isFalse();
            assertThat(schema.addAccountingColumns()).isTrue();
            assertThat(KamailioSchema.on(visitor).addAccountingColumns())
                    .as("the additions exist")
                    .isTrue();
        } finally {
            postgres.execute("DROP OWNED BY visitor; DROP ROLE visitor");
        }
    }

    private static List<String> rows(PostgresFixture postgres, String query) {
        return QuietJdbi.over("test", postgres.dataSource())
                .withHandle(
                        handle -> handle.createQuery(query).mapTo(String.class).list());
    }
}
