package org.sipproxy.jdbc;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Whether the times in {@code location} are in our zone, and who else writes there. */
final class LocationChecks {

    /** A row ahead of the clock by more was written in another zone, or by a machine whose clock is wrong. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    /** Every sweep takes what has expired; what stays for this long looks expired only to us. */
    private static final Duration UNSWEPT = Duration.ofMinutes(10);

    private static final Duration FRESH = Duration.ofMinutes(10);

    private final Optional<Integer> serverId;
    private final ZoneId zone;
    private final Clock clock;

    LocationChecks(Optional<Integer> serverId, ZoneId zone, Clock clock) {
        this.serverId = serverId;
        this.zone = zone;
        this.clock = clock;
    }

    List<Finding> examine(Handle handle) {
        List<Finding> findings = new ArrayList<>();
        zone(handle, findings);
        rivals(handle, findings);
        return findings;
    }

    private void zone(Handle handle, List<Finding> findings) {
        Instant now = clock.instant();
        Optional<Instant> newest = newest(handle);
        if (newest.isPresent() && newest.get().isAfter(now.plus(AHEAD))) {
            findings.add(Finding.warning(
                    "time zone",
                    "the newest binding was written " + hours(Duration.between(now, newest.get())) + " from now in "
                            + zone,
                    "its writer uses another zone; run every writer in UTC, or set databaseZone to theirs"));
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
                    "nobody removes them while no proxy runs; if one does, its zone is west of " + zone
                            + ": set databaseZone or run it in UTC"));
        }
    }

    private void rivals(Handle handle, List<Finding> findings) {
        Instant fresh = clock.instant().minus(FRESH);
        List<String> rivals = handle
                .createQuery("SELECT server_id, split_part(ruid, '-', 1) AS writer, count(*) AS rows "
                        + "FROM location WHERE NOT (" + before(handle, "last_modified") + ") "
                        + "GROUP BY 1, 2 ORDER BY 1, 2")
                .bind("at", time(handle, "last_modified", fresh))
                .map((row, context) -> isOurs(row.getInt(1))
                        ? ""
                        : row.getLong(3) + " by server_id " + row.getInt(1) + " (ruid " + row.getString(2) + "-…)")
                .list()
                .stream()
                .filter(text -> !text.isEmpty())
                .toList();
        if (rivals.isEmpty()) {
            findings.add(Finding.ok("other writers", "none in the last " + FRESH.toMinutes() + " minutes"));
        } else {
            findings.add(Finding.warning(
                    "other writers",
                    "bindings of the last " + FRESH.toMinutes() + " minutes: " + String.join(", ", rivals),
                    "two that share the table see each other only if both are DB-only; give each a server_id of its own, "
                            + "and a Kamailio server_id_filter=1 if it keeps bindings in memory"));
        }
    }

    private boolean isOurs(int writer) {
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

    /** Permanent bindings have a time of 0. */
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
