package org.sipproxy.server.migrate;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Nearest equivalents of the functions of route blocks. */
final class Functions {

    private static final int MOST = 3;

    /** What is in front of a function that a block calls, rather than a condition. */
    private static final Set<String> BEFORE_CALL = Set.of("{", "}", ";");

    private final Map<String, String> equivalents = new LinkedHashMap<>();

    Functions() {
        for (String row : Resource.rows("functions.txt")) {
            List<String> columns = Resource.columns(row);
            for (String name : columns.get(0).split(" ", -1)) {
                equivalents.put(name, columns.get(1));
            }
        }
    }

    /** Returns the known functions and variables. */
    Set<String> names() {
        return equivalents.keySet();
    }

    /** Returns what to use instead of the functions of a statement: first of its calls, then of what it tests. */
    String instead(Statement statement) {
        List<Token> tokens = statement.tokens();
        Set<String> calls = new LinkedHashSet<>();
        Set<String> all = new LinkedHashSet<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            String name = token.kind() == Token.Kind.VARIABLE ? variable(token.text()) : token.text();
            String equivalent = equivalents.get(name);
            if (equivalent != null) {
                all.add(name + ": " + equivalent);
                if (i == 0 || BEFORE_CALL.contains(tokens.get(i - 1).text())) {
                    calls.add(name + ": " + equivalent);
                }
            }
        }
        calls.addAll(all);
        return calls.isEmpty()
                ? "write it as a stage (RequestStage)"
                : calls.stream().limit(MOST).collect(Collectors.joining("; "));
    }

    private static String variable(String text) {
        int parenthesis = text.indexOf('(');
        return parenthesis > 1 ? text.substring(0, parenthesis) : text;
    }
}
