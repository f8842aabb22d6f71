package org.sipproxy.server.manual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

class ManualPageTest {

    @Command(
            name = "tool",
            mixinStandardHelpOptions = true,
            description = "Does things.",
            subcommands = {Dig.class, CommandLine.HelpCommand.class})
    static final class Tool {}

    @Command(
            name = "dig",
            description = {".Digs a hole. Then", "'fills' it with C:\\sand…"},
            footerHeading = "%nExamples:%n",
            footer = {"  A deep one:", "    ${ROOT-COMMAND-NAME} dig --depth=3 \\", "        garden"})
    @SuppressWarnings("UnusedVariable") // picocli's model has them
    static final class Dig {
        @Option(
                names = {"-d", "--depth"},
                paramLabel = "METRES",
                defaultValue = "1",
                description = "How deep. Default: ${DEFAULT-VALUE}.")
        private int depth;

        @Option(names = "--secret", hidden = true)
        private boolean secret;

        @Parameters(index = "0", arity = "0..1", paramLabel = "PLACE", description = "Where.")
        private String place;
    }

    private final String page = ManualPage.of(new CommandLine(new Tool()), "sipproxy 1.0");

    @Test
    void namesCommandsOptionsAndDefaults() {
        assertThat(page)
                .contains(".SS \"sipproxy dig\"\n", "\\fBsipproxy dig [OPTIONS] [PLACE]\\fR\n")
                .contains(".TP\n\\fB\\-d, \\-\\-depth=METRES\\fR\nHow deep. Default: 1.\n")
                .contains(".TP\n\\fBPLACE\\fR\nWhere.\n");
    }

    @Test
    void hiddenOptionsAndTheHelpCommandAreOmitted() {
        assertThat(page).doesNotContain("\\-\\-secret").doesNotContain("sipproxy help");
    }

    @Test
    void textThatWouldBeAMacroIsEscaped() {
        assertThat(page).contains("\n\\&.Digs a hole. Then\n\\(aqfills\\(aq it with C:\\esand\\[u2026]\n");
    }

    @Test
    void aHeadingBeginsTheFirstParagraphBelowIt() {
        assertThat(page).doesNotContainPattern("(?m)^\\.S[HS] .*\\n\\.PP$");
    }

    @Test
    void examplesNameTheInstalledProgram() {
        assertThat(page).contains(".nf\nsipproxy dig \\-\\-depth=3 \\e\n    garden\n.fi\n");
    }

    @Test
    void formatterHasNoWarnings(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("sipproxy.1"), page);
        Process man;
        try {
            man = new ProcessBuilder(List.of("man", "--warnings", "-l", file.toString()))
                    .redirectOutput(directory.resolve("text").toFile())
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "man is not installed");
            return;
        }
        String warnings = new String(man.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(man.waitFor()).as(warnings).isZero();
        assertThat(warnings).isEmpty();
        assertThat(Files.readString(directory.resolve("text"))).contains("--depth=METRES");
    }
}
