package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that the code of the README is compiled here. */
class ReadmeTest {

    private static final Path MODULE = Path.of("").toAbsolutePath();

    @Test
    void itsProgramsAreCompiledHere() throws IOException {
        List<String> shown = blocks(readme(), "```java\n", "```");

        assertThat(shown).hasSize(11);
        assertThat(source("main", "EmbeddedProxy")).containsIgnoringWhitespaces(shown.get(0));
        assertThat(source("main", "CustomStage")).containsIgnoringWhitespaces(shown.get(1));
        assertThat(source("main", "CompleteProxy")).containsIgnoringWhitespaces(shown.get(2));
        assertThat(source("main", "Voicemail")).containsIgnoringWhitespaces(shown.get(3));
        assertThat(source("main", "MediaServers")).containsIgnoringWhitespaces(shown.get(4));
        assertThat(source("main", "ProviderTrunk")).containsIgnoringWhitespaces(shown.get(5));
        assertThat(source("main", "NotifyMessageWaiting")).containsIgnoringWhitespaces(shown.get(6));
        assertThat(source("main", "ClickToDial")).containsIgnoringWhitespaces(shown.get(7));
        assertThat(source("main", "CallLimits")).containsIgnoringWhitespaces(shown.get(8));
        assertThat(source("main", "ParseMessage")).containsIgnoringWhitespaces(shown.get(9));
        assertThat(source("test", "CustomStageTest")).containsIgnoringWhitespaces(shown.get(10));
    }

    private static String source(String tree, String name) throws IOException {
        return Files.readString(MODULE.resolve("src/" + tree + "/java/org/sipproxy/samples/" + name + ".java"));
    }

    private static String readme() throws IOException {
        return Files.readString(MODULE.resolve("../README.md"));
    }

    private static List<String> blocks(String text, String from, String to) {
        List<String> blocks = new ArrayList<>();
        for (int start = text.indexOf(from); start >= 0; start = text.indexOf(from, start)) {
            start += from.length();
            blocks.add(text.substring(start, text.indexOf(to, start)));
        }
        return blocks;
    }
}
