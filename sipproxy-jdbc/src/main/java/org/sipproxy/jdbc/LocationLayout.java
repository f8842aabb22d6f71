package org.sipproxy.jdbc;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;

/**
 * What the rows of {@code location} look like by agreement of those who share them.
 *
 * @param zone whose wall-clock time {@code TIMESTAMP} columns hold
 * @param defaultDomain the domain of rows that hold none; null if such rows are skipped
 * @param serverId written to {@code server_id}
 */
record LocationLayout(ZoneId zone, @Nullable String defaultDomain, int serverId) {

    /** Kamailio's permanent binding: expiry 0. */
    static final long PERMANENT = 0;

    /** The last second that an {@code expires} parameter can lead to from 1970 on, in 2106: as good as for ever. */
    static final long FAR = 0xffff_ffffL;

    /** The address of a row, or null if the row names none. */
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

    /** Wall-clock time as the number of seconds that a clock in UTC would need to show the same. */
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

    /** Of a time that occurs twice, when clocks are set back, the earlier one. */
    long epochSeconds(LocalDateTime local) {
        return zone == ZoneOffset.UTC
                ? local.toEpochSecond(ZoneOffset.UTC)
                : local.atZone(zone).toEpochSecond();
    }
}
