package org.sipproxy.server;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.Finding;
import org.sipproxy.jdbc.Finding.Severity;

/**
 * Problems of the database of {@code run} and {@code check}, one line each, the worst first. Both take from here what
 * prevents service and what is only a warning, so that they agree.
 */
record DatabaseCheckup(List<Finding> findings) {

    /** The finding that users cannot see from their refusals, so it comes first. */
    private static final String DOMAINS = "domain of subscribers";

    /** Result without findings, used without a database. */
    static final DatabaseCheckup NONE = new DatabaseCheckup(List.of());

    /** Examines the database. Blocks. */
    static DatabaseCheckup of(DatabaseDoctor.Builder doctor) {
        return new DatabaseCheckup(doctor.forLauncher().build().examine());
    }

    /** Examines only whether there are tables that the proxy does not read. Blocks. */
    static DatabaseCheckup ofUnreadTables(DatabaseDoctor.Builder doctor) {
        return new DatabaseCheckup(doctor.forLauncher().build().examineUnreadTables());
    }

    /** Returns true if there is a problem that prevents service. */
    boolean preventsService() {
        return findings.stream().anyMatch(Finding::preventsService);
    }

    /** Returns the problems that prevent service, and all other errors after them; empty if the proxy can serve. */
    List<String> problems() {
        return preventsService() ? Launcher.join(lines(Finding::preventsService), otherErrors()) : List.of();
    }

    /** Returns the problems with which the proxy serves. */
    List<String> warnings() {
        List<String> warnings = lines(finding -> finding.severity() == Severity.WARNING);
        return preventsService() ? warnings : Launcher.join(otherErrors(), warnings);
    }

    private List<String> otherErrors() {
        return lines(finding -> finding.severity() == Severity.ERROR && !finding.preventsService());
    }

    private List<String> lines(Predicate<Finding> which) {
        return findings.stream()
                .filter(which)
                .sorted(Comparator.comparing(finding -> !finding.what().equals(DOMAINS))) // stable
                .map(finding -> "database: " + finding.what() + ": " + finding.value()
                        + (finding.remedy().isEmpty() ? "" : "; " + finding.remedy()))
                .toList();
    }
}
