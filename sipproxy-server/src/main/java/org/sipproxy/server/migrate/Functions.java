package org.sipproxy.server.migrate;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Nearest equivalents of the functions of route blocks. */
final class Functions {

    private static final int MOST = 3;

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

    /** Returns what to use instead of the functions of a statement. */
    String instead(Statement statement) {
        Set<String> found = new LinkedHashSet<>();
        for (Token token : statement.tokens()) {
            String name = token.kind() == Token.Kind.VARIABLE ? variable(token.text()) : token.text();
            String equivalent = equivalents.get(name);
            if (equivalent != null && found.size() < MOST) {
                found.add(name + ": " + equivalent);
            }
        }
        return found.isEmpty() ? "write it as a stage (RequestStage)" : String.join("; ", found);
    }

    private static String variable(String text) {
        int parenthesis = text.indexOf('(');
        return parenthesis > 1 ? text.substring(0, parenthesis) : text;
    }
}
