package org.sipproxy.server;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.Finding;
import org.sipproxy.jdbc.Finding.Severity;

/** Problems of the database of {@code run} and {@code check}, one line each, the worst first. */
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

    /** Returns the problems that prevent service. */
    List<String> fatal() {
        return lines(Finding::preventsService);
    }

    /** Returns the other errors. */
    List<String> errors() {
        return lines(finding -> finding.severity() == Severity.ERROR && !finding.preventsService());
    }

    /** Returns the problems that affect some users or occur under certain conditions. */
    List<String> warnings() {
        return lines(finding -> finding.severity() == Severity.WARNING);
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
