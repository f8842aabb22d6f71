package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Frequent statements of hand-written route blocks, compared word by word. */
final class Idioms {

    private static final Set<String> REPLIES = Set.of("sl_send_reply", "send_reply", "t_reply");

    private record Idiom(List<Token> pattern, Meaning meaning) {}

    private final List<Idiom> all = new ArrayList<>();

    Idioms() {
        for (String row : Resource.rows("idioms.txt")) {
            List<String> columns = Resource.columns(row);
            all.add(new Idiom(Lexer.words(columns.get(3)), Meaning.of(columns.get(0), columns.get(1), columns.get(2))));
        }
    }

    /** Returns what a statement does; empty if it is not one of these. */
    Optional<Meaning> meaning(Statement statement) {
        List<Token> words = statement.effective();
        return all.stream()
                .filter(idiom -> matches(idiom.pattern(), words))
                .map(Idiom::meaning)
                .findFirst();
    }

    private static boolean matches(List<Token> pattern, List<Token> words) {
        if (pattern.size() != words.size()) {
            return false;
        }
        for (int i = 0; i < pattern.size(); i++) {
            Token expected = pattern.get(i);
            Token word = words.get(i);
            boolean isAny = expected.isWord("ANY") && word.kind() != Token.Kind.MARK;
            boolean isReply = expected.isWord("send_reply") && REPLIES.contains(word.text());
            if (!isAny && !isReply && !expected.identity().equals(word.identity())) {
                return false;
            }
        }
        return true;
    }
}
