package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.sipproxy.samples.launcher.LauncherOptionNames;

/** What the README shows is what is compiled and run here. */
class ReadmeTest {

    private static final Path MODULE = Path.of("").toAbsolutePath();

    @Test
    void itsProgramIsTheSampleThatIsCompiled() throws IOException {
        String sample = Files.readString(MODULE.resolve("src/main/java/org/sipproxy/samples/EmbeddedProxy.java"));
        String program = between(readme(), "```java\n", "```");

        assertThat(sample).containsIgnoringWhitespaces(program);
    }

    @Test
    void itsTableNamesEveryOptionOfRun() throws IOException {
        assertThat(readme()).contains(LauncherOptionNames.ofRun());
    }

    private static String readme() throws IOException {
        return Files.readString(MODULE.resolve("../README.md"));
    }

    private static String between(String text, String from, String to) {
        int start = text.indexOf(from) + from.length();
        return text.substring(start, text.indexOf(to, start));
    }
}
