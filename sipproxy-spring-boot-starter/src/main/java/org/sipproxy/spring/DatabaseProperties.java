package org.sipproxy.spring;

import java.time.Duration;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Use of the database, which a Kamailio may share.
 *
 * @param statementTimeout How long a statement for registrations may take, 1s to 5m.
 * @param passwordCache Subscribers that are cached, 1 to 10000000.
 * @param passwordCacheLife How long a cached subscriber is used, 1s to 1h.
 * @param unknownCache Names without a subscriber that are cached, 1 to 10000000.
 * @param unknownCacheLife How long such a name counts as unknown, 1s to 1h.
 * @param unknownLookups Look-ups per second that may find no subscriber, 1 to 1000000; above that, users who are not
 *     cached get 503.
 * @param lookupsAtOnce Concurrent queries for subscribers, 1 to 8.
 * @param outageGrace How long known passwords are accepted while the database is unavailable, 0 to 24h.
 * @param defaultDomain Domain of registrations whose row has none. Default the only domain.
 * @param passwordColumn Column of the table subscriber that is used if it is not empty; ha1 for hashes only.
 * @param sha256Column Whether the column ha1_sha256 of the table subscriber is used.
 * @param databaseWait How long the start waits for a database that does not accept connections yet, up to 10m. Default not
 *     at all.
 * @param databaseZone Time zone of a Kamailio that shares the database, because its rows hold local time.
 */
@ConfigurationProperties("sipproxy")
record DatabaseProperties(
        @DefaultValue("5s") Duration statementTimeout,
        @DefaultValue("100000") int passwordCache,
        @DefaultValue("1m") Duration passwordCacheLife,
        @DefaultValue("10000") int unknownCache,
        @DefaultValue("10s") Duration unknownCacheLife,
        @DefaultValue("1000") int unknownLookups,
        @DefaultValue("4") int lookupsAtOnce,
        @DefaultValue("1h") Duration outageGrace,
        @Nullable String defaultDomain,
        @DefaultValue("password") PasswordColumn passwordColumn,
        @DefaultValue("false") boolean sha256Column,
        @Nullable Duration databaseWait,
        @DefaultValue("UTC") ZoneId databaseZone) {

    /** Column of the table subscriber. */
    enum PasswordColumn {
        /** The password in plain text where it is not empty, as a Kamailio with calculate_ha1=yes uses it. */
        PASSWORD,
        /** Hashes only. */
        HA1
    }
}
