package org.sipproxy.samples.launcher;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import picocli.CommandLine.Option;

/** How the Kamailio that shares the database is configured, where its rows do not show it. Kept as text and read together. */
final class KamailioOptions {

    private static final String PASSWORD = "password";
    private static final String HA1 = "ha1";

    @Option(
            names = "--default-domain",
            paramLabel = "DOMAIN",
            description = {
                "The domain of registrations whose row holds none, as a Kamailio with use_domain=0 writes them.",
                "Default: that of --domain if there is one; with several such rows are skipped."
            })
    private String defaultDomain = "";

    @Option(
            names = "--password-column",
            paramLabel = "COLUMN",
            description = {
                "The column of subscriber that counts if it is not empty: password, as for a Kamailio with"
                        + " calculate_ha1=yes, or",
                "ha1 for hashes only. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = PASSWORD)
    private String passwordColumn = "";

    @Option(
            names = "--database-zone",
            paramLabel = "ZONE",
            description = "The time zone in which the Kamailio runs, such as Europe/Berlin: its rows hold local time."
                    + " Default: UTC.")
    private String databaseZone = "";

    /** What is wrong; empty if nothing. */
    void check(List<String> domains, List<String> problems) {
        if (!defaultDomain.isEmpty()
                && !domains.isEmpty()
                && domains.stream().noneMatch(defaultDomain::equalsIgnoreCase)) {
            problems.add("--default-domain: " + defaultDomain + " is not a --domain; use one of these");
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

    /** True if the column {@code password} counts where it is not empty. */
    private boolean plainPasswords() {
        return column().equals(PASSWORD);
    }

    /** The domain of rows without one. */
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

    void addTo(JdbcCredentials.Builder builder) {
        if (plainPasswords()) {
            builder.plainPasswords();
        }
    }
}
