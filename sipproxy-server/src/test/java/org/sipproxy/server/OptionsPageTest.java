package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The page of options. */
class OptionsPageTest {

    @Test
    void namesEveryOptionOfRun() throws IOException {
        List<String> options = new CommandLine(new RunCommand())
                .getCommandSpec().options().stream()
                        .filter(option -> !option.usageHelp() && !option.versionHelp())
                        .map(option -> option.longestName())
                        .toList();

        assertThat(Files.readString(Path.of("../docs/options.md").toAbsolutePath()))
                .contains(options);
    }
}
