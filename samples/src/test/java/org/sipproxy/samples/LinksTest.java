package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The links of all Markdown files to files and headings of this tree. */
class LinksTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Set<String> NOT_SOURCES = Set.of("target", "node_modules");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]\\[]*]\\(([^)\\s]+)\\)");
    private static final Pattern SCHEME = Pattern.compile("[a-z]+:.*");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern FENCED = Pattern.compile("(?ms)^ *```.*?^ *```");

    private final Map<Path, Set<String>> anchors = new HashMap<>();

    @Test
    void leadToFilesAndHeadingsThatExist() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(text(page));
            while (link.find()) {
                if (!SCHEME.matcher(link.group(1)).matches()) {
                    links++;
                    if (!leadsSomewhere(page, link.group(1))) {
                        broken.add(ROOT.relativize(page) + ": " + link.group(1));
                    }
                }
            }
        }

        assertThat(broken).isEmpty();
        assertThat(links).isGreaterThan(100);
    }

    /** Every page of the guide is in its index, so that a reader finds it. */
    @Test
    void theIndexOfTheGuideLeadsToEachOfItsPages() throws IOException {
        String index = text(ROOT.resolve("docs/README.md"));

        assertThat(pages())
                .filteredOn(page -> page.getParent().endsWith("docs") && !page.endsWith("README.md"))
                .hasSizeGreaterThan(15)
                .allSatisfy(page -> assertThat(index).contains("](" + page.getFileName() + ")"));
    }

    private boolean leadsSomewhere(Path page, String target) {
        int hash = target.indexOf('#');
        String path = hash < 0 ? target : target.substring(0, hash);
        Path file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
        return Files.exists(file)
                && (hash < 0
                        || !file.toString().endsWith(".md")
                        || anchors(file).contains(target.substring(hash + 1)));
    }

    /** Returns the anchors of a page's headings, as GitHub makes them. */
    private Set<String> anchors(Path page) {
        return anchors.computeIfAbsent(page, key -> {
            Set<String> found = new HashSet<>();
            for (String line : text(page).split("\n", -1)) {
                Matcher heading = HEADING.matcher(line);
                if (heading.matches()) {
                    String anchor = heading.group(1)
                            .replaceAll("\\[([^\\]]*)]\\([^)]*\\)", "$1")
                            .toLowerCase(Locale.ROOT)
                            .replaceAll("[^\\p{L}\\p{N}\\- _]", "")
                            .replace(' ', '-');
                    String unique = anchor;
                    for (int i = 1; !found.add(unique); i++) {
                        unique = anchor + "-" + i;
                    }
                }
            }
            return found;
        });
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.getFileName().toString();
                boolean isHidden = name.startsWith(".") && !folder.equals(ROOT);
                return isHidden || NOT_SOURCES.contains(name) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".md")) {
                    pages.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return pages;
    }

    /** Returns the text of a page without its fenced blocks, in which brackets are code. */
    private static String text(Path page) {
        try {
            return FENCED.matcher(Files.readString(page)).replaceAll("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
