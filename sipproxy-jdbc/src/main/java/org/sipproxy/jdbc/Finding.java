package org.sipproxy.jdbc;

import java.util.Objects;
import org.sipproxy.annotation.Beta;

/**
 * Result of one check of the {@link DatabaseDoctor}.
 *
 * @param severity how serious it is
 * @param what what was checked, such as {@code clock}
 * @param value what was found
 * @param remedy how to fix it; empty if there is nothing to fix
 * @param preventsService true if the proxy cannot serve until it is fixed
 */
public record Finding(Severity severity, String what, String value, String remedy, boolean preventsService) {

    /** Severity of a finding. */
    public enum Severity {
        /** No problem. */
        OK,
        /** Works, but the operator should know. */
        NOTICE,
        /** Affects some users, or all of them under some circumstances. */
        WARNING,
        /** The proxy does not work with this database, or not correctly. */
        ERROR
    }

    @Beta
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

    /** Returns an error that prevents service. */
    static Finding fatal(String what, String value, String remedy) {
        return new Finding(Severity.ERROR, what, value, remedy, true);
    }

    /** Returns the finding in one line. */
    @Override
    public String toString() {
        return severity + " " + what + ": " + value + (remedy.isEmpty() ? "" : "; " + remedy);
    }
}
