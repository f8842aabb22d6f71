package org.sipproxy.server.config;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The commented example of a configuration file, generated from the definitions of the options. Every option has a line
 * with its default, which is a comment: {@code #} directly before a name can be removed, {@code #} and a blank begin an
 * explanation.
 */
public final class ConfigExample {

    private static final List<String> HEAD = List.of(
            "# Configuration of sipproxy, for run --config FILE.",
            "# Each line is an option of run without dashes, a blank, and its value to the end of the line.",
            "# A line that begins with # is a comment. Lines such as \"#listen …\" show an option with its default,",
            "# or with the form of its value: remove the # to set it. An option that may be repeated has a line for",
            "# each value. Keep passwords in files that only the user of the server can read.",
            "# check --config FILE reports every mistake with its line.");

    private ConfigExample() {}

    /** Returns the lines of the example for the options of {@code run}. */
    public static List<String> lines(CommandLine run) {
        List<String> lines = new ArrayList<>(HEAD);
        String latest = "";
        for (OptionSpec option : run.getCommandSpec().options()) {
            if (ConfigFile.isAllowed(option)) {
                String section = section(option).orElse(latest);
                if (!section.equals(latest)) {
                    lines.add("");
                    lines.add("# ---- " + section);
                    latest = section;
                }
                lines.add("");
                addOption(option, lines);
            }
        }
        return lines;
    }

    /** Returns the section of an option; empty if its class has none. */
    static Optional<String> section(OptionSpec option) {
        return option.userObject() instanceof Field field
                ? Optional.ofNullable(field.getDeclaringClass().getAnnotation(Section.class))
                        .map(Section::value)
                : Optional.empty();
    }

    private static void addOption(OptionSpec option, List<String> lines) {
        String text = String.join(" ", option.description())
                .replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValue()))
                .replace("${COMPLETION-CANDIDATES}", candidates(option));
        wrap(text, lines);
        String value = option.defaultValue() == null ? option.paramLabel() : option.defaultValue();
        lines.add("#" + ConfigFile.bareName(option) + (ConfigFile.takesValue(option) ? " " + value : ""));
    }

    private static String candidates(OptionSpec option) {
        List<String> candidates = new ArrayList<>();
        if (option.completionCandidates() != null) {
            option.completionCandidates().forEach(candidates::add);
        }
        return String.join(", ", candidates);
    }

    private static void wrap(String text, List<String> lines) {
        StringBuilder line = new StringBuilder("#");
        for (String word : text.split("\\s+", -1)) {
            if (line.length() + word.length() > 100) {
                lines.add(line.toString());
                line = new StringBuilder("#");
            }
            line.append(' ').append(word);
        }
        lines.add(line.toString());
    }
}
