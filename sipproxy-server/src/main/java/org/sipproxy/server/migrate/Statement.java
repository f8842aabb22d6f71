package org.sipproxy.server.migrate;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** One statement of a route block, with everything inside it. */
record Statement(List<Token> tokens) {

    private static final int SHOWN = 70;
    private static final int HASH_BYTES = 6;
    private static final Set<String> LOGS =
            Set.of("xlog", "xdbg", "xinfo", "xnotice", "xwarn", "xerr", "xbug", "xcrit", "xalert", "xlogl", "log");

    Place place() {
        return tokens.get(0).place();
    }

    /** Returns true if the statement only writes a line to the log. */
    boolean isLog() {
        return LOGS.contains(tokens.get(0).text());
    }

    /** Returns the tokens without the log lines inside blocks. */
    List<Token> effective() {
        List<Token> kept = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token before = i == 0 ? tokens.get(0) : tokens.get(i - 1);
            boolean starts = before.isMark("{") || before.isMark("}") || before.isMark(";");
            if (i > 0 && starts && LOGS.contains(tokens.get(i).text())) {
                while (i < tokens.size() - 1 && !tokens.get(i).isMark(";")) {
                    i++;
                }
            } else {
                kept.add(tokens.get(i));
            }
        }
        return kept;
    }

    /** Returns a number that identifies the statement, whatever its spaces, comments, line breaks and log lines. */
    String fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Token token : effective()) {
                digest.update(token.identity().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest(), 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Returns the start of the statement for a message, on one line. */
    String shown() {
        StringBuilder text = new StringBuilder();
        boolean isMasked = Secrets.mayBeIn(tokens);
        for (Token token : tokens) {
            if (text.length() > SHOWN) {
                return text.substring(0, SHOWN) + " …";
            }
            boolean tight = text.isEmpty()
                    || token.isMark("(")
                    || token.isMark(")")
                    || token.isMark(";")
                    || token.isMark(",")
                    || text.charAt(text.length() - 1) == '('
                    || text.charAt(text.length() - 1) == '!';
            text.append(tight ? "" : " ")
                    .append(
                            isMasked && token.isString()
                                    ? Secrets.MASK
                                    : Secrets.masked("", token.identity()).replace('\n', ' '));
        }
        return text.toString();
    }

    /** Returns the names of the routes that the statement calls. */
    List<String> calls() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i + 2 < tokens.size(); i++) {
            String prefix = switch (tokens.get(i).text()) {
                case "route" -> "route";
                case "t_on_failure" -> "failure_route";
                case "t_on_reply" -> "onreply_route";
                case "t_on_branch" -> "branch_route";
                default -> "";
            };
            Token argument = tokens.get(i + 2);
            if (!prefix.isEmpty()
                    && tokens.get(i + 1).isMark("(")
                    && (argument.kind() == Token.Kind.WORD || argument.isString())) {
                names.add(prefix + '[' + argument.text() + ']');
            }
        }
        return names;
    }
}
