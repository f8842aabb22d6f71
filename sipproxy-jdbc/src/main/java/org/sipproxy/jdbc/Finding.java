package org.sipproxy.jdbc;

import java.util.Objects;

/**
 * One thing that the {@link DatabaseDoctor} looked at.
 *
 * @param severity how bad it is
 * @param what was looked at, such as {@code clock}
 * @param value what was found
 * @param remedy how to fix it; empty if there is nothing to fix
 * @param preventsService true if the proxy cannot serve before it is fixed
 */
public record Finding(Severity severity, String what, String value, String remedy, boolean preventsService) {

    /** How bad a finding is. */
    public enum Severity {
        /** As it should be. */
        OK,
        /** Works, but is worth knowing. */
        NOTICE,
        /** Will hurt some users, or under some circumstances. */
        WARNING,
        /** Hurts now: the proxy does not work with this database, or not as it should. */
        ERROR
    }

    public Finding {
        Objects.requireNonNull(severity, "severity");
        Objects.requireNonNull(what, "what");
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(remedy, "remedy");
    }

    static Finding ok(String what, String value) {
        return new Finding(Severity.OK, what, value, "", false);
    }

    static Finding notice(String what, String value, String remedy) {
        return new Finding(Severity.NOTICE, what, value, remedy, false);
    }

    static Finding warning(String what, String value, String remedy) {
        return new Finding(Severity.WARNING, what, value, remedy, false);
    }

    static Finding error(String what, String value, String remedy) {
        return new Finding(Severity.ERROR, what, value, remedy, false);
    }

    /** An error that prevents service. */
    static Finding fatal(String what, String value, String remedy) {
        return new Finding(Severity.ERROR, what, value, remedy, true);
    }

    /** In one line. */
    @Override
    public String toString() {
        return severity + " " + what + ": " + value + (remedy.isEmpty() ? "" : "; " + remedy);
    }
}
