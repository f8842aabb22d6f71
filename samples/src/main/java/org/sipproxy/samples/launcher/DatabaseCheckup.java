package org.sipproxy.samples.launcher;

import java.util.List;
import java.util.function.Predicate;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.Finding;
import org.sipproxy.jdbc.Finding.Severity;

/** What the doctor finds in the database of {@code run} and {@code check}, a line each, the worst first. */
record DatabaseCheckup(List<Finding> findings) {

    /** Nothing to look at. */
    static final DatabaseCheckup NONE = new DatabaseCheckup(List.of());

    /** Looks at the database. Blocks. */
    static DatabaseCheckup of(DatabaseDoctor.Builder doctor) {
        return new DatabaseCheckup(doctor.forLauncher().build().examine());
    }

    /** What prevents service. */
    List<String> fatal() {
        return lines(Finding::preventsService);
    }

    /** Other errors. */
    List<String> errors() {
        return lines(finding -> finding.severity() == Severity.ERROR && !finding.preventsService());
    }

    /** What hurts some users, or under some circumstances. */
    List<String> warnings() {
        return lines(finding -> finding.severity() == Severity.WARNING);
    }

    private List<String> lines(Predicate<Finding> which) {
        return findings.stream()
                .filter(which)
                .map(finding -> "database: " + finding.what() + ": " + finding.value()
                        + (finding.remedy().isEmpty() ? "" : "; " + finding.remedy()))
                .toList();
    }
}
