package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.location.UserCase;

class DatabaseDoctorTest {

    private final PostgresFixture postgres = PostgresFixture.withSchema();

    @BeforeEach
    void open() {
        postgres.open();
        KamailioSchema.on(postgres.dataSource()).addSubscriberNotifications();
        Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "test1234");
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void validDatabaseHasNoErrorsAndOneWarning() {
        assertThat(problems(doctor()))
                .as("the tests use a superuser")
                .singleElement()
                .asString()
                .startsWith("WARNING role: " + postgres.user() + ", a superuser");
        assertThat(doctor()).anyMatch(finding -> finding.toString().startsWith("OK server: PostgreSQL "));
    }

    @Test
    void problemsOfTheTablesAreReported() {
        postgres.execute("UPDATE version SET table_version = 8 WHERE table_name = 'location'; DROP TABLE dbaliases");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("ERROR table location: version 8, not version 9; migrate"))
                .anyMatch(text -> text.startsWith("ERROR table dbaliases: no such table, not version 1; create"));
    }

    @Test
    void unusableSubscribersAreReported() {
        postgres.execute("INSERT INTO subscriber (username, domain, password, ha1) VALUES "
                + "('2001', 'other.test', '', md5('x')), "
                + "('2002', 'sip.test', 'plain', ''), "
                + "('2003', 'sip.test', '', ''), "
                + "('2004', 'sip.test', 'pw', md5('2004:wrong-realm:pw')), "
                + "('2005', 'sip.test', '', 'not a hash')");
        postgres.execute("DROP TRIGGER sipproxy_subscriber_changed ON subscriber");
        postgres.execute("ALTER TABLE subscriber ADD COLUMN ha1_sha256 VARCHAR(64)");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("WARNING domain of subscribers: [\"other.test\"], not a domain"))
                .anyMatch(text ->
                        text.startsWith("WARNING ha1: empty for 1 with a plain password; let the proxy compute"))
                .anyMatch(text -> text.startsWith("WARNING ha1: no hash and no password for 1"))
                .anyMatch(text -> text.startsWith("WARNING ha1: not the hash of user:domain:password for 1 "))
                .anyMatch(text -> text.startsWith("WARNING ha1: not an MD5 or SHA-256 hash for 1"))
                .anyMatch(text -> text.startsWith("NOTICE plain passwords: stored for 2"))
                .anyMatch(text -> text.startsWith("WARNING change notifications: no trigger"))
                .anyMatch(text -> text.startsWith("ERROR ha1_sha256: without its trigger"));
    }

    @Test
    void domainsOfTheTableAreDomainsOfTheProxyIfItReadsThem() {
        postgres.execute("INSERT INTO subscriber (username, domain, ha1) VALUES ('2001', 'other.test', md5('x'));"
                + " INSERT INTO domain (domain) VALUES ('OTHER.test')");
        DatabaseDoctor.Builder doctor =
                DatabaseDoctor.builder(postgres.dataSource()).domains(List.of("sip.test"));

        assertThat(problems(doctor.build().examine())).noneMatch(text -> text.contains("domain of subscribers"));
        assertThat(problems(doctor.uses(Set.of(DatabaseUse.SUBSCRIBERS)).build().examine()))
                .anyMatch(text -> text.startsWith("WARNING domain of subscribers: [\"other.test\"], not a domain"));
    }

    @Test
    void subscribersThatDifferInCaseOnlyAreReported() {
        postgres.execute("INSERT INTO subscriber (username, domain, ha1) VALUES ('alice', 'sip.test', md5('x')),"
                + " ('Alice', 'sip.test', md5('x')), ('ALICE', 'other.test', md5('x')), ('BOB', 'sip.test', md5('x')),"
                + " ('Bob', 'sip.test', md5('x')), ('\u00e9', 'sip.test', md5('x')), ('\u00c9', 'sip.test', md5('x'))");

        assertThat(problems(doctor()))
                .filteredOn(text -> text.contains("names of subscribers"))
                .singleElement()
                .asString()
                .startsWith("WARNING names of subscribers: 2 differ in case only: ")
                .contains("alice")
                .contains("Alice")
                .contains("BOB")
                .contains("of sip.test")
                .doesNotContain("other.test")
                .contains("; remove all but one of each with rm");
        assertThat(problems(DatabaseDoctor.builder(postgres.dataSource())
                        .userCase(UserCase.SENSITIVE)
                        .build()
                        .examine()))
                .noneMatch(text -> text.contains("names of subscribers"));
    }

    @Test
    void writerInAnotherZoneIsReported() {
        insertBinding(
                "uloc-1", 0, "now() AT TIME ZONE 'Asia/Tokyo'", "now() AT TIME ZONE 'Asia/Tokyo' + interval '1 hour'");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("WARNING time zone: the newest binding was written "));
        assertThat(problems(DatabaseDoctor.builder(postgres.dataSource())
                        .databaseZone(ZoneId.of("Asia/Tokyo"))
                        .serverId(0)
                        .build()
                        .examine()))
                .noneMatch(text -> text.contains("time zone"));
    }

    @Test
    void rowsThatNothingReadsAreReported() {
        postgres.execute("INSERT INTO domain (domain) VALUES ('other.test');"
                + " INSERT INTO dispatcher (destination) VALUES ('sip:192.0.2.1'), ('sip:192.0.2.2');"
                + " INSERT INTO acc (time) VALUES (now());"
                + " CREATE TABLE speed_dial (id INT); INSERT INTO speed_dial VALUES (1)");

        assertThat(unread(DatabaseDoctor.builder(postgres.dataSource())
                        .uses(Set.of(DatabaseUse.SUBSCRIBERS, DatabaseUse.DOMAINS))
                        .forLauncher()))
                .containsExactly(
                        "WARNING table dispatcher: 2 rows that this proxy does not read; --tables with dispatcher reads"
                                + " them",
                        "WARNING table speed_dial: 1 row that nothing reads; sipproxy has no use for this table");
        assertThat(unread(DatabaseDoctor.builder(postgres.dataSource()).uses(Set.of())))
                .as("a proxy that does not use the database")
                .extracting(text -> text.substring(0, text.indexOf(':')))
                .containsExactly(
                        "WARNING table dispatcher",
                        "WARNING table domain",
                        "WARNING table speed_dial",
                        "WARNING table subscriber");
        assertThat(unread(DatabaseDoctor.builder(postgres.dataSource())))
                .as("unknown uses")
                .containsExactly(
                        "WARNING table speed_dial: 1 row that nothing reads; sipproxy has no use for this table");
    }

    /** Returns the findings for tables, which {@code examine} has too. */
    private static List<String> unread(DatabaseDoctor.Builder builder) {
        List<String> found = problems(builder.build().examineUnreadTables());
        assertThat(problems(builder.build().examine())).containsAll(found);
        return found;
    }

    @Test
    void wrongClockIsReported() {
        List<Finding> findings = DatabaseDoctor.builder(postgres.dataSource())
                .clock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-5)))
                .build()
                .examine();

        assertThat(problems(findings))
                .anyMatch(text -> text.matches("ERROR clock: the server is (299|300|301) s ahead.*"));
    }

    @Test
    void otherWritersAreReported() {
        String inAnHour = "now() AT TIME ZONE 'UTC' + interval '1 hour'";
        insertBinding("uloc-1", 7, "now() AT TIME ZONE 'UTC'", inAnHour);
        insertBinding("mine-1", 1, "now() AT TIME ZONE 'UTC'", inAnHour);
        insertBinding("uloc-2", 8, "now() AT TIME ZONE 'UTC' - interval '1 hour'", inAnHour);

        List<Finding> findings = DatabaseDoctor.builder(postgres.dataSource())
                .serverId(1)
                .build()
                .examine();

        assertThat(problems(findings))
                .filteredOn(text -> text.contains("other writers"))
                .singleElement()
                .asString()
                .contains("1 by server_id 7 (ruid uloc-…)")
                .doesNotContain("server_id 8")
                .doesNotContain("server_id 1 ");
    }

    @Test
    void timesInSecondsAreUnderstood() {
        postgres.execute(
                "ALTER TABLE location ALTER COLUMN expires DROP DEFAULT, ALTER COLUMN last_modified DROP DEFAULT, "
                        + "ALTER COLUMN expires TYPE BIGINT USING 0, ALTER COLUMN last_modified TYPE BIGINT USING 0");
        insertBinding(
                "uloc-1", 0, "extract(epoch FROM now())::bigint + 7000", "extract(epoch FROM now())::bigint + 9000");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("WARNING time zone: the newest binding was written 1 h"));
    }

    @Test
    void missingPrivilegesAreReported() {
        postgres.execute("DROP ROLE IF EXISTS doctor_reader; CREATE ROLE doctor_reader LOGIN PASSWORD 'pw'");
        try {
            List<Finding> findings = DatabaseDoctor.builder(postgres.dataSource("doctor_reader", "pw"))
                    .build()
                    .examine();

            assertThat(problems(findings))
                    .anyMatch(text ->
                            text.startsWith("ERROR privileges: no SELECT, INSERT, UPDATE, DELETE on location; GRANT"))
                    .anyMatch(text -> text.startsWith("WARNING privileges: no INSERT on acc"))
                    .noneMatch(text -> text.contains("superuser"));
        } finally {
            postgres.execute("DROP ROLE doctor_reader");
        }
    }

    @Test
    void databaseThatCannotBeUsedHasOneFindingWithItsRemedy() {
        PGSimpleDataSource nowhere = new PGSimpleDataSource();
        nowhere.setServerNames(new String[] {"127.0.0.1"});
        nowhere.setPortNumbers(new int[] {1});
        PGSimpleDataSource noDatabase = (PGSimpleDataSource) postgres.dataSource();
        noDatabase.setDatabaseName("missing");

        assertThat(DatabaseDoctor.builder(nowhere).build().examine())
                .singleElement()
                .asString()
                .startsWith("ERROR connection: ")
                .contains("check host and port");
        assertThat(DatabaseDoctor.builder(noDatabase).build().examine())
                .singleElement()
                .asString()
                .endsWith("create the database, or correct its name in the URL");
    }

    @Test
    void subscribersOfOtherDomainsOnlyPreventService() {
        List<Finding> findings = DatabaseDoctor.builder(postgres.dataSource())
                .domains(List.of("other.test"))
                .forLauncher()
                .build()
                .examine();

        assertThat(findings)
                .filteredOn(Finding::preventsService)
                .singleElement()
                .asString()
                .startsWith("ERROR domain of subscribers: [\"sip.test\"], not a domain of the proxy [other.test]")
                .contains("--domain sip.test");
    }

    @Test
    void subscribersWithoutADomainNeedOneOfTheProxy() {
        postgres.execute("UPDATE subscriber SET domain = ''");

        assertThat(DatabaseDoctor.builder(postgres.dataSource())
                        .domains(List.of("sip.test"))
                        .forLauncher()
                        .build()
                        .examine())
                .filteredOn(Finding::preventsService)
                .singleElement()
                .asString()
                .startsWith("ERROR domain of subscribers: [\"\"], not a domain of the proxy [sip.test]")
                .contains("put these subscribers under another domain with add USER@DOMAIN")
                .doesNotContain("--domain");
    }

    @Test
    void bindingsWithoutADomainAndUnreadableOnesAreReported() {
        postgres.execute("INSERT INTO location (ruid, username, domain, contact, expires) VALUES "
                + "('a', '1001', NULL, 'sip:1001@192.0.2.1', '2100-01-01'), "
                + "('b', '1001', 'sip.test', 'not a uri', '2100-01-01')");

        assertThat(doctor())
                .extracting(Finding::toString)
                .anyMatch(text -> text.startsWith("OK domain of bindings: 1 binding without a domain, as a Kamailio"
                        + " with use_domain=0 writes them; they are read as those of sip.test"))
                .anyMatch(text -> text.startsWith("WARNING bindings: 1 of the first 2 cannot be read: row id "));
        assertThat(problems(DatabaseDoctor.builder(postgres.dataSource())
                        .domains(List.of("sip.test", "b.test"))
                        .forLauncher()
                        .build()
                        .examine()))
                .anyMatch(text ->
                        text.startsWith("ERROR domain of bindings: 1 binding") && text.contains("--default-domain"));
    }

    @Test
    void columnsThatAreTooNarrowAreReported() {
        postgres.execute("ALTER TABLE location ALTER COLUMN contact TYPE VARCHAR(255)");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("WARNING width of columns: table location holds fewer characters: "
                        + "contact 255 (Kamailio's 512)"));
    }

    @Test
    void onlyTablesInUseAreChecked() {
        postgres.execute(
                "DROP TABLE acc, dbaliases; DROP ROLE IF EXISTS doctor_user; CREATE ROLE doctor_user LOGIN PASSWORD "
                        + "'pw'; GRANT SELECT ON version, subscriber TO doctor_user");
        try {
            assertThat(DatabaseDoctor.builder(postgres.dataSource("doctor_user", "pw"))
                            .uses(Set.of(DatabaseUse.SUBSCRIBERS))
                            .build()
                            .examine())
                    .noneMatch(Finding::preventsService);
            assertThat(DatabaseDoctor.builder(postgres.dataSource("doctor_user", "pw"))
                            .uses(Set.of(DatabaseUse.SUBSCRIBERS, DatabaseUse.KEEP_BINDINGS, DatabaseUse.ACCOUNTING))
                            .build()
                            .examine())
                    .filteredOn(Finding::preventsService)
                    .extracting(Finding::toString)
                    .anyMatch(text -> text.startsWith("ERROR table acc: no such table"))
                    .anyMatch(text ->
                            text.startsWith("ERROR privileges: no SELECT, INSERT, UPDATE, DELETE on location; GRANT"));
        } finally {
            postgres.execute("DROP OWNED BY doctor_user; DROP ROLE doctor_user");
        }
    }

    @Test
    void tableWithDataThatTheRoleMayNotReadIsReported() {
        postgres.execute("INSERT INTO dispatcher (destination) VALUES ('sip:192.0.2.1');"
                + " DROP ROLE IF EXISTS doctor_user; CREATE ROLE doctor_user LOGIN PASSWORD 'pw';"
                + " GRANT SELECT ON version, subscriber TO doctor_user");
        try {
            assertThat(problems(DatabaseDoctor.builder(postgres.dataSource("doctor_user", "pw"))
                            .uses(Set.of(DatabaseUse.SUBSCRIBERS))
                            .build()
                            .examineUnreadTables()))
                    .containsExactly("WARNING table dispatcher: it has data that this role may not read, so it is not"
                            + " used; GRANT SELECT ON dispatcher TO the role");
        } finally {
            postgres.execute("DROP OWNED BY doctor_user; DROP ROLE doctor_user");
        }
    }

    @Test
    void plainPasswordsAreFineForAProxyThatReadsThem() {
        postgres.execute("UPDATE subscriber SET ha1 = '', ha1b = '', password = 'x'");

        assertThat(problems(doctor()))
                .anyMatch(text -> text.startsWith("WARNING ha1: empty for 1 with a plain password"));
        assertThat(problems(DatabaseDoctor.builder(postgres.dataSource())
                        .plainPasswords()
                        .build()
                        .examine()))
                .noneMatch(text -> text.startsWith("WARNING ha1"));
    }

    private void insertBinding(String ruid, int serverId, String lastModified, String expires) {
        postgres.execute("INSERT INTO location (ruid, username, contact, server_id, last_modified, expires) VALUES ('"
                + ruid + "', '1001', 'sip:1001@192.0.2.1', " + serverId + ", " + lastModified + ", " + expires + ")");
    }

    private List<Finding> doctor() {
        return DatabaseDoctor.builder(postgres.dataSource())
                .domains(List.of("sip.test"))
                .serverId(0)
                .build()
                .examine();
    }

    private static List<String> problems(List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.severity() != Finding.Severity.OK)
                .map(Finding::toString)
                .filter(text -> !text.startsWith("NOTICE privileges: the role may create tables"))
                .toList();
    }
}
