package org.sipproxy.samples.launcher;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The launcher's logging: to stderr, so that stdout holds only what a program may want to read. It is found by Logback as a
 * service; in code and not in {@code logback.xml}, as reading XML costs a quarter of the CPU time until READY. A file named by
 * {@code -Dlogback.configurationFile} replaces it.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {

    private static final String OURS = "org.sipproxy";

    /** The levels of {@code --log-level}. */
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
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} - %msg%n");
        encoder.start();
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setContext(context);
        stderr.setTarget("System.err");
        stderr.setEncoder(encoder);
        stderr.start();
        // Event loops log too: a terminal or pipe that stands still is to cost lines, not calls.
        AsyncAppender async = new AsyncAppender();
        async.setContext(context);
        async.setQueueSize(16_384);
        async.setDiscardingThreshold(0);
        async.setNeverBlock(true);
        async.addAppender(stderr);
        async.start();
        context.getLogger(OURS).setLevel(Level.INFO);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        // the pool tells of each connection that an outage ends, with a stack trace; the stores tell of the outage
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

    /** Writes out what the asynchronous appender still holds, and stops logging. */
    static void flush() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.stop();
        }
    }
}
