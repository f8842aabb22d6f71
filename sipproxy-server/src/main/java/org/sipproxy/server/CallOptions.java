package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.jdbc.JdbcCallRepository;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.logging.CallLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** Options for calls and their limits, kept as text like those of {@link ProxyOptions}. */
@Section("Calls")
final class CallOptions {

    private static final Logger LOG = LoggerFactory.getLogger(CallOptions.class);

    /** For the log and the metrics: a call may last as long as any setting allows. */
    private static final CallSettings OBSERVED =
            CallSettings.builder().maxDuration(Duration.ofDays(30)).build();

    @Option(
            names = "--calls",
            description = {
                "Limits and ends calls; the other --calls- options require it. Without it, calls are only logged (at info) "
                        + "and counted (with --web). With the storage modes write-through, write-back and database-only, calls are tracked again after a "
                        + "restart (table sipproxy_call)."
            })
    boolean calls;

    @Reloadable
    @Option(
            names = "--calls-per-user",
            paramLabel = "N",
            description = {
                "Calls of one user at a time, 1 to 10000: a further one gets 403 if the user is the caller, 486 if the "
                        + "callee. Default: no limit."
            })
    String perUser = "";

    @Reloadable
    @Option(
            names = "--calls-max",
            paramLabel = "N",
            description = "Calls at a time, up to 10000000: a further one gets 503. Default: no limit.")
    String most = "";

    @Reloadable
    @Option(
            names = "--calls-max-duration",
            paramLabel = "DURATION",
            description = "When an answered call is ended, with a BYE to both sides, 10s to 30d. Default: 12h.")
    String maxDuration = "";

    @Reloadable
    @Option(
            names = "--calls-keepalive",
            paramLabel = "DURATION",
            description = {
                "Interval of OPTIONS to both sides of a call, 10s to 1h; a call that one side does not know is ended.",
                "Default: none."
            })
    String keepalive = "";

    @Reloadable
    @Option(
            names = "--calls-tracked",
            paramLabel = "N",
            description = {
                "Calls that are tracked at most, 100 to 10000000; further ones are not limited. Default: 100000, or",
                "--calls-max if that is larger."
            })
    String tracked = "";

    /** True if calls are tracked without {@link #calls}. A reload does not change it. */
    private @Nullable Boolean observes;

    /** Tracks calls without {@code --calls} if and only if a running proxy does. */
    void reuse(CallOptions running) {
        observes = running.observes;
    }

    /**
     * Applies the options to the builder, and adds errors to {@code problems}.
     *
     * @param counted true if calls are counted for metrics
     */
    void addTo(SipProxyBuilder builder, boolean counted, List<String> problems) {
        if (!calls) {
            given().keySet().stream()
                    .findFirst()
                    .ifPresent(name -> problems.add(name + ": has no effect without --calls; add --calls"));
            observes = observes == null ? counted || CallLog.isOn() : observes;
            if (observes) {
                track(builder, OBSERVED);
            }
            return;
        }
        int before = problems.size();
        CallSettings.Builder settings = CallSettings.builder();
        OptionReader reader = new OptionReader(problems);
        reader.number("--calls-per-user", perUser, settings::maxCallsPerUser);
        reader.number("--calls-max", most, settings::maxCalls);
        reader.number("--calls-tracked", tracked, settings::trackedCalls);
        reader.duration("--calls-max-duration", maxDuration, settings::maxDuration);
        reader.duration("--calls-keepalive", keepalive, settings::keepalive);
        try {
            CallSettings built = settings.build();
            if (problems.size() == before) {
                track(builder, built);
            }
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
        }
    }

    private static void track(SipProxyBuilder builder, CallSettings settings) {
        builder.calls(settings).callListener(new CallLog());
    }

    /**
     * Stores the calls in the database. If its table cannot be used, they are not stored, which is logged. Blocks.
     *
     * @param server the number of this server
     */
    void storeIn(Database database, int server, SipProxyBuilder builder) {
        JdbcCallRepository repository = JdbcCallRepository.builder(database.dataSource())
                .serverId(server)
                .build();
        Optional<String> problem = repository.problem();
        if (problem.isPresent()) {
            LOG.warn("calls will not be tracked after a restart: {}", problem.get());
        } else {
            builder.callRepository(repository);
        }
    }

    private Map<String, String> given() {
        Map<String, String> given = new LinkedHashMap<>();
        given.put("--calls-per-user", perUser);
        given.put("--calls-max", most);
        given.put("--calls-max-duration", maxDuration);
        given.put("--calls-keepalive", keepalive);
        given.put("--calls-tracked", tracked);
        given.values().removeIf(String::isEmpty);
        return given;
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        if (!calls) {
            return Boolean.FALSE.equals(observes) ? "not tracked" : "logged and counted";
        }
        List<String> parts = new ArrayList<>(List.of("tracked"));
        given().forEach((name, value) -> parts.add(
                switch (name) {
                    case "--calls-per-user" -> "at most " + value + " per user";
                    case "--calls-max" -> "at most " + value;
                    case "--calls-max-duration" -> "ended after " + value;
                    case "--calls-keepalive" -> "keepalive every " + value;
                    default -> value + " tracked";
                }));
        return String.join(", ", parts);
    }
}
