package org.sipproxy.samples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Texts that the sources log at WARN and ERROR, and texts of the problems of options. A value is {@code …} in them; a
 * text that consists of values only is omitted.
 */
final class MessageTexts {

    private static final Pattern LOGGED = Pattern.compile("\\b(?!Finding\\b|RpcMessages\\b)\\w+\\.(?:warn|error)\\(");
    private static final Pattern PROBLEM = Pattern.compile("\\b(?:problems|found)\\.add\\(|\\b(problem|Unusable)\\(");
    private static final Pattern SQL_STATE =
            Pattern.compile("case ((?:\"\\w{5}\"(?:, )?)+)\\s*->(.*?);\\R", Pattern.DOTALL);
    private static final Pattern COMMENT = Pattern.compile("(?s:/\\*.*?\\*/)|(?m:^\\s*//.*$)");
    private static final Pattern VALUES = Pattern.compile("…(?:\\s*…)+");

    private MessageTexts() {}

    /** Returns the texts of log lines in the sources of a module, which is a folder beside this one. */
    static Set<String> logged(String module) {
        Set<String> texts = new TreeSet<>();
        for (Path file : sources(module)) {
            String code = code(file);
            Matcher call = LOGGED.matcher(code);
            while (call.find()) {
                for (String argument : arguments(code, call.end())) {
                    if (argument.contains("\"")) {
                        add(texts, text(argument).replaceAll(" ?\\(… more since the last such line\\)", ""));
                        break;
                    }
                }
            }
        }
        return texts;
    }

    /**
     * Returns a row {@code | option | reason | remedy |} for each problem of an option of a builder; the option is … if
     * several have the problem. Of files and
     * listening points the option is in their section of the page, so that the row is {@code | reason | remedy |}.
     */
    static Set<String> problems(String module) {
        Set<String> rows = new TreeSet<>();
        for (Path file : sources(module)) {
            String code = code(file);
            Matcher call = PROBLEM.matcher(code);
            while (call.find()) {
                List<String> arguments = arguments(code, call.end());
                boolean isBuilder = call.group(1) == null;
                int reason = isBuilder ? 2 : Math.max(0, arguments.size() - 2);
                if (reason < arguments.size()) {
                    String text = withoutBraces(arguments.get(reason));
                    String remedy = reason + 1 < arguments.size() ? withoutBraces(arguments.get(reason + 1)) : "";
                    String option = arguments.get(0).matches("\"\\w+\"") ? "`" + text(arguments.get(0)) + "`" : "…";
                    if (text.matches(".*\\w.*")) {
                        rows.add((isBuilder ? "| " + option + " " : "") + "| " + text + " | " + remedy + " |");
                    }
                }
            }
        }
        return rows;
    }

    /** Returns a row {@code | SQLSTATE | remedy |} for each remedy in a source. */
    static Set<String> remedies(String source) {
        Set<String> rows = new TreeSet<>();
        Matcher entry = SQL_STATE.matcher(code(Path.of("..", source)));
        while (entry.find()) {
            rows.add("| " + entry.group(1).replace('"', '`') + " | " + text(entry.group(2)) + " |");
        }
        return rows;
    }

    private static String withoutBraces(String expression) {
        return text(expression).replaceAll("[{}]", "");
    }

    private static void add(Set<String> texts, String text) {
        if (text.matches(".*\\w.*")) {
            texts.add(text);
        }
    }

    private static List<Path> sources(String module) {
        Path folder = Path.of("..", module, "src/main/java");
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String code(Path file) {
        try {
            return COMMENT.matcher(Files.readString(file)).replaceAll("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the arguments of a call, from the position behind its opening parenthesis. */
    private static List<String> arguments(String code, int from) {
        List<String> arguments = new ArrayList<>();
        StringBuilder argument = new StringBuilder();
        int depth = 1;
        for (int i = from; depth > 0; i++) {
            char c = code.charAt(i);
            if (c == '"') {
                int end = endOfLiteral(code, i);
                argument.append(code, i, end);
                i = end - 1;
                continue;
            }
            if (c == '\'') {
                int end = code.indexOf('\'', code.charAt(i + 1) == '\\' ? i + 3 : i + 2) + 1;
                argument.append(code, i, end);
                i = end - 1;
                continue;
            }
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            if (depth == 0 || (depth == 1 && c == ',')) {
                arguments.add(resolved(code, argument.toString().strip()));
                argument.setLength(0);
            } else {
                argument.append(c);
            }
        }
        return arguments;
    }

    /** Returns the value of a constant of the same file; any other expression as it is. */
    private static String resolved(String code, String expression) {
        if (expression.matches("[A-Z_]+")) {
            Matcher constant = Pattern.compile("(?s)static final String " + expression + "\\s*=\\s*(\".*?);\\R")
                    .matcher(code);
            return constant.find() ? constant.group(1) : expression;
        }
        return expression;
    }

    private static int endOfLiteral(String code, int from) {
        int at = from + 1;
        while (code.charAt(at) != '"') {
            at += code.charAt(at) == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    /**
     * Returns the text of an expression: its literals, with … for what is between them, and "or" between those of
     * {@code condition ? a : b}.
     */
    private static String text(String expression) {
        StringBuilder text = new StringBuilder();
        StringBuilder code = new StringBuilder();
        int calls = 0; // literals in the parentheses of a call are part of a value
        Deque<Boolean> parentheses = new ArrayDeque<>();
        for (int i = 0; i < expression.length(); i++) {
            char c = expression.charAt(i);
            if (c == '"') {
                int end = endOfLiteral(expression, i);
                if (expression.equals("\"\"")) {
                    return "";
                }
                if (calls == 0 && end - i > 2) {
                    text.append(between(code.toString()))
                            .append(expression
                                    .substring(i + 1, end - 1)
                                    .replace("\\\"", "\"")
                                    .replace("\\\\", "\\"));
                    code.setLength(0);
                } else {
                    code.append('"');
                }
                i = end - 1;
                continue;
            }
            if (c == '(') {
                boolean isCall = code.length() > 0 && Character.isJavaIdentifierPart(code.charAt(code.length() - 1));
                parentheses.push(isCall);
                calls += isCall ? 1 : 0;
            } else if (c == ')' && !parentheses.isEmpty() && parentheses.pop()) {
                calls--;
            }
            if (c != '+' && !Character.isWhitespace(c)) {
                code.append(c);
            }
        }
        String all = (text + between(code.toString())).replace("{}", "…");
        return VALUES.matcher(all.startsWith(" ") ? "…" + all : all)
                .replaceAll("…")
                .replace("|", "\\|")
                .strip();
    }

    private static String between(String code) {
        return code.isEmpty() || code.endsWith("?") || code.equals(")") ? "" : code.equals(":") ? " or " : "…";
    }
}
