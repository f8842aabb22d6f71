package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads the words of a script into a {@link Script}. It does not stop at the first error: it reports up to 20, each
 * with file and line.
 */
final class Parser {

    private static final int MOST_PROBLEMS = 20;
    private static final int DEEPEST = 400;
    private static final Set<String> BLOCKS = Set.of(
            "route",
            "request_route",
            "reply_route",
            "onreply_route",
            "failure_route",
            "branch_route",
            "event_route",
            "onsend_route");
    private static final Set<String> CONTINUING = Set.of("advertise", "name", "desc", "description");

    private final List<Token> tokens;
    private final Script script = new Script();
    private final List<String> problems = new ArrayList<>();
    private int at;

    private Parser(List<Token> tokens) {
        this.tokens = tokens;
    }

    /**
     * Parses a script.
     *
     * @throws ImportException if it has errors
     */
    static Script parse(List<Token> tokens) {
        Parser parser = new Parser(tokens);
        parser.readAll();
        if (!parser.problems.isEmpty()) {
            throw new ImportException(parser.problems);
        }
        return parser.script;
    }

    private void readAll() {
        while (at < tokens.size() && problems.size() < MOST_PROBLEMS) {
            int start = at;
            try {
                readOne();
            } catch (ImportException e) {
                problems.addAll(e.problems());
                int line = tokens.get(Math.min(at, tokens.size() - 1)).place().line();
                at = Math.max(at, start + 1);
                while (at < tokens.size() && tokens.get(at).place().line() == line) {
                    at++;
                }
            }
        }
    }

    private void readOne() {
        Token token = tokens.get(at);
        if (token.isMark(";")) {
            at++;
        } else if (token.kind() != Token.Kind.WORD) {
            throw new ImportException(token.place(), "\"" + token.text() + "\" is not the start of a statement");
        } else if (BLOCKS.contains(token.text()) && (isMark(at + 1, "{") || isMark(at + 1, "["))) {
            readBlock();
        } else if (token.text().startsWith("loadmodule")) {
            at++;
            String name = moduleName(readArguments(token).get(0));
            script.modules.add(new Script.Module(name, token.place()));
        } else if (token.text().startsWith("modparam")) {
            at++;
            readModuleParameter(token);
        } else if (isMark(at + 1, "=")) {
            readParameter();
        } else if (isString(at + 1) && Set.of("loadpath", "mpath").contains(token.text())) {
            at += 2;
        } else {
            throw new ImportException(
                    token.place(),
                    "\"" + token.text() + "\" is not a parameter (NAME=VALUE), loadmodule, modparam or route block");
        }
    }

    private boolean isMark(int index, String mark) {
        return index < tokens.size() && tokens.get(index).isMark(mark);
    }

    private boolean isString(int index) {
        return index < tokens.size() && tokens.get(index).isString();
    }

    private static String moduleName(String text) {
        String last = text.substring(text.lastIndexOf('/') + 1);
        return last.endsWith(".so") ? last.substring(0, last.length() - 3) : last;
    }

    // ---- parameters

    /** Reads {@code ("a", "b", value)} or a single string. */
    private List<String> readArguments(Token of) {
        if (isString(at)) {
            return List.of(tokens.get(at++).text());
        }
        if (!isMark(at, "(")) {
            throw new ImportException(of.place(), of.text() + " has no value in quotation marks");
        }
        List<String> arguments = new ArrayList<>();
        StringBuilder argument = new StringBuilder();
        for (at++; at < tokens.size(); at++) {
            Token token = tokens.get(at);
            if (token.isMark(")")) {
                at++;
                arguments.add(argument.toString());
                return arguments;
            }
            if (token.isMark(",")) {
                arguments.add(argument.toString());
                argument.setLength(0);
            } else if (token.isMark("{") || token.isMark("}") || token.isMark(";")) {
                break;
            } else {
                argument.append(token.text());
            }
        }
        throw new ImportException(of.place(), of.text() + " has no closing parenthesis");
    }

    private void readModuleParameter(Token start) {
        List<String> arguments = readArguments(start);
        if (arguments.size() != 3) {
            throw new ImportException(
                    start.place(),
                    start.text() + " has " + arguments.size() + " values (expected module, name, value)");
        }
        for (String module : arguments.get(0).split("\\|", -1)) {
            script.moduleParameters.add(
                    new Script.ModuleParameter(module.strip(), arguments.get(1), arguments.get(2), start.place()));
        }
    }

    /** Reads {@code name=value}, where the value ends with the line, or with a semicolon. */
    private void readParameter() {
        Token name = tokens.get(at);
        at += 2;
        List<Token> value = new ArrayList<>();
        if (isMark(at, "{")) {
            readBraces(name, value);
        } else {
            if (at < tokens.size() && !isParameterName(at)) {
                value.add(tokens.get(at++));
            }
            while (at < tokens.size() && continuesValue(value)) {
                value.add(tokens.get(at++));
            }
        }
        if (value.isEmpty()) {
            throw new ImportException(name.place(), name.text() + " has no value");
        }
        script.parameters.add(new Script.Parameter(name.text().toLowerCase(Locale.ROOT), value, name.place()));
    }

    private boolean isParameterName(int index) {
        return isMark(index + 1, "=");
    }

    private boolean continuesValue(List<Token> value) {
        Token next = tokens.get(at);
        Token last = value.isEmpty() ? next : value.get(value.size() - 1);
        boolean isSameLine = next.place().equals(last.place());
        return !next.isMark(";")
                && !isParameterName(at)
                && (isSameLine || CONTINUING.contains(next.text()) || next.isString() && last.isString());
    }

    private void readBraces(Token name, List<Token> value) {
        int open = 0;
        while (at < tokens.size()) {
            Token token = tokens.get(at++);
            value.add(token);
            open += token.isMark("{") ? 1 : token.isMark("}") ? -1 : 0;
            if (open == 0) {
                return;
            }
        }
        throw new ImportException(name.place(), name.text() + " has no closing brace");
    }

    // ---- route blocks

    private void readBlock() {
        Token keyword = tokens.get(at++);
        String name = keyword.text().equals("route") ? "request_route" : keyword.text();
        if (isMark(at, "[")) {
            StringBuilder text = new StringBuilder(keyword.text()).append('[');
            for (at++; at < tokens.size() && !isMark(at, "]") && !isMark(at, "{"); at++) {
                text.append(tokens.get(at).text());
            }
            if (!isMark(at, "]")) {
                throw new ImportException(keyword.place(), "the name of the block has no closing bracket");
            }
            at++;
            name = text.append(']').toString();
        }
        if (!isMark(at, "{")) {
            throw new ImportException(keyword.place(), name + " has no block in braces");
        }
        at++;
        List<Statement> statements = new ArrayList<>();
        while (at < tokens.size() && !isMark(at, "}")) {
            int start = at;
            skipStatement(0);
            statements.add(new Statement(List.copyOf(tokens.subList(start, at))));
        }
        if (at >= tokens.size()) {
            throw new ImportException(keyword.place(), "the block " + name + " has no closing brace");
        }
        int last = tokens.get(at++).place().line();
        script.blocks.add(new Script.Block(name, statements, keyword.place(), last));
    }

    /**
     * Moves behind one statement: {@code if} with its {@code else}, a loop, a block in braces, or up to a semicolon.
     */
    private void skipStatement(int depth) {
        if (depth > DEEPEST) {
            throw new ImportException(tokens.get(at).place(), "statements are nested more than " + DEEPEST + " deep");
        }
        Token token = tokens.get(at);
        if (token.isMark("{")) {
            skipBalanced("{", "}");
        } else if (token.isWord("if")) {
            at++;
            skipCondition(token);
            skipInner(token, depth);
            if (at < tokens.size() && tokens.get(at).isWord("else")) {
                at++;
                skipInner(token, depth);
            }
        } else if (token.isWord("while") || token.isWord("switch")) {
            at++;
            skipCondition(token);
            skipInner(token, depth);
        } else {
            skipSimple();
        }
    }

    private void skipInner(Token of, int depth) {
        if (at >= tokens.size()) {
            throw new ImportException(of.place(), "\"" + of.text() + "\" has no statement");
        }
        skipStatement(depth + 1);
    }

    private void skipCondition(Token of) {
        if (!isMark(at, "(")) {
            throw new ImportException(of.place(), "\"" + of.text() + "\" has no condition in parentheses");
        }
        skipBalanced("(", ")");
    }

    private void skipSimple() {
        Token first = tokens.get(at);
        while (at < tokens.size()) {
            Token token = tokens.get(at);
            if (token.isMark(";")) {
                at++;
                return;
            }
            if (token.isMark("{") || token.isMark("}")) {
                break;
            }
            at++;
        }
        throw new ImportException(first.place(), "the statement \"" + first.text() + "\" has no semicolon");
    }

    private void skipBalanced(String opening, String closing) {
        Token first = tokens.get(at);
        int open = 0;
        while (at < tokens.size()) {
            Token token = tokens.get(at++);
            open += token.isMark(opening) ? 1 : token.isMark(closing) ? -1 : 0;
            if (open == 0) {
                return;
            }
        }
        throw new ImportException(first.place(), "\"" + opening + "\" has no \"" + closing + "\"");
    }
}
