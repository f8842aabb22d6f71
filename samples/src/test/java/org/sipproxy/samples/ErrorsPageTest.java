package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of errors has what the sources report, and nothing else. */
class ErrorsPageTest {

    private static final List<String> MODULES = List.of(
            "sipproxy-message",
            "sipproxy-api",
            "sipproxy-core",
            "sipproxy-gateway",
            "sipproxy-jdbc",
            "sipproxy-nat",
            "sipproxy-security",
            "sipproxy-micrometer",
            "sipproxy-spring-boot-starter");

    @Test
    void everyProblemOfAnOptionAFileAndAListeningPoint() throws IOException {
        Set<String> inSources = new TreeSet<>();
        MODULES.forEach(module -> inSources.addAll(MessageTexts.problems(module)));

        assertThat(rows("## Options", "## Database"))
                .hasSizeGreaterThan(80)
                .containsExactlyInAnyOrderElementsOf(inSources);
    }

    @Test
    void everyRemedyOfADatabase() throws IOException {
        assertThat(rows("## Database", "## Log lines"))
                .containsAll(
                        MessageTexts.remedies("sipproxy-jdbc/src/main/java/org/sipproxy/jdbc/DatabaseProblem.java"));
    }

    @Test
    void everyLineAtWarnAndErrorWithItsMeaning() throws IOException {
        Set<String> inSources = Stream.concat(MODULES.stream(), Stream.of("sipproxy-server"))
                .flatMap(module -> MessageTexts.logged(module).stream())
                .collect(Collectors.toCollection(TreeSet::new));

        Set<String> rows = rows("## Log lines", "");
        List<String> onThePage =
                rows.stream().map(row -> row.substring(3, row.indexOf("` | "))).toList();
        assertThat(onThePage).hasSizeGreaterThan(80).containsOnlyOnceElementsOf(inSources);
        assertThat(inSources).containsAll(onThePage);
        assertThat(rows).allMatch(row -> row.matches(".*` \\| .{10,} \\|"));
    }

    /** Returns the rows of the tables between two headings, without those of the column names. */
    private static Set<String> rows(String from, String to) throws IOException {
        String page = Files.readString(Path.of("../docs/errors.md").toAbsolutePath());
        int begin = page.indexOf("\n" + from + "\n");
        int end = to.isEmpty() ? page.length() : page.indexOf("\n" + to + "\n");
        return page.substring(begin, end)
                .lines()
                .filter(line -> line.startsWith("| ") && !line.matches("\\| (option|problem|text|SQLSTATE) \\|.*"))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
