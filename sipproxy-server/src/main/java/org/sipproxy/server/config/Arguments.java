package org.sipproxy.server.config;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Command line together with the options of its configuration file. An option of the command line replaces that of the
 * file; one that may be repeated is added to those of the file, after them. A command takes from the file the options
 * that it shares with {@code run} and ignores the others.
 */
public final class Arguments {

    /** No arguments. */
    public static final Arguments NONE = new Arguments(List.of(), List.of(), List.of(), List.of(), Set.of());

    private static final Pattern PLACE = Pattern.compile(".*?:(\\d{1,9}): ");

    private final List<String> commandLine;
    private final List<String> texts;
    private final List<String> problems;
    /** Lines of the file that the command uses. */
    private final List<ConfigFile.Line> lines;
    /** Names of the options on the command line. */
    private final Set<String> given;

    private Arguments(
            List<String> commandLine,
            List<String> texts,
            List<String> problems,
            List<ConfigFile.Line> lines,
            Set<String> given) {
        this.commandLine = List.copyOf(commandLine);
        this.texts = List.copyOf(texts);
        this.problems = List.copyOf(problems);
        this.lines = List.copyOf(lines);
        this.given = Set.copyOf(given);
    }

    /**
     * Reads the configuration file that the arguments name, if any.
     *
     * @param launcher the program, with its commands
     */
    public static Arguments of(CommandLine launcher, String... args) {
        CommandLine command = launcher;
        int first = 0;
        CommandLine below = first < args.length ? command.getSubcommands().get(args[first]) : null;
        while (below != null) {
            command = below;
            first++;
            below = first < args.length ? command.getSubcommands().get(args[first]) : null;
        }
        List<String> own = List.of(args).subList(first, args.length);
        CommandLine run = launcher.getSubcommands().get("run");
        if (run == null || !command.getCommandSpec().optionsMap().containsKey(ConfigFile.OPTION)) {
            return new Arguments(List.of(args), List.of(args), List.of(), List.of(), Set.of());
        }
        Set<String> given = new HashSet<>();
        own.stream()
                .filter(text -> text.startsWith("-"))
                .map(text -> text.split("=", 2)[0])
                .forEach(given::add);
        List<ConfigFile.Line> lines = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Optional<String> file = file(own);
        if (file.isPresent()) {
            ConfigFile read = ConfigFile.read(file.get(), run);
            problems.addAll(read.problems());
            for (ConfigFile.Line line : read.lines()) {
                if (isShared(line.option(), command)
                        && (line.option().isMultiValue()
                                || !given.contains(line.option().longestName()))) {
                    lines.add(line);
                }
            }
        }
        List<String> texts = new ArrayList<>(List.of(args).subList(0, first));
        lines.forEach(line -> texts.add(line.argument()));
        texts.addAll(own);
        return new Arguments(List.of(args), texts, problems, lines, given);
    }

    /** Returns the file that the arguments of a command name. */
    private static Optional<String> file(List<String> own) {
        for (int i = 0; i < own.size(); i++) {
            if (own.get(i).startsWith(ConfigFile.OPTION + "=")) {
                return Optional.of(own.get(i).substring(ConfigFile.OPTION.length() + 1));
            }
            if (own.get(i).equals(ConfigFile.OPTION) && i + 1 < own.size()) {
                return Optional.of(own.get(i + 1));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns true if a command has an option of {@code run} with the same meaning: declared at the same place, or a
     * list in both.
     */
    private static boolean isShared(OptionSpec ofRun, CommandLine command) {
        OptionSpec own = command.getCommandSpec().optionsMap().get(ofRun.longestName());
        return own != null
                && (command.getCommandName().equals("run")
                        || command.getCommandName().equals("check")
                        || isSameField(own, ofRun)
                        || (own.isMultiValue() && ofRun.isMultiValue()));
    }

    private static boolean isSameField(OptionSpec one, OptionSpec other) {
        return one.userObject() instanceof Field field && field.equals(other.userObject());
    }

    /** Reads the file again, and returns the arguments with its current lines. */
    public Arguments again(CommandLine launcher) {
        return of(launcher, commandLine.toArray(new String[0]));
    }

    /** Returns all arguments, those of the file before those of the command line. */
    public String[] texts() {
        return texts.toArray(new String[0]);
    }

    /** Returns the arguments of the file only, for another command. */
    public String[] ofFile(String command) {
        return Stream.concat(Stream.of(command), lines.stream().map(ConfigFile.Line::argument))
                .toArray(String[]::new);
    }

    /** Returns the problems of the file: lines that cannot be read. */
    public List<String> problems() {
        return problems;
    }

    /**
     * Returns the problems of the file together with those of the values of its other lines, in the order of the lines.
     *
     * @param ofValues problems of values, as {@link #placed} returns them; those that are not of a line of the file are
     *     omitted, because a line that cannot be read may be their cause
     */
    public List<String> problemsWith(List<String> ofValues) {
        return Stream.concat(problems.stream(), ofValues.stream().filter(this::isPlaced))
                .sorted(Comparator.comparingInt(Arguments::lineNumber))
                .toList();
    }

    private boolean isPlaced(String problem) {
        return lines.stream().anyMatch(line -> problem.startsWith(line.place() + ": "));
    }

    /** Returns the number of the line that a problem begins with; 0 without one. */
    private static int lineNumber(String problem) {
        Matcher place = PLACE.matcher(problem);
        return place.lookingAt() ? Integer.parseInt(place.group(1)) : 0;
    }

    /** Returns true if the file has a value of an option. */
    public boolean isInFile(String option) {
        return lines.stream().anyMatch(line -> line.option().longestName().equals(option));
    }

    /**
     * Puts file and line before a problem of an option in the file. Other problems are returned as they are.
     *
     * @param problem such as {@code --listen: "udp" (expected …)}
     */
    public String placed(String problem) {
        int colon = problem.indexOf(": ");
        String option = colon < 0 ? "" : problem.substring(0, colon);
        return placeOf(option, problem.substring(Math.max(colon, 0)))
                .map(place -> place + ": " + problem.replaceFirst("^--", ""))
                .orElse(problem);
    }

    /**
     * Returns file and line of an option: the line whose value is in {@code text}, the longest if one begins like another,
     * otherwise the only one.
     *
     * @param option name with its dashes
     */
    public Optional<String> placeOf(String option, String text) {
        List<ConfigFile.Line> named = lines.stream()
                .filter(line -> line.option().longestName().equals(option))
                .toList();
        Optional<ConfigFile.Line> quoted = named.stream()
                .filter(line -> !line.value().isEmpty() && text.contains(line.value()))
                .reduce((one, other) -> other.value().length() > one.value().length() ? other : one);
        return quoted.or(() ->
                        named.size() == 1 && !given.contains(option) ? Optional.of(named.get(0)) : Optional.empty())
                .map(ConfigFile.Line::place);
    }
}
