package org.sipproxy.server.migrate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Splits a script into words as Kamailio's lexer does: comments are dropped, directives are obeyed, defined names are
 * replaced, and included files are read in place. Every loop is bounded by the length of the input; nesting and the
 * number of words have limits.
 */
final class Lexer {

    private static final int MOST_TOKENS = 200_000;
    private static final int DEEPEST_FILE = 10;
    private static final int DEEPEST_DEFINE = 16;
    private static final int MOST_EXPANSIONS = 100_000;
    private static final Set<String> OPERATORS =
            Set.of("==", "!=", "=~", "!~", "&&", "||", "<=", ">=", "=>", "+=", ":=", "<<", ">>");

    private final SourceFiles files;
    private final Defines defines;
    private final Directives directives;
    private final List<Token> tokens = new ArrayList<>();

    private String text = "";
    private String file = "";
    private int at;
    private int line;
    private int depth;
    private int expansions;

    Lexer(SourceFiles files, Defines defines, Remarks remarks) {
        this.files = files;
        this.defines = defines;
        this.directives = new Directives(defines, remarks);
    }

    /** Returns the words of a file and of the files that it includes. */
    List<Token> read(Path path, String name) {
        include(path, name, new Place(name, 0));
        directives.finish();
        return tokens;
    }

    /** Returns the words of a text without directives. */
    static List<Token> words(String text) {
        Lexer lexer = new Lexer(new SourceFiles(Path.of("")), new Defines(), new Remarks());
        lexer.text = text;
        lexer.line = 1;
        lexer.scan(0);
        return lexer.tokens;
    }

    private void include(Path path, String name, Place from) {
        if (depth >= DEEPEST_FILE) {
            throw new ImportException(from, "files include each other more than " + DEEPEST_FILE + " deep");
        }
        String outerText = text;
        String outerFile = file;
        int outerAt = at;
        int outerLine = line;
        text = files.read(path, from);
        file = name;
        at = 0;
        line = 1;
        depth++;
        scan(0);
        depth--;
        text = outerText;
        file = outerFile;
        at = outerAt;
        line = outerLine;
    }

    private Place here() {
        return new Place(file, line);
    }

    private void scan(int nested) {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (directives.isSkipping() || startsDirective()) {
                readLine(nested);
            } else if (c == '\n') {
                line++;
                at++;
            } else if (c <= ' ') {
                at++;
            } else if (c == '#' || text.startsWith("//", at)) {
                at = endOfLine();
            } else if (text.startsWith("/*", at)) {
                skipBlockComment();
            } else if (c == '"' || c == '\'') {
                add(Token.Kind.STRING, defines.replacedIn(readString(c)), new Place(file, line));
            } else if (c == '$') {
                readVariable();
            } else if (isWordPart(c)) {
                readWord(nested);
            } else {
                readMark();
            }
        }
    }

    private boolean startsDirective() {
        return (text.startsWith("#!", at) || text.startsWith("!!", at)) && isFirstOfLine();
    }

    private boolean isFirstOfLine() {
        for (int i = at - 1; i >= 0 && text.charAt(i) != '\n'; i--) {
            if (text.charAt(i) > ' ') {
                return false;
            }
        }
        return true;
    }

    private int endOfLine() {
        int end = text.indexOf('\n', at);
        return end < 0 ? text.length() : end;
    }

    /** Reads a line that may be a directive. A backslash at its end continues it. */
    private void readLine(int nested) {
        Place place = here();
        int end = endOfLine();
        String whole = text.substring(at, end);
        at = end;
        String trimmed = whole.strip();
        if (!trimmed.startsWith("#!") && !trimmed.startsWith("!!")) {
            skipNewline();
            return;
        }
        StringBuilder directive = new StringBuilder(trimmed);
        while (directive.charAt(directive.length() - 1) == '\\' && at < text.length() && directive.length() > 2) {
            directive.setLength(directive.length() - 1);
            skipNewline();
            int next = endOfLine();
            directive.append(text.substring(at, next).strip());
            at = next;
        }
        directives.obey(directive.substring(2), place).ifPresent(included -> {
            if (nested > 0) {
                throw new ImportException(place, "a defined value cannot include a file");
            }
            includeNamed(included.name(), included.isOptional(), place);
        });
        skipNewline();
    }

    private void skipNewline() {
        if (at < text.length() && text.charAt(at) == '\n') {
            at++;
            line++;
        }
    }

    private void includeNamed(String name, boolean optional, Place place) {
        files.find(name).ifPresentOrElse(path -> include(path, name, place), () -> {
            if (!optional) {
                throw new ImportException(
                        place,
                        "the included file " + name + " does not exist; copy it to the directory of the configuration");
            }
        });
    }

    private void skipBlockComment() {
        Place start = here();
        int end = text.indexOf("*/", at + 2);
        if (end < 0) {
            throw new ImportException(start, "the comment that begins here has no */");
        }
        for (int i = at; i < end; i++) {
            if (text.charAt(i) == '\n') {
                line++;
            }
        }
        at = end + 2;
    }

    private String readString(char quote) {
        Place start = here();
        StringBuilder string = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == quote) {
                at++;
                return string.toString();
            }
            if (c == '\n') {
                line++;
            }
            if (c == '\\' && quote == '"' && at + 1 < text.length()) {
                at++;
                char escaped = text.charAt(at);
                switch (escaped) {
                    case 'n' -> string.append('\n');
                    case 'r' -> string.append('\r');
                    case 't' -> string.append('\t');
                    case '\\', '"' -> string.append(escaped);
                    default -> string.append('\\').append(escaped);
                }
            } else {
                string.append(c);
            }
        }
        throw new ImportException(start, "the string that begins here has no closing quotation mark");
    }

    private void readVariable() {
        int start = at;
        at++;
        if (at < text.length() && text.charAt(at) == '(') {
            skipParentheses(start);
        } else {
            while (at < text.length() && isNamePart(text.charAt(at))) {
                at++;
            }
            if (at < text.length() && text.charAt(at) == '(') {
                skipParentheses(start);
            }
        }
        add(Token.Kind.VARIABLE, text.substring(start, at), here());
    }

    private void skipParentheses(int start) {
        int open = 0;
        while (at < text.length() && text.charAt(at) != '\n') {
            char c = text.charAt(at++);
            if (c == '(') {
                open++;
            } else if (c == ')' && --open == 0) {
                return;
            }
        }
        throw new ImportException(
                here(), "the variable " + shortened(text.substring(start, at)) + " has no closing parenthesis");
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }

    private static boolean isNamePart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
    }

    private static boolean isWordPart(char c) {
        return isNamePart(c) || c == '.' || c == '-' || c > 127;
    }

    private void readWord(int nested) {
        int start = at;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        String word = text.substring(start, at);
        if (word.equals("include_file") || word.equals("import_file")) {
            includeAfter(word);
            return;
        }
        String value = defines.text(word).orElse(word);
        if (value.equals(word)) {
            add(Token.Kind.WORD, word, here());
        } else {
            expand(word, value, nested);
        }
    }

    private void includeAfter(String word) {
        Place place = here();
        while (at < text.length() && text.charAt(at) <= ' ' && text.charAt(at) != '\n') {
            at++;
        }
        if (at >= text.length() || text.charAt(at) != '"' && text.charAt(at) != '\'') {
            throw new ImportException(place, word + " has no file name in quotation marks");
        }
        includeNamed(readString(text.charAt(at)), word.startsWith("import"), place);
    }

    /** Reads the value of a defined name in the place of the name. */
    private void expand(String word, String value, int nested) {
        if (nested >= DEEPEST_DEFINE) {
            throw new ImportException(here(), word + " is defined by itself");
        }
        if (++expansions > MOST_EXPANSIONS) {
            throw new ImportException(here(), "defined names are used more than " + MOST_EXPANSIONS + " times");
        }
        String outer = text;
        int outerAt = at;
        int outerLine = line;
        text = value;
        at = 0;
        scan(nested + 1);
        text = outer;
        at = outerAt;
        line = outerLine;
    }

    private void readMark() {
        String two = at + 2 <= text.length() ? text.substring(at, at + 2) : "";
        String mark = OPERATORS.contains(two) ? two : text.substring(at, at + 1);
        add(Token.Kind.MARK, mark, here());
        at += mark.length();
    }

    private void add(Token.Kind kind, String content, Place place) {
        if (tokens.size() >= MOST_TOKENS) {
            throw new ImportException(place, "more than " + MOST_TOKENS + " words");
        }
        tokens.add(new Token(kind, content, place));
    }
}
