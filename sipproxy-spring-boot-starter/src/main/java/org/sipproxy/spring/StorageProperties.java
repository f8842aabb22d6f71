package org.sipproxy.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.SipProxyBuilder;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Storage of registrations.
 *
 * @param storage Where registrations are kept. All modes but memory need a DataSource with sipproxy-jdbc, or a
 *     BindingRepository bean.
 * @param flushInterval Maximum age of a change when write-back writes it, 100ms to 5m.
 * @param stopLimit How long write-back may write when the proxy closes, 1s to 24h.
 * @param serverId Number of this server in the rows that it writes, different for each server of one database.
 * @param waitLimit How long one request may wait for the database, 1s to 30s; then it gets 503.
 * @param optionsWhenNotReady Response to an OPTIONS for the proxy while its storage needs an unavailable database: 200
 *     or 503.
 * @param initializeSchema Whether missing tables are created in the database before the proxy starts.
 */
@ConfigurationProperties("sipproxy")
record StorageProperties(
        @DefaultValue("memory") Mode storage,
        @DefaultValue("60s") Duration flushInterval,
        @DefaultValue("10m") Duration stopLimit,
        @DefaultValue("0") int serverId,
        @DefaultValue("10s") Duration waitLimit,
        @DefaultValue("200") int optionsWhenNotReady,
        @DefaultValue("false") boolean initializeSchema) {

    /** Where registrations are kept. */
    enum Mode {
        /** In memory only; lost when the application ends. */
        MEMORY,
        /** In memory, and in the database before the response is sent. */
        WRITE_THROUGH,
        /** In memory, and in the database every flush-interval. */
        WRITE_BACK,
        /** Not in memory, so that several servers may share a database. */
        DATABASE_ONLY,
        /** Read from the database once, never written. */
        LOAD_AT_START;

        /** Returns true if the location store writes to the database. */
        boolean keepsRows() {
            return this == WRITE_THROUGH || this == WRITE_BACK || this == DATABASE_ONLY;
        }
    }

    void addTo(SipProxyBuilder builder, @Nullable BindingRepository repository, Problems problems) {
        builder.waitLimit(waitLimit);
        switch (optionsWhenNotReady) {
            case 200 -> builder.refuseOptionsWhenNotReady(false);
            case 503 -> builder.refuseOptionsWhenNotReady(true);
            default ->
                problems.add(
                        "sipproxy.options-when-not-ready",
                        Integer.toString(optionsWhenNotReady),
                        "expected 200 or 503",
                        "");
        }
        if (storage == Mode.MEMORY) {
            builder.locationStore(StoreMode.memory());
        } else if (repository == null) {
            problems.add(
                    "sipproxy.storage",
                    OptionNames.of(storage),
                    "needs a database",
                    "add sipproxy-jdbc and a DataSource (spring.datasource.url), or a BindingRepository bean");
        } else {
            problems.collect(() -> builder.locationStore(mode(repository)));
        }
    }

    private StoreMode mode(BindingRepository repository) {
        return switch (storage) {
            case MEMORY -> StoreMode.memory();
            case WRITE_THROUGH -> StoreMode.writeThrough(repository);
            case WRITE_BACK -> StoreMode.writeBack(repository, flushInterval, stopLimit);
            case DATABASE_ONLY -> StoreMode.databaseOnly(repository);
            case LOAD_AT_START -> StoreMode.loadAtStart(repository);
        };
    }
}
