package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.migrate.Resources;
import picocli.CommandLine;

/** The page for Kamailio operators: it names only what exists, and everything of the manual and the stock file. */
class FromKamailioTest {

    private final String page;

    FromKamailioTest() throws IOException {
        page = Files.readString(Path.of("../docs/from-kamailio.md").toAbsolutePath());
    }

    private static Set<String> found(String expression, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = Pattern.compile(expression).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static void addOptions(CommandLine command, Set<String> options) {
        options.addAll(command.getCommandSpec().optionsMap().keySet());
        command.getSubcommands().values().forEach(one -> addOptions(one, options));
    }

    @Test
    void namesOptionsThatExist() {
        Set<String> options = new TreeSet<>();
        addOptions(new CommandLine(Launcher.class), options);

        assertThat(options).containsAll(found("(?<![A-Za-z-])(--[a-z][a-z-]*[a-z])", page));
    }

    /** CapabilitiesTest proves that every capability of the library has an option, so a text names the option. */
    @Test
    void textsOfTheImportNameOptionsAndNotTheLibrary() throws IOException {
        Set<String> options = new TreeSet<>();
        addOptions(Launcher.commands().getSubcommands().get("run"), options);
        String words;
        try (InputStream in = Launcher.class.getResourceAsStream("migrate/words.txt")) {
            words = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }

        assertThat(words).doesNotContain("of the library");
        assertThat(options)
                .containsAll(found("(?m)\\| (?:option|flag) ([a-z0-9-]+) ", words).stream()
                        .map(name -> "--" + name)
                        .toList());
    }

    @Test
    void namesCommandsThatExist() {
        Set<String> commands =
                new TreeSet<>(new CommandLine(Launcher.class).getSubcommands().keySet());

        assertThat(commands).containsAll(found("`sipproxy ([a-z]+)", page));
    }

    @Test
    void namesEveryParameterAndDefineOfTheManual(@TempDir Path directory) throws IOException {
        assertNamesAllOf(Files.readString(Resources.copy("manual.cfg", directory)));
        String kamctlrc = Files.readString(Resources.copy("manual-kamctlrc", directory));
        assertThat(found("`([A-Z_]+)`", page)).containsAll(found("(?m)^([A-Z_]+)=", kamctlrc));
    }

    @Test
    void namesEveryParameterAndDefineOfTheStockConfiguration() throws IOException {
        assumeTrue(Resources.hasStock(), "the stock configuration of Kamailio 5.6 is not installed");

        assertNamesAllOf(Files.readString(Resources.STOCK));
    }

    private void assertNamesAllOf(String configuration) {
        Set<String> wanted = found("(?m)^modparam\\(\"[a-z_|0-9]+\", \"([a-z_0-9]+)\"", configuration);
        wanted.addAll(found("(?m)^([a-z_.]+) ?=", configuration));
        wanted.addAll(found("(WITH_[A-Z0-9]+)", configuration.replace("WITH_FEATURE", "")));
        wanted.removeAll(found("`([A-Za-z0-9_.]+)`", page));
        assertThat(wanted).as("names that the page lacks").isEmpty();
        Set<String> blocks = found("(?m)^(route\\[[A-Z]+\\])", configuration);
        assertThat(page).contains(blocks);
    }
}
