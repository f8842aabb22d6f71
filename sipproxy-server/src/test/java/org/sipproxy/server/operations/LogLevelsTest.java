package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LogLevelsTest {

    @Test
    void thePageListsTheNamesThatAreAcceptedWithoutPrefix() throws IOException {
        String page = Files.readString(Path.of("../docs/logging.md"));

        assertThat(Pattern.compile("(?m)^\\| `org\\.sipproxy\\.(\\w+)` \\| ")
                        .matcher(page)
                        .results()
                        .map(row -> row.group(1)))
                .containsExactlyElementsOf(LogLevels.NAMES);
    }
}
