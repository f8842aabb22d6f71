package org.sipproxy.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.helpers.BasicMDCAdapter;

/** Each format of the server's log. */
class LogLinesTest {

    private final LoggerContext context = new LoggerContext();

    private LoggingEvent event(Level level, String message, Throwable thrown) {
        context.setMDCAdapter(new BasicMDCAdapter());
        LoggingEvent event = new LoggingEvent(
                LogLinesTest.class.getName(),
                context.getLogger("org.sipproxy.registrar"),
                level,
                message,
                thrown,
                null);
        event.setThreadName("worker");
        event.setTimeStamp(1_700_000_000_123L);
        event.setMDCPropertyMap(Map.of("sip.callId", "a\"b"));
        return event;
    }

    private String line(LogFormat format, LoggingEvent event) {
        return new String(format.encoder(context).encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void textHasDateWithZoneLevelLoggerAndMessage() {
        assertThat(line(LogFormat.text, event(Level.INFO, "REGISTERED x", null)))
                .matches("2023-11-1\\dT\\d\\d:\\d\\d:20\\.123(Z|[+-]\\d\\d:\\d\\d) INFO  registrar - REGISTERED x\\R");
    }

    @Test
    void jsonIsOneObjectPerLine() {
        String line = line(
                LogFormat.json, event(Level.WARN, "two\nlines \"quoted\" \u00fc", new IllegalStateException("broken")));

        assertThat(line).endsWith("}\n").hasLineCount(1);
        JsonObject json = JsonParser.parseString(line).getAsJsonObject();
        assertThat(OffsetDateTime.parse(json.get("time").getAsString())
                        .toInstant()
                        .toEpochMilli())
                .isEqualTo(1_700_000_000_123L);
        assertThat(json.get("level").getAsString()).isEqualTo("WARN");
        assertThat(json.get("logger").getAsString()).isEqualTo("org.sipproxy.registrar");
        assertThat(json.get("thread").getAsString()).isEqualTo("worker");
        assertThat(json.get("message").getAsString()).isEqualTo("two\nlines \"quoted\" \u00fc");
        assertThat(json.get("sip.callId").getAsString()).isEqualTo("a\"b");
        assertThat(json.get("exception").getAsString())
                .startsWith("java.lang.IllegalStateException: broken")
                .contains("LogLinesTest");
    }

    @Test
    void journalLinesHaveAPriorityEach() {
        String lines = line(LogFormat.journald, event(Level.ERROR, "failed", new IllegalStateException("broken")));

        assertThat(lines).startsWith("<3>registrar - failed\n<3>java.lang.IllegalStateException: broken\n");
        assertThat(lines.lines()).allMatch(line -> line.startsWith("<3>"));
        assertThat(line(LogFormat.journald, event(Level.WARN, "x", null))).isEqualTo("<4>registrar - x\n");
        assertThat(line(LogFormat.journald, event(Level.INFO, "x", null))).isEqualTo("<6>registrar - x\n");
        assertThat(line(LogFormat.journald, event(Level.TRACE, "x", null))).isEqualTo("<7>registrar - x\n");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void journalIsRecognizedByDeviceAndInode(@TempDir Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve("stderr"));
        String same = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");

        assertThat(JournalStream.leadsTo(same, file)).isTrue();
        assertThat(JournalStream.leadsTo(same + "1", file)).isFalse();
        assertThat(JournalStream.leadsTo(null, file)).isFalse();
        assertThat(JournalStream.leadsTo(same, directory.resolve("missing"))).isFalse();
    }

    /** The keys of a JSON line, and the loggers of the server, have a row in docs/logging.md. */
    @Test
    void thePageListsKeysAndLoggers() throws IOException {
        String page = Files.readString(Path.of("../docs/logging.md"));
        String json = line(LogFormat.json, event(Level.WARN, "x", new IllegalStateException("broken")));
        for (String key : JsonParser.parseString(json).getAsJsonObject().keySet()) {
            assertThat(page).as(key).containsPattern("(?m)^\\| (`[\\w.]+`, )?`" + Pattern.quote(key) + "`");
        }
        Set<String> loggers = new TreeSet<>();
        try (var files = Files.walk(Path.of("src/main/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                Matcher name = Pattern.compile("getLogger\\(\"(org\\.sipproxy\\.[^\"]+)\"\\)")
                        .matcher(Files.readString(file));
                while (name.find()) {
                    loggers.add(name.group(1));
                }
            }
        }
        assertThat(loggers).contains("org.sipproxy.calls", "org.sipproxy.web");
        for (String logger : loggers) {
            assertThat(page).contains("\n| `" + logger + "` | ");
        }
    }
}
