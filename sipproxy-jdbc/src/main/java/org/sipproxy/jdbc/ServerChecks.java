package org.sipproxy.jdbc;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Checks of the server, the connection's role and the server's clock. */
final class ServerChecks {

    private static final int OLDEST = 14;
    private static final Duration SKEW_TO_REPORT = Duration.ofSeconds(2);
    private static final Duration SKEW_THAT_BREAKS = Duration.ofSeconds(30);
    private static final String SCRAM = "scram-sha-256";

    private final Clock clock;

    ServerChecks(Clock clock) {
        this.clock = clock;
    }

    /** Returns the finding for a failed connection, by its SQLSTATE. */
    static Finding unreachable(RuntimeException e) {
        String state = SqlStates.of(e);
        String remedy = DatabaseProblem.remedy(e);
        return Finding.fatal(
                "connection",
                SqlStates.text(e),
                remedy.isEmpty() ? "see SQLSTATE " + state + " in the manual of PostgreSQL" : remedy);
    }

    List<Finding> examine(Handle handle) {
        List<Finding> findings = new ArrayList<>();
        findings.add(version(handle));
        findings.add(encryption(handle));
        rolePassword(handle).ifPresent(findings::add);
        findings.add(superuser(handle));
        transport(handle).ifPresent(findings::add);
        findings.add(encoding(handle));
        findings.add(clock(handle));
        return findings;
    }

    private static Finding version(Handle handle) {
        String version = one(handle, "SHOW server_version");
        int major = Integer.parseInt(one(handle, "SHOW server_version_num")) / 10_000;
        return major < OLDEST
                ? Finding.warning(
                        "server", "PostgreSQL " + version, "upgrade it: " + OLDEST + " is the oldest tested version")
                : Finding.ok("server", "PostgreSQL " + version);
    }

    private static Finding encryption(Handle handle) {
        String encryption = one(handle, "SHOW password_encryption");
        return encryption.equals(SCRAM)
                ? Finding.ok("password_encryption", encryption)
                : Finding.warning(
                        "password_encryption",
                        encryption,
                        "ALTER SYSTEM SET password_encryption = 'scram-sha-256', reload, and set each role's password"
                                + " again");
    }

    /** Checks how the role's password is stored, which only a superuser may read. */
    private static Optional<Finding> rolePassword(Handle handle) {
        boolean visible = handle.createQuery("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')")
                .mapTo(Boolean.class)
                .one();
        if (!visible) {
            return Optional.empty();
        }
        String kind = one(
                handle,
                "SELECT CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword LIKE 'SCRAM-SHA-256$%' "
                        + "THEN 'scram-sha-256' ELSE 'md5' END FROM pg_catalog.pg_authid WHERE rolname = current_user");
        return Optional.of(
                kind.equals("md5")
                        ? Finding.warning("password of the role", kind, "set it again with \\password in psql")
                        : Finding.ok("password of the role", kind));
    }

    private static Finding superuser(Handle handle) {
        String role = one(handle, "SELECT current_user");
        boolean superuser = one(handle, "SHOW is_superuser").equals("on");
        return superuser
                ? Finding.warning(
                        "role", role + ", a superuser", "use a separate role for the proxy; db grants prints the SQL")
                : Finding.ok("role", role);
    }

    private static Optional<Finding> transport(Handle handle) {
        String transport = one(
                handle,
                "SELECT CASE WHEN s.ssl THEN 'TLS' WHEN inet_client_addr() IS NULL THEN 'local' WHEN"
                        + " inet_client_addr() <<= inet '127.0.0.0/8' OR inet_client_addr() = inet '::1' THEN 'loopback'"
                        + " ELSE 'clear' END FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_backend_pid()");
        return transport.equals("clear")
                ? Optional.of(Finding.warning(
                        "transport",
                        "not encrypted, over the network",
                        "add sslmode=verify-full to the URL and hostssl to pg_hba.conf: the rows hold password hashes"))
                : Optional.of(Finding.ok("transport", transport));
    }

    private static Finding encoding(Handle handle) {
        DatabaseEncoding encoding = DatabaseEncoding.of(one(handle, "SHOW server_encoding"));
        if (encoding.isRaw()) {
            return Finding.notice(
                    "encoding",
                    encoding.name() + ", which holds any bytes",
                    "rows whose key texts are not UTF-8 are skipped; a database with encoding UTF8 rejects such texts"
                            + " when they are written");
        }
        return encoding.isUnicode()
                ? Finding.ok("encoding", encoding.name())
                : Finding.notice(
                        "encoding",
                        encoding.name() + ": users with other characters cannot register",
                        "use a database with encoding UTF8 if there are such users");
    }

    private Finding clock(Handle handle) {
        Instant before = clock.instant();
        double server = Double.parseDouble(one(handle, "SELECT extract(epoch FROM clock_timestamp())"));
        Instant after = clock.instant();
        Instant middle = before.plus(Duration.between(before, after).dividedBy(2));
        Duration skew = Duration.ofMillis(Math.round(server * 1000)).minusMillis(middle.toEpochMilli());
        String value = "the server is " + seconds(skew.abs()) + (skew.isNegative() ? " behind" : " ahead");
        String remedy = "synchronize both machines with NTP";
        if (skew.abs().compareTo(SKEW_THAT_BREAKS) > 0) {
            return Finding.error("clock", value, remedy);
        }
        return skew.abs().compareTo(SKEW_TO_REPORT) > 0
                ? Finding.warning("clock", value, remedy)
                : Finding.ok("clock", value);
    }

    static String seconds(Duration duration) {
        long millis = duration.toMillis();
        return millis < 10_000 ? millis + " ms" : duration.toSeconds() + " s";
    }

    private static String one(Handle handle, String sql) {
        return handle.createQuery(sql).mapTo(String.class).one();
    }
}
