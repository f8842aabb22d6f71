package org.sipproxy.server.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;

/** Form of a line of the log: the values of {@code --log-format}. */
public enum LogFormat {
    /** Date with zone, level, logger, text. */
    text {
        @Override
        public Encoder<ILoggingEvent> encoder(LoggerContext context) {
            PatternLayoutEncoder encoder = new PatternLayoutEncoder();
            encoder.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} - %msg%n");
            return started(encoder, context);
        }
    },
    /** One JSON object per line. */
    json {
        @Override
        public Encoder<ILoggingEvent> encoder(LoggerContext context) {
            return started(new JsonLines(), context);
        }
    },
    /** Priority, logger, text; the journal adds the date. */
    journald {
        @Override
        public Encoder<ILoggingEvent> encoder(LoggerContext context) {
            return started(new JournalLines(), context);
        }
    };

    /** Returns an encoder for this format, started. */
    public abstract Encoder<ILoggingEvent> encoder(LoggerContext context);

    private static Encoder<ILoggingEvent> started(Encoder<ILoggingEvent> encoder, LoggerContext context) {
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    /** Returns the format for the stderr of this process: {@link #journald} if it leads to the journal. */
    public static LogFormat usual() {
        return JournalStream.isStderr() ? journald : text;
    }
}
