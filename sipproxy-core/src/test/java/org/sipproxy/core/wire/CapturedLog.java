package org.sipproxy.core.wire;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LocationAwareLogger;

/** Log lines of this JVM from construction to close, with refusals at INFO; they are printed too. */
final class CapturedLog implements AutoCloseable {

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final int level = refusals(LocationAwareLogger.INFO_INT);

    CapturedLog() {
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8) {
            @Override
            public void println(String line) {
                super.println(line);
                before.println(line);
            }
        });
    }

    /** Sets the level of the refusals, which slf4j-simple reads only once, and returns the one before. */
    private static int refusals(int level) {
        try {
            Object log = LoggerFactory.getLogger(LoggerNames.REFUSALS);
            Field field = log.getClass().getDeclaredField("currentLogLevel");
            field.setAccessible(true);
            int before = field.getInt(log);
            field.setInt(log, level);
            return before;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("another version of slf4j-simple", e);
        }
    }

    /** Returns the lines that contain {@code text}. */
    List<String> lines(String text) {
        return text().lines().filter(line -> line.contains(text)).toList();
    }

    String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        System.setErr(before);
        refusals(level);
    }
}
