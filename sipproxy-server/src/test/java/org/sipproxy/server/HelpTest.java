package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Help of all commands on terminals of different widths. */
class HelpTest {

    /** Indent of the texts of options, at least. */
    private static final int LEAST_COLUMN = 12;

    private static Stream<CommandLine> commands() {
        return below(Launcher.commands());
    }

    private static Stream<CommandLine> below(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(HelpTest::below));
    }

    private static String help(CommandLine command, int width) {
        return command.setUsageHelpWidth(width).getUsageMessage(CommandLine.Help.Ansi.OFF);
    }

    @Test
    void summaryOfEachCommandIsASentence() {
        assertThat(commands())
                .allSatisfy(command -> assertThat(
                                command.getCommandSpec().usageMessage().description()[0])
                        .as(command.getCommandSpec().qualifiedName())
                        .endsWith(".")
                        .doesNotContain(". "));
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 100, 132})
    void linesAreFilled(int width) {
        List<String> ragged = new ArrayList<>();
        commands().filter(command -> !command.getCommandName().equals("help")).forEach(command -> {
            String help = help(command, width);
            int examples = help.indexOf("\nExamples:");
            List<String> lines = (examples < 0 ? help : help.substring(0, examples))
                    .lines()
                    .dropWhile(line -> !line.isEmpty()) // the synopsis
                    .toList();
            for (int i = 1; i < lines.size(); i++) {
                if (isRagged(lines.get(i - 1), lines.get(i), width)) {
                    ragged.add(command.getCommandName() + ": " + lines.get(i - 1) + "\n" + lines.get(i));
                }
            }
        });
        assertThat(ragged).isEmpty();
    }

    /** Returns true if a line ends in mid-sentence although the first word of the next one would have fitted. */
    private static boolean isRagged(String line, String next, int width) {
        int column = indent(next);
        boolean isTable = column > LEAST_COLUMN;
        boolean goesOn = !line.isBlank()
                && !next.isBlank()
                && !line.endsWith(".")
                && !next.stripLeading().startsWith("-")
                && (isTable ? hasText(line) && line.length() >= column : indent(line) == column);
        String word = next.strip().split(" ", 2)[0];
        return goesOn && line.length() + 1 + word.length() < width - 2;
    }

    /** Returns false for a line that has only the names of an option. */
    private static boolean hasText(String line) {
        return !line.matches(" *(-\\w, )?--\\S+");
    }

    private static int indent(String line) {
        return line.length() - line.stripLeading().length();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyTextOfTheSourcesIsShown(CommandLine command) {
        String shown = withoutBlanks(help(command, 80)); // lines break also behind hyphens

        assertThat(command.getCommandSpec().options())
                .filteredOn(option -> !option.hidden())
                .allMatch(option -> shown.contains(option.longestName())
                        && shown.contains(withoutBlanks(String.format(String.join(" ", option.description())))));
    }

    private static String withoutBlanks(String text) {
        return text.replaceAll("\\s+", "");
    }
}
