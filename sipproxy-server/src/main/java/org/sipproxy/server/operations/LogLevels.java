package org.sipproxy.server.operations;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.server.operations.OperationException.Kind;
import org.slf4j.LoggerFactory;

/** Log levels of a running server. */
public final class LogLevels {

    private static final String OURS = "org.sipproxy";
    private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace", "off");

    /** The loggers that are named in docs/logging.md, without {@code org.sipproxy.}, in its order. */
    static final List<String> NAMES = Stream.of(
                    LoggerNames.PROXY,
                    LoggerNames.TRANSPORT,
                    LoggerNames.ROUTING,
                    LoggerNames.REFUSALS,
                    LoggerNames.REGISTRAR,
                    LoggerNames.LOCATION,
                    LoggerNames.HOST,
                    LoggerNames.AUTHENTICATION,
                    LoggerNames.ACCESS,
                    LoggerNames.AUDIT,
                    LoggerNames.NAT,
                    LoggerNames.GATEWAYS,
                    LoggerNames.DATABASE,
                    LoggerNames.ACCOUNTING,
                    "org.sipproxy.calls",
                    "org.sipproxy.trace",
                    "org.sipproxy.web")
            .map(name -> name.substring(OURS.length() + 1))
            .toList();

    /** A logger and its levels before and after a change, in lower case. */
    public record Changed(String logger, String before, String now) {}

    LogLevels() {}

    /**
     * Sets the level of a logger, until the next change or restart.
     *
     * @param level {@code error}, {@code warn}, {@code info}, {@code debug}, {@code trace} or {@code off}
     * @param logger the name; {@code org.sipproxy.} may be omitted for those of {@link #NAMES}; empty for all loggers of
     *     the proxy
     */
    public Changed set(String level, String logger) {
        String wanted = level.toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(wanted)) {
            throw new OperationException(
                    Kind.INVALID, "level \"" + level + "\" (expected " + String.join(", ", LEVELS) + ")");
        }
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            throw new OperationException(Kind.NOT_CONFIGURED, "this program does not log with Logback");
        }
        if (!logger.isEmpty() && logger.indexOf('.') < 0 && !NAMES.contains(logger)) {
            throw new OperationException(
                    Kind.INVALID,
                    "logger \"" + logger + "\" (expected " + String.join(", ", NAMES) + ", or a name with a dot)");
        }
        String name = logger.isEmpty() ? OURS : logger.indexOf('.') < 0 ? OURS + "." + logger : logger;
        Logger changed = context.getLogger(name);
        String before = text(changed.getEffectiveLevel());
        changed.setLevel(Level.toLevel(wanted));
        return new Changed(name, before, text(changed.getEffectiveLevel()));
    }

    private static String text(Level level) {
        return level.toString().toLowerCase(Locale.ROOT);
    }
}
