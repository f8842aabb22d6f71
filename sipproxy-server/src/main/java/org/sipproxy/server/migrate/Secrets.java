package org.sipproxy.server.migrate;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Keeps passwords of a configuration out of what the import prints. */
final class Secrets {

    static final String MASK = "***";

    private static final Pattern URL = Pattern.compile("(://[^:@/\\s]{0,200}):[^@\\s]{0,200}@");
    private static final List<String> ENDINGS = List.of("password", "passwd", "secret", "token_key", "_pw");

    private Secrets() {}

    /** Returns the value of a parameter with passwords masked. */
    static String masked(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(lower::endsWith)
                ? MASK
                : URL.matcher(value).replaceAll("$1:" + MASK + "@");
    }

    /** Returns true if the strings of a statement may be passwords. */
    static boolean mayBeIn(List<Token> words) {
        return words.stream()
                .map(word -> word.text().toLowerCase(Locale.ROOT))
                .anyMatch(text -> text.contains("passw")
                        || text.contains("secret")
                        || text.startsWith("pv_") && text.contains("auth")
                        || text.startsWith("$au"));
    }
}
