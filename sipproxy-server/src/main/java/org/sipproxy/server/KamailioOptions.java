package org.sipproxy.server;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options that describe the Kamailio that shares the database, kept as text like those of {@link ProxyOptions}. */
@Section("A Kamailio with the same database")
final class KamailioOptions {

    private static final String PASSWORD = "password";
    private static final String HA1 = "ha1";

    @Option(
            names = "--default-domain",
            paramLabel = "DOMAIN",
            description = {
                "Domain of registrations whose row has none, as written by a Kamailio with use_domain=0.",
                "Default: the only --domain. With several domains, such rows are skipped."
            })
    private String defaultDomain = "";

    @Option(
            names = "--password-column",
            paramLabel = "COLUMN",
            description = {
                "Column of the table subscriber that is used if it is not empty: password, as by a Kamailio with",
                "calculate_ha1=yes; or ha1, for hashes only. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = PASSWORD)
    private String passwordColumn = "";

    @Option(
            names = "--database-zone",
            paramLabel = "ZONE",
            description = "Time zone in which the Kamailio runs, such as Europe/Berlin, because its rows hold local"
                    + " time."
                    + " Default: UTC.")
    private String databaseZone = "";

    /** Adds the problems of the options. */
    void check(List<String> domains, List<String> problems) {
        if (!defaultDomain.isEmpty()
                && !domains.isEmpty()
                && domains.stream().noneMatch(defaultDomain::equalsIgnoreCase)) {
            problems.add("--default-domain: " + defaultDomain + " is not a value of --domain; use one of these values");
        }
        if (!column().equals(PASSWORD) && !column().equals(HA1)) {
            problems.add("--password-column: \"" + passwordColumn + "\" (expected password or ha1)");
        }
        try {
            zone();
        } catch (DateTimeException e) {
            problems.add("--database-zone: \"" + databaseZone + "\" is not a time zone, such as UTC or Europe/Berlin");
        }
    }

    private String column() {
        return passwordColumn.toLowerCase(Locale.ROOT);
    }

    /** Returns true if the column {@code password} is used where it is not empty. */
    private boolean plainPasswords() {
        return column().equals(PASSWORD);
    }

    /** Returns the domain of rows without one. */
    private Optional<String> defaultDomain(List<String> domains) {
        if (!defaultDomain.isEmpty()) {
            return Optional.of(defaultDomain);
        }
        return domains.size() == 1 ? Optional.of(domains.get(0)) : Optional.empty();
    }

    private ZoneId zone() {
        return databaseZone.isEmpty() ? ZoneOffset.UTC : ZoneId.of(databaseZone);
    }

    void addTo(DatabaseDoctor.Builder doctor, List<String> domains) {
        doctor.domains(domains);
        defaultDomain(domains).ifPresent(doctor::defaultDomain);
        if (plainPasswords()) {
            doctor.plainPasswords();
        }
        try {
            doctor.databaseZone(zone());
        } catch (DateTimeException e) {
            doctor.databaseZone(ZoneOffset.UTC); // check() reports it
        }
    }

    void addTo(JdbcBindingRepository.Builder builder, List<String> domains) {
        builder.databaseZone(zone());
        defaultDomain(domains).ifPresent(builder::defaultDomain);
    }

    void addTo(JdbcAccounting.Builder builder) {
        builder.databaseZone(zone());
    }

    void addTo(JdbcCredentials.Builder builder) {
        if (plainPasswords()) {
            builder.plainPasswords();
        }
    }
}
