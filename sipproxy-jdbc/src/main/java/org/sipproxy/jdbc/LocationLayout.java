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
 * @param singleDomain the domain of all users if rows hold none; null if they hold it
 * @param serverId written to {@code server_id}
 */
record LocationLayout(ZoneId zone, @Nullable String singleDomain, int serverId) {

    /** Kamailio's permanent binding: expiry 0. */
    static final long PERMANENT = 0;

    /** The last second that an {@code expires} parameter can lead to from 1970 on, in 2106: as good as for ever. */
    static final long FAR = 0xffff_ffffL;

    boolean usesDomain() {
        return singleDomain == null;
    }

    /** The address of a row, or null if the row names none. */
    @Nullable
    Aor aorOf(@Nullable String username, @Nullable String domain) {
        if (username == null) {
            return null;
        }
        if (singleDomain != null) {
            return new Aor(username, singleDomain);
        }
        return domain == null || domain.isEmpty() ? null : new Aor(username, domain);
    }

    /** False if rows hold no domain and the address is of another one than they all are. */
    boolean covers(Aor aor) {
        return singleDomain == null || singleDomain.equals(aor.domain());
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
