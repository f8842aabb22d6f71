package org.sipproxy.server.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Options in a file. Each line is the name of an option of {@code run} without dashes, a blank, and its value; the
 * value is verbatim to the end of the line, without leading and trailing blanks. An option without a value is its name
 * alone. A line that begins with {@code #} is a comment: elsewhere {@code #} and quotation marks have no meaning.
 *
 * @param lines options in the order of the file
 * @param problems problems, with file and line
 */
public record ConfigFile(List<Line> lines, List<String> problems) {

    /** Name of the option that names the file. */
    public static final String OPTION = "--config";

    /**
     * Option in a file.
     *
     * @param option option of {@code run}
     * @param value empty for an option without a value
     * @param place file and line, such as {@code sipproxy.conf:3}
     */
    public record Line(OptionSpec option, String value, String place) {

        /** Returns the argument with the same meaning on the command line. */
        String argument() {
            return option.longestName() + (takesValue(option) ? "=" + value : "");
        }
    }

    /**
     * Reads a file.
     *
     * @param run the command whose options may be in the file
     */
    public static ConfigFile read(String name, CommandLine run) {
        List<String> texts;
        try {
            Path path = Path.of(name);
            if (Files.isDirectory(path)) {
                return unreadable(name, "is a directory");
            }
            texts = Files.readAllLines(path, StandardCharsets.UTF_8);
        } catch (NoSuchFileException | InvalidPathException e) {
            return unreadable(name, "does not exist");
        } catch (AccessDeniedException e) {
            return unreadable(name, "is not readable by this user; change its permissions");
        } catch (CharacterCodingException e) {
            return unreadable(name, "is not UTF-8");
        } catch (IOException e) {
            return unreadable(name, "cannot be read: " + e);
        }
        return parse(name, texts, run);
    }

    private static ConfigFile unreadable(String name, String why) {
        return new ConfigFile(List.of(), List.of(OPTION + ": " + name + " " + why));
    }

    /** Parses the lines of a file. */
    static ConfigFile parse(String name, List<String> texts, CommandLine run) {
        List<Line> lines = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Map<OptionSpec, String> given = new HashMap<>();
        for (int i = 0; i < texts.size(); i++) {
            String text = (i == 0 ? withoutByteOrderMark(texts.get(i)) : texts.get(i)).strip();
            if (text.isEmpty() || text.charAt(0) == '#') {
                continue;
            }
            String place = name + ":" + (i + 1);
            try {
                Line line = line(text, place, run);
                String first = given.putIfAbsent(line.option(), place);
                if (first != null && !line.option().isMultiValue()) {
                    throw new IllegalArgumentException(bareName(line.option()) + " is given twice, first in " + first
                            + "; remove one of the lines");
                }
                lines.add(line);
            } catch (IllegalArgumentException e) {
                problems.add(place + ": " + e.getMessage());
            }
        }
        return new ConfigFile(List.copyOf(lines), List.copyOf(problems));
    }

    private static String withoutByteOrderMark(String line) {
        return line.startsWith("\ufeff") ? line.substring(1) : line;
    }

    private static Line line(String text, String place, CommandLine run) {
        String[] parts = text.split("\\s+", 2);
        OptionSpec option = option(parts[0], run);
        String value = parts.length < 2 ? "" : parts[1];
        if (takesValue(option) && value.isEmpty()) {
            throw new IllegalArgumentException(
                    parts[0] + " has no value; write it as " + parts[0] + " " + option.paramLabel());
        }
        if (!takesValue(option) && !value.isEmpty()) {
            throw new IllegalArgumentException(
                    parts[0] + " takes no value; write its name alone, or remove the line to switch it off");
        }
        if (option.typeInfo().isEnum()) {
            checkConstant(option, value);
        }
        return new Line(option, value, place);
    }

    private static void checkConstant(OptionSpec option, String value) {
        List<String> constants = option.typeInfo().getEnumConstantNames();
        if (constants.stream().noneMatch(value::equalsIgnoreCase)) {
            throw new IllegalArgumentException(bareName(option) + ": \"" + value + "\" (expected "
                    + String.join(", ", constants.subList(0, constants.size() - 1)) + " or "
                    + constants.get(constants.size() - 1) + ")");
        }
    }

    private static OptionSpec option(String name, CommandLine run) {
        OptionSpec option = run.getCommandSpec().optionsMap().get("--" + name);
        if (option != null && isAllowed(option)) {
            return option;
        }
        if (name.startsWith("-")) {
            throw new IllegalArgumentException("names of options are without dashes in a file; write "
                    + bare(withoutValue(name)) + " and a blank before its value");
        }
        OptionSpec beforeEquals =
                name.contains("=") ? run.getCommandSpec().optionsMap().get("--" + withoutValue(name)) : null;
        if (beforeEquals != null && isAllowed(beforeEquals)) {
            throw new IllegalArgumentException("write a blank instead of = after " + withoutValue(name));
        }
        if (("--" + name).equals(OPTION)) {
            throw new IllegalArgumentException("a file cannot name another one; remove the line");
        }
        List<String> meant = new UnmatchedArgumentException(run, List.of("--" + withoutValue(name)))
                .getSuggestions().stream()
                        .filter(text -> text.startsWith("--"))
                        .map(ConfigFile::bare)
                        .toList();
        throw new IllegalArgumentException("unknown option: " + withoutValue(name)
                + (meant.isEmpty() ? "" : "; did you mean " + String.join(" or ", meant) + "?"));
    }

    /** Returns the text before {@code =}: the rest may be a password. */
    private static String withoutValue(String text) {
        return text.split("=", 2)[0];
    }

    private static String bare(String name) {
        return name.replaceFirst("^--?", "");
    }

    /** Returns the name of an option in a file. */
    static String bareName(OptionSpec option) {
        return bare(option.longestName());
    }

    /** Returns true if an option may be in a file. */
    static boolean isAllowed(OptionSpec option) {
        return !option.usageHelp()
                && !option.versionHelp()
                && !option.longestName().equals(OPTION);
    }

    /** Returns true if an option has a value. */
    static boolean takesValue(OptionSpec option) {
        return option.arity().max() > 0;
    }
}
