package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the code of README and guide is compiled here, and that a reader finds its classes. */
class ReadmeTest {

    private static final Path MODULE = Path.of("").toAbsolutePath();
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?(org\\.sipproxy[a-z.]*)\\.(\\w+).*;");
    private static final Pattern ROW =
            Pattern.compile("\\| `(org\\.sipproxy[a-z.]*)` \\| (.*) \\| `sipproxy-[a-z]+` \\|");

    /** Sources of the snippets, in their order. */
    private static final List<String> SOURCES = List.of(
            "main/java/org/sipproxy/samples/EmbeddedProxy",
            "main/java/org/sipproxy/samples/CustomStage",
            "test/java/org/sipproxy/samples/CustomStageTest",
            "main/java/org/sipproxy/samples/ParseMessage");

    @Test
    void itsProgramsAreCompiledHere() throws IOException {
        List<String> shown = blocks(readme(), "```java\n", "```");

        assertThat(shown).hasSameSizeAs(SOURCES);
        for (int i = 0; i < shown.size(); i++) {
            assertThat(source(SOURCES.get(i))).containsIgnoringWhitespaces(shown.get(i));
        }
    }

    /** The page of the starter has the code of its own host application, see PropertiesPageTest. */
    @Test
    void theJavaOfTheGuideIsThatOfTheSamples() throws IOException {
        String samples = withoutBlanks(allSources());
        List<String> shown = new ArrayList<>();
        try (Stream<Path> pages = Files.list(MODULE.resolve("../docs"))) {
            for (Path page : pages.filter(page -> page.toString().endsWith(".md") && !page.endsWith("spring-boot.md"))
                    .toList()) {
                shown.addAll(blocks(Files.readString(page), "```java\n", "```"));
            }
        }

        assertThat(shown).hasSizeGreaterThan(8);
        assertThat(shown)
                .as("blocks that are not in a sample")
                .allMatch(block -> samples.contains(withoutBlanks(block)));
    }

    /** A page of a package may show several parts, which a blank line separates. */
    @Test
    void theJavaOfThePackagePagesIsThatOfTheSamples() throws IOException {
        String samples = withoutBlanks(allSources());
        List<String> shown = new ArrayList<>();
        for (String module : List.of("api", "core", "gateway", "jdbc", "nat", "security", "testkit")) {
            try (Stream<Path> files = Files.walk(MODULE.resolve("../sipproxy-" + module + "/src/main/java"))) {
                for (Path page : files.filter(
                                file -> file.endsWith("package-info.java") && !file.endsWith("fakes/package-info.java"))
                        .toList()) {
                    for (String block : blocks(Files.readString(page), "<pre>{@code\n", " * }</pre>")) {
                        shown.addAll(List.of(block.replaceAll("(?m)^ \\* ?", "").split("\n\n", -1)));
                    }
                }
            }
        }

        assertThat(shown).hasSizeGreaterThan(8);
        assertThat(shown).as("parts that are not in a sample").allMatch(part -> samples.contains(withoutBlanks(part)));
    }

    private static String allSources() throws IOException {
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> files = Files.walk(MODULE.resolve("src"))) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".java")).toList()) {
                sources.append(Files.readString(file));
            }
        }
        return sources.toString();
    }

    private static String withoutBlanks(String text) {
        return text.replaceAll("\\s+", "");
    }

    @Test
    void theTestsOfThePageAboutTestsRunHere() throws IOException {
        String tests = source("test/java/org/sipproxy/samples/TestingPageTest");
        List<String> shown = blocks(Files.readString(MODULE.resolve("../docs/testing.md")), "```java\n", "```");

        assertThat(shown).hasSize(10).allSatisfy(block -> assertThat(tests).containsIgnoringWhitespaces(block));
    }

    @Test
    void theTableOfPackagesHasTheClassesOfTheSnippets() throws IOException {
        List<String> shown = blocks(readme(), "```java\n", "```");
        Set<String> used = new TreeSet<>();
        for (int i = 0; i < shown.size(); i++) {
            Matcher imported = IMPORT.matcher(source(SOURCES.get(i)));
            while (imported.find()) {
                String constant = imported.group().replaceFirst(".*\\.(\\w+);", "$1");
                if (Pattern.compile("\\b" + constant + "\\b")
                        .matcher(shown.get(i))
                        .find()) {
                    used.add(imported.group(1) + "." + imported.group(2));
                }
            }
        }

        assertThat(used).contains("org.sipproxy.api.routing.Verdict", "org.sipproxy.core.SipProxy");
        assertThat(classesOfTheTable(readme())).containsAll(used);
    }

    @Test
    void theClassesOfTheTableOfPackagesExist() throws Exception {
        for (String name : classesOfTheTable(readme() + guide("README.md"))) {
            assertThat(Class.forName(name, false, ReadmeTest.class.getClassLoader()))
                    .isPublic();
        }
    }

    @Test
    void theTablesOfPackagesHaveTheClassesOfTheGuide() throws Exception {
        Set<String> listed = classesOfTheTable(readme() + guide("README.md"));
        StringBuilder shown = new StringBuilder();
        for (String page : List.of(
                "set-up.md",
                "storage.md",
                "routing.md",
                "threads.md",
                "testing.md",
                "securing.md",
                "calls.md",
                "gateways.md",
                "requests.md",
                "click-to-dial.md",
                "first-registration.md")) {
            blocks(guide(page), "```java\n", "```").forEach(shown::append);
        }
        Set<String> used = new TreeSet<>();
        Matcher imported = IMPORT.matcher(allSources());
        while (imported.find()) {
            String name = imported.group(1) + "." + imported.group(2);
            boolean isShown = Pattern.compile("\\b" + imported.group(2) + "\\b")
                    .matcher(shown)
                    .find();
            if (isShown && !imported.group().startsWith("import static") && !name.contains(".samples.")) {
                used.add(name);
            }
        }

        assertThat(used).contains("org.sipproxy.core.trace.Ladder", "org.sipproxy.api.location.StoreMode");
        assertThat(listed).containsAll(used);
    }

    private static String guide(String page) throws IOException {
        return Files.readString(MODULE.resolve("../docs/" + page));
    }

    private static Set<String> classesOfTheTable(String text) {
        Set<String> classes = new TreeSet<>();
        Matcher row = ROW.matcher(text);
        while (row.find()) {
            for (String name : row.group(2).replaceAll(" \\([^)]*\\)", "").split(", ", -1)) {
                classes.add(row.group(1) + "." + name.replace("`", ""));
            }
        }
        return classes;
    }

    private static String source(String name) throws IOException {
        return Files.readString(MODULE.resolve("src/" + name + ".java"));
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
