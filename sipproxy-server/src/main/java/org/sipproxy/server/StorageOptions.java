package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.DatabaseUse;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.operations.ServerComponents;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for registrations and call records in a database, kept as text like those of {@link ProxyOptions}. */
@Section("Storage of registrations")
final class StorageOptions {

    private static final String MEMORY = "memory";
    private static final String WRITE_BACK = "write-back";
    private static final List<String> KINDS =
            List.of(MEMORY, "write-through", WRITE_BACK, "database-only", "load-at-start");

    @Option(
            names = "--storage",
            paramLabel = "KIND",
            description = {
                "Where registrations are kept. memory: lost when the program ends. write-through: in memory, and in",
                "the database before the response is sent. write-back: in memory, and in the database every",
                "--flush-interval.",
                "database-only: not in memory, so that several servers may share a database. load-at-start: read from",
                "the database once, never written. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = MEMORY)
    String storage = "";

    @Option(
            names = "--flush-interval",
            paramLabel = "DURATION",
            description = {
                "Maximum age of a change when write-back writes it, 100ms to 5m. A crash loses the changes of at most",
                "this time while the database keeps up. Default: 60s."
            })
    String flushInterval = "";

    @Option(
            names = "--stop-limit",
            paramLabel = "DURATION",
            description = {
                "How long write-back may write when the proxy stops, 1s to 24h. It continues while rows are being",
                "written, and gives up earlier only if nothing could be written for 10s. A supervisor must wait longer",
                "(systemd: TimeoutStopSec=).",
                "Default: 10m."
            })
    String stopLimit = "";

    @Option(
            names = "--server-id",
            paramLabel = "N",
            description = "Number of this server in the rows that it writes, different for each server of one database."
                    + " Default: 0.")
    String serverId = "";

    @Reloadable
    @Option(
            names = "--options-when-not-ready",
            paramLabel = "STATUS",
            description = {
                "Response to an OPTIONS for the proxy while its storage needs an unavailable database: 200, or 503 so",
                "that a probing dispatcher chooses another server. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "200")
    String optionsWhenNotReady = "";

    @Option(
            names = "--wait-limit",
            paramLabel = "DURATION",
            description = {
                "How long one request may wait for the database, 1s to 30s; then it gets 503 with Retry-After.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "10s")
    String waitLimit = "";

    @Mixin
    private final AccountingOptions accounting = new AccountingOptions();

    /** Null without accounting. */
    private @Nullable JdbcAccounting callRecords;

    /** Returns true if a database is needed for more than the subscribers. */
    private boolean needsDatabase() {
        return accounting.accounting || !kind().equals(MEMORY);
    }

    /** Returns the number of rows of call records that were lost since the start. */
    long lostCallRows() {
        JdbcAccounting records = callRecords;
        return records == null ? 0 : records.status().dropped();
    }

    private String kind() {
        return storage.toLowerCase(Locale.ROOT);
    }

    /**
     * Applies the options to the builder, and adds errors to {@code problems}.
     *
     * @param components gets the accounting, whose figures commands show
     * @param rows configures the repository for rows of a Kamailio
     * @param records configures call records for a Kamailio
     * @param database the open database; empty if there is none or it is not open yet
     * @param isLater true if a database will be opened later
     */
    void addTo(
            SipProxyBuilder builder,
            ServerComponents components,
            Consumer<JdbcBindingRepository.Builder> rows,
            Consumer<JdbcAccounting.Builder> records,
            Optional<Database> database,
            boolean isLater,
            List<String> problems) {
        if (!KINDS.contains(kind())) {
            problems.add("--storage: \"" + storage + "\" (expected " + String.join(", ", KINDS) + ")");
            return;
        }
        if (!flushInterval.isEmpty() && !kind().equals(WRITE_BACK)) {
            problems.add("--flush-interval: has no effect with --storage " + storage + "; use --storage write-back or"
                    + " omit it");
        }
        if (!stopLimit.isEmpty() && !kind().equals(WRITE_BACK)) {
            problems.add("--stop-limit: has no effect with --storage " + storage + "; use --storage write-back or"
                    + " omit it");
        }
        if (needsDatabase() && database.isEmpty() && !isLater) {
            problems.add((accounting.accounting ? "--accounting" : "--storage " + storage)
                    + ": needs a database; add --database-url, or --database embedded for a trial");
        }
        readiness(builder, problems);
        Duration interval = interval(problems);
        Duration limit = stopLimit(problems);
        int server = server(problems);
        if (database.isEmpty() || !problems.isEmpty()) {
            return;
        }
        if (accounting.accounting) {
            accounting.component(database.get().dataSource(), records, problems).ifPresent(component -> {
                callRecords = component;
                builder.component(component);
                components.addFigures("accounting", component::status);
            });
        }
        JdbcBindingRepository.Builder table =
                JdbcBindingRepository.builder(database.get().dataSource()).serverId(server);
        rows.accept(table);
        JdbcBindingRepository repository = table.build();
        switch (kind()) {
            case "write-through" -> builder.locationStore(StoreMode.writeThrough(repository));
            case WRITE_BACK -> builder.locationStore(StoreMode.writeBack(repository, interval, limit));
            case "database-only" -> builder.locationStore(StoreMode.databaseOnly(repository));
            case "load-at-start" -> builder.locationStore(StoreMode.loadAtStart(repository));
            default -> builder.locationStore(StoreMode.memory());
        }
    }

    private void readiness(SipProxyBuilder builder, List<String> problems) {
        switch (optionsWhenNotReady) {
            case "200" -> builder.refuseOptionsWhenNotReady(false);
            case "503" -> builder.refuseOptionsWhenNotReady(true);
            default -> problems.add("--options-when-not-ready: \"" + optionsWhenNotReady + "\" (expected 200 or 503)");
        }
        Duration longest = Duration.ofSeconds(30);
        builder.waitLimit(duration(
                "--wait-limit", waitLimit, longest, Duration.ofSeconds(1), longest, "(expected 1s to 30s)", problems));
    }

    private Duration interval(List<String> problems) {
        return duration(
                "--flush-interval",
                flushInterval,
                Duration.ofSeconds(60),
                Duration.ofMillis(100),
                Duration.ofMinutes(5),
                "(expected 100ms to 5m); use --storage write-through to store every change at once",
                problems);
    }

    private Duration stopLimit(List<String> problems) {
        return duration(
                "--stop-limit",
                stopLimit,
                Duration.ofMinutes(10),
                Duration.ofSeconds(1),
                Duration.ofHours(24),
                "(expected 1s to 24h)",
                problems);
    }

    /** Returns the value of an option; {@code otherwise} if it is not given or invalid, which is a problem. */
    private static Duration duration(
            String option,
            String text,
            Duration otherwise,
            Duration least,
            Duration most,
            String expected,
            List<String> problems) {
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            Duration given = Durations.parse(text);
            if (given.compareTo(least) >= 0 && given.compareTo(most) <= 0) {
                return given;
            }
            problems.add(option + ": " + text + " " + expected);
        } catch (IllegalArgumentException e) {
            problems.add(option + ": " + e.getMessage());
        }
        return otherwise;
    }

    /** Returns the number of this server; 0 if {@code --server-id} is invalid. */
    int server() {
        return server(new ArrayList<>());
    }

    private int server(List<String> problems) {
        try {
            int number = serverId.isEmpty() ? 0 : Integer.parseInt(serverId);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        problems.add("--server-id: \"" + serverId + "\" (expected 0 to " + Integer.MAX_VALUE + ")");
        return 0;
    }

    /** Returns true if the location store writes to the database. */
    boolean keepsRows() {
        return Set.of("write-through", WRITE_BACK, "database-only").contains(kind());
    }

    /** Returns the uses of the database, without the subscribers. */
    Set<DatabaseUse> uses() {
        Set<DatabaseUse> uses = EnumSet.noneOf(DatabaseUse.class);
        switch (kind()) {
            case "write-through", WRITE_BACK -> uses.add(DatabaseUse.KEEP_BINDINGS);
            case "database-only" -> uses.add(DatabaseUse.SHARE_BINDINGS);
            case "load-at-start" -> uses.add(DatabaseUse.LOAD_BINDINGS);
            default -> {}
        }
        if (accounting.accounting) {
            uses.add(DatabaseUse.ACCOUNTING);
        }
        return uses;
    }

    String summary() {
        String kept = kind().equals(WRITE_BACK)
                ? WRITE_BACK + " every " + (flushInterval.isEmpty() ? "60s" : flushInterval)
                : kind();
        return accounting.accounting ? kept + "; with call records" : kept;
    }
}
