package org.sipproxy.jdbc;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;

/**
 * Agreed format of the rows in {@code location}, for all writers of the table.
 *
 * @param zone the zone whose wall-clock time {@code TIMESTAMP} columns hold
 * @param defaultDomain the domain of rows without one; null if such rows are skipped
 * @param serverId the value of {@code server_id} in new rows
 */
record LocationLayout(ZoneId zone, @Nullable String defaultDomain, int serverId) {

    /** Expiry of Kamailio's permanent bindings. */
    static final long PERMANENT = 0;

    /**
     * The last second that an {@code expires} parameter can lead to from 1970 on, in 2106; used for bindings that do
     * not expire.
     */
    static final long FAR = 0xffff_ffffL;

    /** Returns the AOR of a row, or null if the row has none. */
    @Nullable
    Aor aorOf(@Nullable String username, @Nullable String domain) {
        if (username == null || username.isEmpty()) {
            return null;
        }
        if (domain == null || domain.isEmpty()) {
            return defaultDomain == null ? null : new Aor(username, defaultDomain);
        }
        return new Aor(username, domain);
    }

    /** Returns the wall-clock time as the number of seconds at which a UTC clock shows the same. */
    long localSeconds(long epochSeconds) {
        return zone == ZoneOffset.UTC
                ? epochSeconds
                : epochSeconds
                        + zone.getRules()
                                .getOffset(Instant.ofEpochSecond(epochSeconds))
                                .getTotalSeconds();
    }

    LocalDateTime local(long epochSeconds) {
        return LocalDateTime.ofEpochSecond(localSeconds(epochSeconds), 0, ZoneOffset.UTC);
    }

    /**
     * Returns the epoch seconds of a wall-clock time. If it occurs twice because clocks are set back, the earlier one
     * is meant.
     */
    long epochSeconds(LocalDateTime local) {
        return zone == ZoneOffset.UTC
                ? local.toEpochSecond(ZoneOffset.UTC)
                : local.atZone(zone).toEpochSecond();
    }
}
