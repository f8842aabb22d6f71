package org.sipproxy.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.DatabaseRoles;
import org.sipproxy.jdbc.Finding;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.SchemaMismatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that create, examine and drop the tables, as kamdbctl does. */
@Command(
        name = "db",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "(create | check | drop | grants)",
        descriptionHeading = "%n",
        description = "Creates, checks and drops the tables in PostgreSQL, which are those of a Kamailio.",
        commandListHeading = "%nCommands:%n",
        subcommands = {DbCommand.Create.class, DbCommand.Check.class, DbCommand.Drop.class, DbCommand.Grants.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  Create the tables in an empty database, and roles that may use but not alter them:",
            "    export SIPPROXY_DATABASE_PASSWORD=…",
            "    ${ROOT-COMMAND-NAME} db create \\",
            "        --database-url jdbc:postgresql://127.0.0.1/kamailio --database-user owner",
            "    ${ROOT-COMMAND-NAME} db grants \\",
            "        --database-url jdbc:postgresql://127.0.0.1/kamailio --database-user owner",
            "  Find problems of a database:",
            "    ${ROOT-COMMAND-NAME} db check --domain sip.test \\",
            "        --database-url jdbc:postgresql://127.0.0.1/kamailio --database-user kamailio",
            "",
            Launcher.EXIT_CODES
        })
final class DbCommand {

    private DbCommand() {}

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Creates missing tables, a trigger that notifies running proxies of changed subscribers, and an index",
                "for case-insensitive look-ups of subscribers. Existing tables keep their rows: the command may be run",
                "on the database of a Kamailio, and repeatedly."
            })
    static final class Create extends DatabaseCommand {

        @Option(
                names = "--sha256",
                description = "Also adds the column ha1_sha256, which Kamailio does not have, for phones that use"
                        + " SHA-256 (RFC 7616).")
        private boolean sha256;

        @Override
        int run(Database database) {
            KamailioSchema schema = KamailioSchema.on(database.dataSource());
            List<String> created = schema.create();
            List<String> mismatches =
                    schema.verify().stream().map(SchemaMismatch::toString).toList();
            if (!mismatches.isEmpty()) {
                return fail(Launcher.FAILED, mismatches);
            }
            schema.addSubscriberNotifications();
            schema.addSubscriberNameIndex();
            boolean hasCallerColumns = schema.addAccountingColumns();
            if (sha256) {
                schema.addSha256Column();
            }
            String text = created.isEmpty()
                    ? "all " + KamailioSchema.tables().size() + " tables exist already"
                    : "created " + String.join(" ", created);
            return succeed(
                    hasCallerColumns
                            ? text
                            : text
                                    + "; the accounting tables lack columns for caller and callee: run db create as"
                                    + " their owner",
                    Map.of("created", created));
        }
    }

    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Examines connection, privileges, tables, encoding, clocks, password hashes, unreadable rows and other",
                "writers, and reports each problem with its remedy. Changes nothing. Exit status 1 if there is an",
                "ERROR."
            })
    static final class Check extends DatabaseCommand {

        @Option(
                names = "--domain",
                paramLabel = "DOMAIN",
                description = "A domain of the proxy; reports subscribers of other domains. May be repeated.")
        private List<String> domains = new ArrayList<>();

        @Mixin
        private final KamailioOptions kamailio = new KamailioOptions();

        @Override
        List<String> problems() {
            List<String> problems = new ArrayList<>();
            kamailio.check(domains, problems);
            return problems;
        }

        @Override
        int run(Database database) {
            DatabaseDoctor.Builder doctor =
                    DatabaseDoctor.builder(database.dataSource()).forLauncher();
            kamailio.addTo(doctor, domains);
            List<Finding> findings = doctor.build().examine();
            boolean sound = findings.stream().noneMatch(finding -> finding.severity() == Finding.Severity.ERROR);
            return print(
                    sound ? Launcher.OK : Launcher.FAILED,
                    findings.stream().map(Finding::toString).collect(Collectors.joining(System.lineSeparator())),
                    findings.stream().map(Check::json).toList());
        }

        private static Map<String, Object> json(Finding finding) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("severity", finding.severity().name());
            map.put("what", finding.what());
            map.put("value", finding.value());
            map.put("remedy", finding.remedy());
            return map;
        }
    }

    @Command(
            name = "drop",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = "Drops the tables that db create makes, with all subscribers, bindings and call records.")
    static final class Drop extends DatabaseCommand {

        @Option(names = "--yes", description = "Confirms that all data are to be dropped.")
        private boolean yes;

        @Override
        List<String> problems() {
            return yes
                    ? List.of()
                    : List.of("--yes: missing; db drop deletes all subscribers, bindings and call records, so confirm"
                            + " it"
                            + " with --yes");
        }

        @Override
        int run(Database database) {
            KamailioSchema.on(database.dataSource()).drop();
            return succeed(
                    "dropped " + String.join(" ", KamailioSchema.tables()), Map.of("dropped", KamailioSchema.tables()));
        }
    }

    @Command(
            name = "grants",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            descriptionHeading = "%n",
            description = {
                "Prints the SQL for two roles with only the privileges that they need, for review and psql; --apply",
                "runs it.",
                "A created role cannot log in until it has a password; set it in psql: \\password ROLE"
            })
    static final class Grants extends DatabaseCommand {

        @Option(
                names = "--read-write",
                paramLabel = "ROLE",
                description = "Role for a proxy and for add, passwd and rm. Default: ${DEFAULT-VALUE}.",
                defaultValue = "sipproxy")
        private String readWrite = "";

        @Option(
                names = "--read-only",
                paramLabel = "ROLE",
                description = "Role that only reads. Default: ${DEFAULT-VALUE}.",
                defaultValue = "sipproxy_ro")
        private String readOnly = "";

        @Option(names = "--apply", description = "Runs the SQL instead of printing it.")
        private boolean apply;

        @Override
        int run(Database database) {
            DatabaseRoles roles = DatabaseRoles.of(readWrite, readOnly);
            if (apply) {
                roles.grant(database.dataSource());
                return succeed(
                        "granted to " + readWrite + " and " + readOnly,
                        Map.of("granted", List.of(readWrite, readOnly)));
            }
            String sql = roles.sql(database.dataSource());
            return succeed(sql.stripTrailing(), Map.of("sql", sql));
        }
    }
}
