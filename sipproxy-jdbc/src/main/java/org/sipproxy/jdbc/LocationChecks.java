package org.sipproxy.jdbc;

import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.sipproxy.api.support.Quantity;

/** Checks whether the times in {@code location} are in the configured zone, and which other servers write there. */
final class LocationChecks {

    /** A row further ahead of the clock was written in another zone, or by a machine whose clock is wrong. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    /** Expired rows are deleted regularly. One that stays for this long has expired according to this zone only. */
    private static final Duration UNSWEPT = Duration.ofMinutes(10);

    private static final Duration RECENT = Duration.ofMinutes(10);

    /** Maximum number of rows that are read one by one. */
    private static final int SAMPLE = 10_000;

    private static final int STATEMENT_SECONDS = 30;

    private final Optional<Integer> serverId;
    private final ZoneId zone;
    private final Clock clock;
    private final boolean domainsAreKnown;
    private final Optional<String> defaultDomain;
    private final boolean isShared;
    private final Remedies remedies;

    /**
     * Creates the checks.
     *
     * @param serverId the proxy's {@code server_id}, if it is known
     * @param isShared true if the proxy keeps no bindings in memory, so that other servers may write too
     */
    LocationChecks(
            Optional<Integer> serverId,
            ZoneId zone,
            Clock clock,
            Set<String> domains,
            Optional<String> defaultDomain,
            boolean isShared,
            Remedies remedies) {
        this.serverId = serverId;
        this.zone = zone;
        this.clock = clock;
        this.domainsAreKnown = !domains.isEmpty();
        this.defaultDomain = defaultDomain.or(
                () -> domains.size() == 1 ? Optional.of(domains.iterator().next()) : Optional.empty());
        this.isShared = isShared;
        this.remedies = remedies;
    }

    List<Finding> examine(Handle handle) {
        List<Finding> findings = new ArrayList<>();
        zone(handle, findings);
        otherWriters(handle, findings);
        withoutDomain(handle, findings);
        unreadable(handle, findings);
        return findings;
    }

    private void withoutDomain(Handle handle, List<Finding> findings) {
        long rows = handle.createQuery("SELECT count(*) FROM location WHERE coalesce(domain, '') = ''")
                .mapTo(Long.class)
                .one();
        if (rows == 0) {
            return;
        }
        String value = Quantity.of(rows, "binding") + " without a domain, as a Kamailio with use_domain=0 writes them";
        String remedy = "set their domain with "
                + remedies.of(
                        "JdbcBindingRepository.Builder.defaultDomain", "--default-domain, or give --domain only once");
        if (defaultDomain.isPresent()) {
            findings.add(
                    Finding.ok("domain of bindings", value + "; they are read as those of " + defaultDomain.get()));
        } else if (domainsAreKnown) {
            findings.add(Finding.error("domain of bindings", value + ": they are skipped", remedy));
        } else {
            findings.add(Finding.notice("domain of bindings", value, remedy));
        }
    }

    private void unreadable(Handle handle, List<Finding> findings) {
        List<String> problems = new ArrayList<>();
        LocationLayout layout = new LocationLayout(zone, defaultDomain.orElse(null), 0);
        RowReader reader = new RowReader(layout, (table, row, problem) -> {
            if (problem.startsWith(RowReader.SKIPPED) && !problem.contains(RowReader.NO_DOMAIN)) {
                problems.add("row " + row + ": " + problem);
            }
        });
        try (LocationSession session = new LocationSession(
                handle.getConnection(),
                LocationTable.inspect(handle.getConnection(), layout),
                RowProblems.IGNORED,
                STATEMENT_SECONDS)) {
            session.page(Long.MIN_VALUE, SAMPLE, clock.instant(), reader);
        } catch (SQLException e) {
            problems.add(SqlStates.text(e));
        }
        if (!problems.isEmpty()) {
            findings.add(Finding.warning(
                    "bindings",
                    problems.size() + " of the first " + reader.rows() + " cannot be read: "
                            + String.join("; ", problems.subList(0, Math.min(3, problems.size()))),
                    "these contacts cannot be called; correct or delete the rows, and correct the phones that"
                            + " register them"));
        }
    }

    private void zone(Handle handle, List<Finding> findings) {
        Instant now = clock.instant();
        Optional<Instant> newest = newest(handle);
        if (newest.isPresent() && newest.get().isAfter(now.plus(AHEAD))) {
            findings.add(Finding.warning(
                    "time zone",
                    "the newest binding was written " + hours(Duration.between(now, newest.get())) + " from now in "
                            + zone,
                    "the writer uses another zone; run every writer in UTC, or set " + zoneOption() + " to theirs"));
        } else {
            findings.add(
                    Finding.ok("time zone", newest.isPresent() ? "bindings fit " + zone : zone + ", no bindings yet"));
        }
        long unswept = handle.createQuery("SELECT count(*) FROM location WHERE " + before(handle, "expires") + " AND "
                        + after(handle, "expires", Instant.EPOCH.plusSeconds(1)))
                .bind("at", time(handle, "expires", now.minus(UNSWEPT)))
                .mapTo(Long.class)
                .one();
        if (unswept > 0) {
            findings.add(Finding.notice(
                    "expired bindings",
                    unswept + " expired more than " + UNSWEPT.toMinutes() + " minutes ago and are still there",
                    "they stay while no proxy runs; if one runs, its zone is west of " + zone + ": set " + zoneOption()
                            + " or run it in UTC"));
        }
    }

    private String zoneOption() {
        return remedies.of("databaseZone", "--database-zone");
    }

    private void otherWriters(Handle handle, List<Finding> findings) {
        Instant recent = clock.instant().minus(RECENT);
        List<String> otherWriters = handle
                .createQuery("SELECT server_id, split_part(ruid, '-', 1) AS writer, count(*) AS rows "
                        + "FROM location WHERE NOT (" + before(handle, "last_modified") + ") "
                        + "GROUP BY 1, 2 ORDER BY 1, 2")
                .bind("at", time(handle, "last_modified", recent))
                .map((row, context) -> isThisServer(row.getInt(1))
                        ? ""
                        : row.getLong(3) + " by server_id " + row.getInt(1) + " (ruid " + row.getString(2) + "-…)")
                .list()
                .stream()
                .filter(text -> !text.isEmpty())
                .toList();
        if (isShared && !otherWriters.isEmpty()) {
            findings.add(Finding.ok("other writers", String.join(", ", otherWriters)));
        } else if (otherWriters.isEmpty()) {
            findings.add(Finding.ok("other writers", "none in the last " + RECENT.toMinutes() + " minutes"));
        } else {
            findings.add(Finding.warning(
                    "other writers",
                    "bindings of the last " + RECENT.toMinutes() + " minutes: " + String.join(", ", otherWriters),
                    "servers that share the table see each other's changes only if all are database-only"
                            + remedies.of("", " (--storage database-only)") + "; give each a server_id of its own"
                            + remedies.of("", " (--server-id)")
                            + ", and a Kamailio server_id_filter=1 if it keeps bindings in memory"));
        }
    }

    private boolean isThisServer(int writer) {
        return serverId.isPresent() && serverId.get() == writer;
    }

    private Optional<Instant> newest(Handle handle) {
        if (isBigint(handle, "last_modified")) {
            return handle.createQuery("SELECT max(last_modified) FROM location")
                    .mapTo(Long.class)
                    .findOne()
                    .map(Instant::ofEpochSecond);
        }
        return handle.createQuery("SELECT max(last_modified) FROM location")
                .mapTo(LocalDateTime.class)
                .findOne()
                .map(local -> local.atZone(zone).toInstant());
    }

    private static String before(Handle handle, String column) {
        return column + (isBigint(handle, column) ? " < CAST(:at AS bigint)" : " < CAST(:at AS timestamp)");
    }

    /** Returns a condition that excludes permanent bindings, whose time is 0. */
    private static String after(Handle handle, String column, Instant epoch) {
        return column + (isBigint(handle, column) ? " > " + epoch.getEpochSecond() : " > TIMESTAMP '1970-01-02'");
    }

    private String time(Handle handle, String column, Instant at) {
        return isBigint(handle, column)
                ? Long.toString(at.getEpochSecond())
                : LocalDateTime.ofInstant(at, zone).toString();
    }

    private static boolean isBigint(Handle handle, String column) {
        return handle.createQuery(
                        "SELECT data_type FROM information_schema.columns WHERE table_schema = current_schema() "
                                + "AND table_name = 'location' AND column_name = :column")
                .bind("column", column)
                .mapTo(String.class)
                .one()
                .equals("bigint");
    }

    private static String hours(Duration duration) {
        return duration.toHours() > 0
                ? duration.toHours() + " h " + duration.toMinutesPart() + " min"
                : duration.toMinutes() + " min";
    }
}
