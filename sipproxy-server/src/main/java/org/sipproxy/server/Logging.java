package org.sipproxy.server;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.sipproxy.server.logging.LogFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logging of the launcher. Logs to stderr, so that stdout has only output for programs. Logback finds this class as a
 * service. It is not a {@code logback.xml}, because parsing XML takes a quarter of the CPU time until READY. The file
 * of {@code -Dlogback.configurationFile} replaces it.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {

    private static final String OURS = "org.sipproxy";
    private static final String ASYNC = "async";
    private static final String STDERR = "stderr";

    /** Levels of {@code --log-level}. */
    enum Verbosity {
        error,
        warn,
        info,
        debug,
        trace
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty("logback.configurationFile") != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setContext(context);
        stderr.setName(STDERR);
        stderr.setTarget("System.err");
        stderr.setEncoder(LogFormat.usual().encoder(context));
        stderr.start();
        // Receiver threads log too: a blocked terminal or pipe may lose lines, but must not block calls.
        AsyncAppender async = new AsyncAppender();
        async.setContext(context);
        async.setName(ASYNC);
        async.setQueueSize(16_384);
        async.setDiscardingThreshold(0);
        async.setNeverBlock(true);
        async.addAppender(stderr);
        async.start();
        context.getLogger(OURS).setLevel(Level.INFO);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        // the pool logs a stack trace for each connection that an outage ends; the stores log the outage itself
        context.getLogger("com.zaxxer.hikari").setLevel(Level.ERROR);
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(async);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Sets the level of the proxy's own loggers. */
    static void level(Verbosity verbosity) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger(OURS).setLevel(Level.toLevel(verbosity.name()));
        }
    }

    /** Sets the format of the lines. Without effect if a file of the user configures Logback. */
    static void format(LogFormat format) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(ASYNC) instanceof AsyncAppender async
                && async.getAppender(STDERR) instanceof ConsoleAppender<ILoggingEvent> stderr) {
            stderr.setEncoder(format.encoder(context));
        }
    }

    /** Writes the pending lines of the asynchronous appender, and stops logging. */
    static void flush() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.stop();
        }
    }
}
