package org.sipproxy.server;

import java.util.List;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for the use of the database: caches, limits and outages. Kept as text like those of {@link ProxyOptions}. */
@Section("Use of the database")
final class DatabaseLimitOptions {

    @Option(
            names = "--statement-timeout",
            paramLabel = "DURATION",
            description = "How long a statement for registrations may take, 1s to 5m. Default: 5s.")
    String statementTimeout = "";

    @Option(
            names = "--password-cache",
            paramLabel = "N",
            description = "Subscribers that are cached, 1 to 10000000. Default: 100000.")
    String cacheSize = "";

    @Option(
            names = "--password-cache-life",
            paramLabel = "DURATION",
            description = "How long a cached subscriber is used, 1s to 1h. Default: 1m.")
    String cacheLife = "";

    @Option(
            names = "--unknown-cache",
            paramLabel = "N",
            description = "Names without a subscriber that are cached, 1 to 10000000. Default: 10000.")
    String unknownCacheSize = "";

    @Option(
            names = "--unknown-cache-life",
            paramLabel = "DURATION",
            description = "How long such a name counts as unknown, 1s to 1h. Default: 10s.")
    String unknownCacheLife = "";

    @Option(
            names = "--unknown-lookups",
            paramLabel = "N",
            description = {
                "Look-ups per second that may find no subscriber, 1 to 1000000; above that, users who are not cached get 503.",
                "Default: 1000."
            })
    String unknownPerSecond = "";

    @Option(
            names = "--lookups-at-once",
            paramLabel = "N",
            description = "Concurrent queries for subscribers, 1 to 8. Default: 4.")
    String lookupsAtOnce = "";

    @Option(
            names = "--outage-grace",
            paramLabel = "DURATION",
            description =
                    "How long known passwords are accepted while the database is unavailable, 0 to 24h. Default: 1h.")
    String outageGrace = "";

    /** Applies the options for registrations, and adds errors to {@code problems}. */
    void addTo(JdbcBindingRepository.Builder rows, List<String> problems) {
        new OptionReader(problems).duration("--statement-timeout", statementTimeout, rows::statementTimeout);
    }

    /** Applies the options for subscribers, and adds errors to {@code problems}. */
    void addTo(JdbcCredentials.Builder credentials, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        reader.number("--password-cache", cacheSize, credentials::cacheSize);
        reader.duration("--password-cache-life", cacheLife, credentials::cacheLife);
        reader.number("--unknown-cache", unknownCacheSize, credentials::unknownCacheSize);
        reader.duration("--unknown-cache-life", unknownCacheLife, credentials::unknownCacheLife);
        reader.number("--unknown-lookups", unknownPerSecond, credentials::unknownPerSecond);
        reader.number("--lookups-at-once", lookupsAtOnce, credentials::lookupsAtOnce);
        reader.duration("--outage-grace", outageGrace, credentials::outageGrace);
    }
}
