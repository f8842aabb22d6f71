package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The groups of packages of the common javadoc, in the parent POM. */
class JavadocGroupsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern PACKAGES = Pattern.compile("<packages>([^<]*)</packages>");

    @Test
    void everyPublishedPackageIsInOneGroup() throws IOException {
        List<String> grouped = new ArrayList<>();
        Matcher group = PACKAGES.matcher(Files.readString(ROOT.resolve("pom.xml")));
        while (group.find()) {
            grouped.addAll(List.of(group.group(1).split(":", -1)));
        }

        assertThat(grouped)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(published())
                .hasSizeGreaterThan(20);
    }

    private static List<String> published() throws IOException {
        List<String> packages = new ArrayList<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.filter(
                            folder -> folder.getFileName().toString().startsWith("sipproxy-")
                                    && !folder.endsWith("sipproxy-server"))
                    .map(folder -> folder.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> files = Files.walk(module)) {
                    files.filter(file -> file.endsWith("package-info.java"))
                            .map(file -> module.relativize(file.getParent())
                                    .toString()
                                    .replace(module.getFileSystem().getSeparator(), "."))
                            .filter(name -> !name.contains(".internal"))
                            .forEach(packages::add);
                }
            }
        }
        return packages;
    }
}
