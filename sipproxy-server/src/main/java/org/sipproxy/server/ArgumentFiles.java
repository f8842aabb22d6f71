package org.sipproxy.server;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Expansion of {@code @FILE} arguments to the lines of the files. Each line is one argument, verbatim: a {@code #} or a
 * quotation mark in it has no meaning. A line that begins with {@code #} is a comment, a line that begins with {@code
 * @} names another file, and a leading {@code @@} means {@code @}.
 */
final class ArgumentFiles {

    /** Expanded command line, or the problems of its files. */
    record Arguments(List<Argument> all, List<String> problems) {

        String[] texts() {
            return all.stream().map(Argument::text).toArray(String[]::new);
        }

        /**
         * Returns file and line of the argument with this text, such as {@code proxy.args:3}; empty if it is not from a
         * file.
         */
        Optional<String> placeOf(String text) {
            return all.stream()
                    .filter(argument ->
                            argument.text().equals(text) && !argument.place().isEmpty())
                    .map(Argument::place)
                    .findFirst();
        }

        /** Returns file and line of an option with this name and value; empty if it is not from a file. */
        Optional<String> placeOf(String option, String value) {
            return placeOf(option + "=" + value).or(() -> placeOf(value));
        }
    }

    /**
     * Argument and its place.
     *
     * @param place file and line; empty for the command line
     */
    record Argument(String text, String place) {}

    private final List<Argument> all = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    /** Files that are being read, the outermost last. */
    private final Deque<Path> open = new ArrayDeque<>();

    private ArgumentFiles() {}

    static Arguments expand(String... args) {
        ArgumentFiles files = new ArgumentFiles();
        for (String argument : args) {
            files.add(argument, "");
        }
        return new Arguments(List.copyOf(files.all), List.copyOf(files.problems));
    }

    private void add(String argument, String place) {
        if (argument.startsWith("@@")) {
            all.add(new Argument(argument.substring(1), place));
        } else if (argument.length() > 1 && argument.charAt(0) == '@') {
            read(argument.substring(1), place);
        } else {
            all.add(new Argument(argument, place));
        }
    }

    private void read(String name, String place) {
        String where = place.isEmpty() ? "" : place + ": ";
        Path file;
        List<String> lines;
        try {
            file = Path.of(name).toAbsolutePath().normalize();
            if (open.contains(file)) {
                problems.add(where + "the argument file " + name + " names itself");
                return;
            }
            if (Files.isDirectory(file)) {
                problems.add(where + "the argument file " + name + " is a directory");
                return;
            }
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException | InvalidPathException e) {
            problems.add(where + "the argument file " + name + " does not exist");
            return;
        } catch (AccessDeniedException e) {
            problems.add(where + "the argument file " + name + " is not readable by this user; change its permissions");
            return;
        } catch (CharacterCodingException e) {
            problems.add(where + "the argument file " + name + " is not UTF-8");
            return;
        } catch (IOException e) {
            problems.add(where + "the argument file " + name + " cannot be read: " + e);
            return;
        }
        open.push(file);
        for (int i = 0; i < lines.size(); i++) {
            addLine(i == 0 ? withoutByteOrderMark(lines.get(i)) : lines.get(i), name + ":" + (i + 1));
        }
        open.pop();
    }

    private static String withoutByteOrderMark(String line) {
        return line.startsWith("\ufeff") ? line.substring(1) : line;
    }

    /** Adds one line of a file. Everything except its indentation is part of the argument. */
    private void addLine(String line, String place) {
        String argument = line.stripLeading();
        if (argument.matches("--?[A-Za-z][A-Za-z-]*\\s+")) {
            argument = argument.strip(); // trailing blanks after an option are not a value
        }
        if (argument.isEmpty() || argument.charAt(0) == '#') {
            return;
        }
        if (argument.charAt(0) == '"' || argument.charAt(0) == '\'') {
            problems.add(place + ": a line is one argument, without quotation marks around it; remove them");
        } else if (argument.matches("--?[A-Za-z][A-Za-z-]*\\s.*")) {
            String option = argument.split("\\s", 2)[0];
            problems.add(place + ": a line is one argument; write " + option + "=VALUE, or the value on the next line");
        } else {
            add(argument, place);
        }
    }
}
